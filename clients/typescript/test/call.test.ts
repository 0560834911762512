import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { type Code, memoryStore } from "../src/index.ts";
import { pass, stopped } from "./fake/clock.ts";
import { FakeServer, refused } from "./fake/server.ts";
import { CREDENTIALS, clientOf, logIn, refusalOf, URL } from "./fake/talk.ts";

beforeEach(stopped);

test("a server that finds every token expired is asked twice, not for ever", async () => {
  const server = new FakeServer();
  const client = clientOf(server);
  await client.start(logIn);
  server.instead = ({ url }) =>
    url.endsWith("/refresh") ? undefined : refused("TOKEN_EXPIRED", 401);
  const error = await refusalOf(client.get("/api/v4/auth/sessions"));
  assert.equal(error.code, "TOKEN_EXPIRED");
  assert.equal(server.count("/sessions"), 2);
  assert.equal(server.count("/refresh"), 1);
  // It says nothing of the session.
  assert.equal(client.state.status, "live");
  assert.equal((await client.start(logIn)).status, "offline");
  assert.equal(server.count("/login"), 1);
});

test("a session that has ended by the time its call is made once more has ended", async () => {
  const server = new FakeServer();
  const client = clientOf(server);
  await client.start(logIn);
  await pass(3_601_000);
  server.instead = ({ url }) => {
    if (url.endsWith("/sessions") && server.count("/refresh") > 0) {
      return refused("SESSION_REVOKED", 401);
    }
    return undefined;
  };
  assert.equal((await refusalOf(client.get("/api/v4/auth/sessions"))).code, "SESSION_REVOKED");
  assert.equal(client.state.status === "ended" && client.state.code, "SESSION_REVOKED");
});

test("a network that is away says nothing of the session", async () => {
  const server = new FakeServer();
  const store = memoryStore();
  await clientOf(server, { store }).start(logIn);
  server.sends = () => false;
  const client = clientOf(server, { store });
  const state = await client.start(logIn);
  assert.equal(state.status, "offline");
  assert.equal(state.status === "offline" && state.error.code, "NETWORK");
  server.sends = () => true;
  for (const status of [429, 500, 502, 503]) {
    server.instead = () => ({ status, headers: {}, body: undefined });
    assert.equal((await client.start(logIn)).status, "offline", String(status));
  }
  server.instead = undefined;
  assert.equal((await client.start(logIn)).status, "live");
  assert.equal(server.count("/login"), 1);
  assert.equal(server.count("/refresh"), 0);
});

test("garbage in place of an answer is no answer", async () => {
  const server = new FakeServer();
  const store = memoryStore();
  await clientOf(server, { store }).start(logIn);
  const kept = store.get("tokens");
  const bodies = [
    undefined,
    null,
    7,
    "<html>",
    [],
    {},
    { success: true },
    { success: true, data: null },
    { success: true, data: { user_id: "7", session: {} } },
    { success: true, data: { user_id: 7, session: null } },
    { success: "true", data: {} },
    { success: false },
    { success: false, code: 7, message: {} },
    { success: false, code: "__proto__" },
    { success: false, code: "SOMETHING_NEW", message: "新" },
  ];
  for (const status of [200, 204, 302, 401, 403, 404, 500]) {
    for (const body of bodies) {
      server.instead = () => ({ status, headers: {}, body });
      const state = await clientOf(server, { store }).start(logIn);
      assert.equal(state.status, "offline", `${status} ${JSON.stringify(body)}`);
      assert.equal(store.get("tokens"), kept);
    }
  }
  // The same to a refresh, and to a log-in.
  await pass(3_601_000);
  for (const body of bodies) {
    server.instead = ({ url }) =>
      url.endsWith("/refresh") ? { status: 200, headers: {}, body } : undefined;
    assert.equal((await clientOf(server, { store }).start(logIn)).status, "offline");
    assert.equal(store.get("tokens"), kept);
    server.instead = () => ({ status: 200, headers: {}, body });
    assert.equal((await refusalOf(clientOf(server).logIn(CREDENTIALS))).code, "NETWORK");
  }
  server.instead = undefined;
  assert.equal((await clientOf(server, { store }).start(logIn)).status, "live");
  assert.equal(server.count("/wechat-login"), 0);
});

test("a call of one person is not made again in another's name", async () => {
  const server = new FakeServer();
  const client = clientOf(server);
  await client.start(logIn);
  // While the call is on its way, the session ends and somebody else logs in.
  let refuse = () => {};
  server.instead = ({ url }) => {
    if (!url.endsWith("/sessions")) return undefined;
    return new Promise((answer) => {
      refuse = () => answer(refused("SESSION_REPLACED", 401));
    });
  };
  Object.defineProperty(server, "user", { value: 8 });
  const refusal = refusalOf(client.get("/api/v4/auth/sessions"));
  await client.logIn(CREDENTIALS);
  refuse();
  const error = await refusal;
  assert.equal(error.code, "SESSION_REPLACED");
  assert.equal(server.count("/sessions"), 1);
  assert.equal(client.state.status === "live" && client.state.user_id, 8);
});

test("refusals carry what is known of them", async () => {
  const server = new FakeServer();
  const client = clientOf(server);
  await client.start(logIn);
  server.instead = () => {
    const answer = refused("VALIDATION_FAILED", 422, { "retry-after": "7", "x-request-id": "x" });
    const fields = [{ field: "limit", message: "…" }];
    return { ...answer, body: { ...(answer.body as object), fields } };
  };
  const error = await refusalOf(client.get("/api/v4/auth/sessions"));
  const { code, status, retryAfter, requestId, fields, message, todo } = error;
  assert.deepEqual(
    { code, status, retryAfter, requestId, fields, message, todo },
    {
      code: "VALIDATION_FAILED" satisfies Code,
      status: 422,
      retryAfter: 7,
      requestId: "r",
      fields: [{ field: "limit", message: "…" }],
      message: "VALIDATION_FAILED!",
      todo: "try_again",
    },
  );
  server.instead = () => ({
    status: 200,
    headers: { date: "Sat, 21 Nov 2026 08:00:09 GMT" },
    body: { success: true, data: {} },
  });
  await client.get("/api/v4/auth/sessions");
  assert.equal(client.skew, 9_000);
});

test("parameters and queries are escaped", async () => {
  const server = new FakeServer();
  const client = clientOf(server);
  await client.start(logIn);
  const urls: string[] = [];
  server.instead = ({ url }) => {
    urls.push(url);
    return undefined;
  };
  await client.get("/api/v4/console/users/{user_id}", { params: { user_id: 7 } });
  await client.get("/api/v4/console/users", {
    query: { search: "a&b=c d/小", limit: undefined, page: 2 },
  });
  assert.deepEqual(urls, [
    `${URL}/api/v4/console/users/7`,
    `${URL}/api/v4/console/users?search=a%26b%3Dc%20d%2F%E5%B0%8F&page=2`,
  ]);
});
