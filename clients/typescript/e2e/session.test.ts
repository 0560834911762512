import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, type SessionState } from "../src/index.ts";
import { KINDS, opened } from "./kinds.ts";
import { enrolled, recorded, until } from "./people.ts";

for (const kind of KINDS) {
  test(`ten cold starts of ${kind.name} in a minute are one log-in and one session`, async () => {
    const { user_id, credentials } = await enrolled("小明");
    const before = await recorded("logged_in", user_id);
    const device = kind.device();
    const sessions = new Set<number>();
    for (let start = 0; start < 10; start += 1) {
      const client = opened(kind, device);
      const state = await client.start(async () => credentials);
      assert.equal(state.status, "live");
      if (state.status === "live") sessions.add(state.session.authentication_session_id);
      const me = await client.get("/api/v4/auth/me");
      assert.equal(me.user_id, user_id);
    }
    assert.equal(sessions.size, 1);
    assert.equal((await recorded("logged_in", user_id)) - before, 1);
    assert.equal(await recorded("session_ended", user_id), 0);
  });

  test(`a session of ${kind.name} that is replaced says so and waits`, async () => {
    const { user_id, credentials } = await enrolled("小红");
    const before = await recorded("logged_in", user_id);
    const first = opened(kind, kind.device());
    const told: SessionState[] = [];
    first.subscribe((state) => told.push(state));
    first.chat.open();
    await first.start(async () => credentials);
    await until(() => first.chat.state === "open", "an open socket");

    const second = opened(kind, kind.device());
    await second.start(async () => credentials);
    await until(() => first.state.status === "ended", "the end of the first");
    const ended = {
      status: "ended",
      code: "SESSION_REPLACED",
      message: "Your account has logged in somewhere else.",
      todo: "tell_and_wait",
    };
    assert.equal(first.chat.state, "closed");
    const { message } = ended;
    // Browsers let nobody say a socket's language: it is the browser's own.
    const heard = kind.clientType === "web" ? socketMessage(told) : message;
    assert.deepEqual(first.state, { ...ended, message: heard });
    for (let again = 0; again < 3; again += 1) {
      const state = await first.start(async () => assert.fail("nobody asked it to log in"));
      assert.equal(state.status === "ended" && state.todo, "tell_and_wait");
    }
    assert.equal((await recorded("logged_in", user_id)) - before, 2);
    assert.equal(second.state.status, "live");
    assert.equal((await second.get("/api/v4/auth/sessions")).sessions.length, 2);

    // A page without a socket learns it from its next call.
    const third = opened(kind, kind.device());
    await third.logIn(credentials);
    const refusal = await second.get("/api/v4/auth/me").catch((error: unknown) => error);
    assert.ok(refusal instanceof ApiError);
    assert.equal(refusal.code, "SESSION_REPLACED");
    assert.deepEqual(second.state, ended);
    third.chat.close();
  });

  test(`a log-out of ${kind.name} is one, and the same device is the same afterwards`, async () => {
    const { user_id, credentials } = await enrolled("小刚");
    const device = kind.device();
    const client = opened(kind, device);
    const first = await client.logIn(credentials);
    // The same device again: its session is renewed, and nobody is replaced.
    const again = await opened(kind, device).logIn(credentials);
    assert.equal(again.session.authentication_session_id, first.session.authentication_session_id);
    assert.equal(await recorded("session_ended", user_id), 0);
    const page = opened(kind, device);
    assert.equal((await page.start()).status, "live");
    await page.changePassword(credentials.password, "another horse battery");
    await page.logOut();
    assert.equal(await recorded("session_ended", user_id), 2);
    const nobody = await opened(kind, device).start();
    assert.deepEqual(nobody, { status: "ended", code: null, message: null, todo: "log_in" });
    const wrong = await opened(kind, device)
      .logIn(credentials)
      .catch((error: unknown) => error);
    assert.ok(wrong instanceof ApiError);
    assert.deepEqual([wrong.code, wrong.todo], ["INVALID_CREDENTIALS", "try_again"]);
    assert.equal(wrong.requestId?.length, 32);
  });

  test(`fields that ${kind.name} got wrong are named`, async () => {
    const { credentials } = await enrolled("小丽");
    const client = opened(kind, kind.device());
    await client.logIn(credentials);
    const refusal = await client
      .post("/api/v4/auth/password", { body: { old_password: "x", new_password: "short" } })
      .catch((error: unknown) => error);
    assert.ok(refusal instanceof ApiError);
    assert.deepEqual([refusal.code, refusal.status], ["VALIDATION_FAILED", 422]);
    assert.deepEqual(
      refusal.fields?.map(({ field }) => field),
      ["new_password"],
    );
    assert.ok(Math.abs(client.skew ?? Number.NaN) < 60_000);
    assert.equal(client.state.status, "live");
  });
}

/** What was said when it ended. */
function socketMessage(told: SessionState[]): string | null {
  const end = told.findLast((state) => state.status === "ended");
  assert.ok(end?.status === "ended" && end.message !== "");
  return end.message;
}
