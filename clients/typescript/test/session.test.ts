import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { memoryStore, type SessionState } from "../src/index.ts";
import { pass, stopped } from "./fake/clock.ts";
import { FakeServer, refused } from "./fake/server.ts";
import { CREDENTIALS, clientOf, logIn, refusalOf } from "./fake/talk.ts";

beforeEach(stopped);

test("ten cold starts are one log-in", async () => {
  const server = new FakeServer();
  const store = memoryStore();
  for (let start = 0; start < 10; start += 1) {
    const state = await clientOf(server, { store }).start(logIn);
    assert.equal(state.status, "live");
  }
  assert.equal(server.count("/login"), 1);
  assert.equal(server.count("/verify"), 9);
  assert.equal(server.count("/refresh"), 0);
});

test("starts that come at once are one, and may log in if one of them may", async () => {
  const server = new FakeServer();
  const client = clientOf(server);
  const states = await Promise.all([
    client.start(),
    client.start(logIn),
    client.start(),
    client.start(logIn),
  ]);
  assert.deepEqual(
    states.map(({ status }) => status),
    ["ended", "live", "live", "live"],
  );
  assert.equal(server.count("/login"), 1);
  await client.start();
  assert.equal(server.count("/verify"), 1);
});

test("a start verifies, then refreshes, and logs in only if both say no", async () => {
  const server = new FakeServer();
  const store = memoryStore();
  await clientOf(server, { store }).start(logIn);
  await pass(3_601_000);
  server.calls.length = 0;
  assert.equal((await clientOf(server, { store }).start(logIn)).status, "live");
  const paths = server.calls.map((path) => path.replace("/api/v4/auth", ""));
  assert.deepEqual(paths, ["/verify", "/refresh", "/verify"]);

  server.endSession("SESSION_IDLE");
  const told: SessionState[] = [];
  const client = clientOf(server, { store });
  client.subscribe((state) => told.push(state));
  server.calls.length = 0;
  assert.equal((await client.start(logIn)).status, "live");
  assert.deepEqual(
    server.calls.map((path) => path.replace("/api/v4/auth", "")),
    ["/verify", "/login"],
  );
  // It was said before it was done.
  assert.deepEqual(
    told.map((state) => [state.status, state.status === "ended" ? state.code : null]),
    [
      ["ended", "SESSION_IDLE"],
      ["live", null],
    ],
  );
  assert.equal(server.bodies.at(-1)?.device_token, "device");
});

test("a log-in says which device it is, always the same, after a log-out too", async () => {
  const server = new FakeServer();
  const store = memoryStore();
  const client = clientOf(server, { store, deviceName: "书房" });
  await client.logIn(CREDENTIALS);
  const first = server.bodies.at(-1);
  assert.equal(first?.device_token, undefined);
  assert.match(String(first?.device_id), /^[0-9a-z]{24}$/);
  await client.logOut();
  assert.deepEqual(client.state, {
    status: "ended",
    code: "SESSION_LOGGED_OUT",
    message: null,
    todo: "log_in_page",
  });
  assert.equal(store.get("tokens"), undefined);
  await clientOf(server, { store }).logInByWechat("code");
  const second = server.bodies.at(-1);
  assert.equal(second?.device_id, first?.device_id);
  assert.equal(second?.device_token, "device");
  assert.equal(second?.code, "code");
});

test("fifty calls with an expired token are one refresh", async () => {
  const server = new FakeServer();
  const client = clientOf(server);
  await client.start(logIn);
  await pass(3_601_000);
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => client.get("/api/v4/auth/sessions")),
  );
  assert.equal(answers.length, 50);
  assert.equal(server.count("/refresh"), 1);
  assert.equal(server.count("/sessions"), 100);
});

test("the answer of a refresh that is lost is asked for once more", async () => {
  const server = new FakeServer();
  const store = memoryStore();
  const client = clientOf(server, { store });
  await client.start(logIn);
  await pass(3_601_000);
  let isLost = false;
  server.answers = () => {
    const isFirst = !isLost && server.calls.at(-1)?.endsWith("/refresh") === true;
    isLost ||= isFirst;
    return !isFirst;
  };
  await client.get("/api/v4/auth/sessions");
  assert.equal(server.count("/refresh"), 2);
  assert.equal(client.state.status, "live");
});

for (const [code, todo] of [
  ["SESSION_REPLACED", "tell_and_wait"],
  ["SESSION_REVOKED", "tell_and_wait"],
  ["PASSWORD_CHANGED", "tell_and_wait"],
  ["REUSE_DETECTED", "advise_password"],
  ["USER_INACTIVE", "stop"],
] as const) {
  test(`after ${code} nobody is logged in unasked`, async () => {
    const server = new FakeServer();
    const store = memoryStore();
    const client = clientOf(server, { store });
    await client.start(logIn);
    server.endSession(code);
    const error = await refusalOf(client.get("/api/v4/auth/sessions"));
    assert.equal(error.code, code);
    const ended = { status: "ended", code, message: `${code}!`, todo };
    assert.deepEqual(client.state, ended);
    for (let again = 0; again < 3; again += 1) {
      assert.deepEqual(await client.start(logIn), ended);
    }
    await pass(600_000);
    assert.equal(server.count("/login"), 1);
    // A tap.
    await client.logIn(CREDENTIALS);
    assert.equal(client.state.status, "live");
  });
}

test("what a store holds may be garbage", async () => {
  for (const text of [
    "",
    "null",
    "[]",
    "7",
    "{",
    '{"access":7}',
    '{"access":"a","refresh":null}',
  ]) {
    const server = new FakeServer();
    const store = memoryStore();
    store.set("tokens", text);
    store.set("outbox.7", text);
    const client = clientOf(server, { store });
    assert.equal((await client.start(logIn)).status, "live", text);
    assert.deepEqual(client.chat.outgoing, []);
  }
});

test("a browser's tokens are in no store, and its page begins with a refresh", async () => {
  const server = new FakeServer();
  server.isWeb = true;
  const store = memoryStore();
  const web = { store, clientType: "web" } as const;
  const nobody = await clientOf(server, web).start();
  assert.deepEqual(nobody, { status: "ended", code: null, message: null, todo: "log_in" });
  assert.equal(server.count("/refresh"), 1);
  await clientOf(server, web).logIn(CREDENTIALS);
  assert.equal(store.get("tokens"), undefined);
  const page = clientOf(server, web);
  assert.equal((await page.start(logIn)).status, "live");
  assert.equal(server.count("/login"), 1);
  await page.logOut();
  assert.equal((await clientOf(server, web).start()).status, "ended");
});

test("two tabs take turns, and two clients of one store refresh once", async () => {
  const server = new FakeServer();
  let turn: Promise<unknown> = Promise.resolve();
  let inside = 0;
  let most = 0;
  const lock = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(async () => {
      inside += 1;
      most = Math.max(most, inside);
      try {
        return await work();
      } finally {
        inside -= 1;
      }
    });
    turn = mine.catch(() => {});
    return mine;
  };
  const store = memoryStore();
  const tabs = [0, 1].map(() => clientOf(server, { store, lock }));
  await tabs[0]?.start(logIn);
  await tabs[1]?.start(logIn);
  assert.equal(server.count("/login"), 1);
  await pass(3_601_000);
  await Promise.all(tabs.map((tab) => tab.get("/api/v4/auth/sessions")));
  assert.equal(server.count("/refresh"), 1);
  assert.equal(most, 1);

  server.isWeb = true;
  server.endSession("SESSION_LOGGED_OUT");
  const pages = [0, 1].map(() => clientOf(server, { lock, clientType: "web" }));
  await pages[0]?.logIn(CREDENTIALS);
  await Promise.all(pages.map((page) => page.start()));
  assert.deepEqual(
    pages.map((page) => page.state.status),
    ["live", "live"],
  );
  assert.equal(most, 1);
});

test("a log-in that is refused is told, and changes nothing", async () => {
  const server = new FakeServer();
  const client = clientOf(server);
  const wrong = { mobile: "13800000000", password: "wrong" };
  assert.equal((await refusalOf(client.logIn(wrong))).todo, "try_again");
  const state = await client.start(async () => wrong);
  assert.equal(state.status === "ended" && state.code, "INVALID_CREDENTIALS");
  // Once more, with another code, as WeChat's are good once.
  server.instead = ({ url }) =>
    url.endsWith("/wechat-login") ? refused("WECHAT_CODE_INVALID", 401) : undefined;
  let codes = 0;
  const byWechat = async () => {
    codes += 1;
    return { code: `code-${codes}` };
  };
  const refusedTwice = await clientOf(server).start(byWechat);
  assert.equal(refusedTwice.status === "ended" && refusedTwice.code, "WECHAT_CODE_INVALID");
  assert.equal(codes, 2);
});

test("a log-out that nobody answered has not happened; one of what is dead has", async () => {
  const server = new FakeServer();
  const store = memoryStore();
  const client = clientOf(server, { store });
  await client.start(logIn);
  server.sends = () => false;
  assert.equal((await refusalOf(client.logOut())).code, "NETWORK");
  assert.notEqual(store.get("tokens"), undefined);
  server.sends = () => true;
  server.endSession("SESSION_REPLACED");
  const all = await refusalOf(client.logOut({ allDevices: true }));
  assert.equal(all.code, "SESSION_REPLACED");
  await client.logOut();
  const { state } = client;
  assert.equal(state.status === "ended" && state.code, "SESSION_LOGGED_OUT");
});
