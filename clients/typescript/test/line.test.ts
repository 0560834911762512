import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { ChatState, Events } from "../src/index.ts";
import { dice, pass, settled, stopped, until } from "./fake/clock.ts";
import { FakeServer, refused } from "./fake/server.ts";
import { CREDENTIALS, clientOf, contents, draft, heard, TALK, talking } from "./fake/talk.ts";

beforeEach(stopped);

test("a socket opens with the token once there is one, and tells the server's time", async () => {
  const server = new FakeServer();
  const client = clientOf(server);
  const states: ChatState[] = [];
  client.chat.subscribe((state) => states.push(state));
  client.chat.open();
  await client.start(async () => CREDENTIALS);
  await until(() => client.chat.state === "open", "an open socket");
  assert.equal(server.wires.length, 1);
  assert.equal(server.wire.url, "wss://api.example.com/api/v4/chat/socket");
  assert.match(server.wire.token, /^access-/);
  assert.equal(client.skew, 5_000);
  client.chat.close();
  assert.equal(client.chat.state, "closed");
  assert.ok(server.wire.isOver);
  await pass(120_000);
  assert.equal(server.wires.length, 1);
  assert.equal(states.at(-1), "closed");
});

test("an ended session closes the socket, tells why, and nothing comes back by itself", async () => {
  const server = new FakeServer();
  const client = await talking(server);
  server.endSession("SESSION_REPLACED");
  const told: Events["session_invalidated"][] = [];
  client.chat.on("session_invalidated", (data) => told.push(data));
  server.wire.event("session_invalidated", { code: "SESSION_REPLACED", message: "别处登录" });
  await until(() => client.state.status === "ended", "the end");
  assert.deepEqual(client.state, {
    status: "ended",
    code: "SESSION_REPLACED",
    message: "别处登录",
    todo: "tell_and_wait",
  });
  assert.equal(client.chat.state, "closed");
  assert.equal(told.length, 1);
  const calls = server.calls.length;
  client.chat.send(draft("kept for later"));
  await pass(600_000);
  assert.equal(server.calls.length, calls);
  assert.equal(server.wires.length, 1);
  // The next log-in opens it again, and sends what is the same person's.
  await client.logIn(CREDENTIALS);
  await until(() => contents(server).length === 1, "what waited");
  assert.equal(client.chat.state, "open");
});

test("a close that only has a code is asked about", async () => {
  const server = new FakeServer();
  const client = await talking(server);
  server.endSession("SESSION_DEACTIVATED");
  server.wire.cut(4413);
  await until(() => client.state.status === "ended", "the end");
  assert.equal(client.state.status === "ended" && client.state.message, "SESSION_DEACTIVATED!");
  // And one that is refused at the door says nothing at all.
  const other = new FakeServer();
  const away = await talking(other);
  other.endSession("SESSION_REVOKED");
  other.wire.cut(1006);
  await until(() => away.state.status === "ended", "the end");
  assert.equal(away.state.status === "ended" && away.state.code, "SESSION_REVOKED");
});

test("a token that ends is renewed in place", async () => {
  const server = new FakeServer();
  const client = await talking(server);
  const before = server.wire.token;
  await pass(3_541_000);
  server.wire.event("session_expiring", { expires_at: "2026-11-21T17:00:00.000+08:00" });
  await until(() => server.wire.token !== before, "a new token");
  assert.equal(server.wires.length, 1);
  assert.equal(server.count("/refresh"), 1);
  assert.equal(client.chat.state, "open");
  // A call that refreshes renews the socket's, too; then there is nothing left to do when it is told again.
  await pass(3_601_000);
  const second = server.wire.token;
  await client.get("/api/v4/auth/sessions");
  await until(() => server.wire.token !== second, "a newer token");
  assert.equal(server.count("/refresh"), 2);
  assert.equal(server.wires.length, 1);
});

test("a token whose whole life is short is not renewed again and again", async () => {
  const server = new FakeServer();
  server.lifetime = 30;
  const client = await talking(server);
  // As the server does: less than a minute is left of every one.
  server.atFrame = (wire, event) => {
    if (event === "reauthenticate") wire.event("session_expiring", { expires_at: "soon" });
    return true;
  };
  server.wire.event("session_expiring", { expires_at: "soon" });
  await pass(300_000);
  const count = server.count("/refresh");
  assert.ok(10 <= count && count <= 20, String(count));
  assert.equal(server.wires.length, 1);
  client.chat.close();
});

test("a token that has ended is renewed before the next socket", async () => {
  const server = new FakeServer();
  const client = await talking(server);
  await pass(3_601_000);
  server.wire.event("session_invalidated", { code: "TOKEN_EXPIRED", message: "过期" });
  await until(() => server.wires.length === 2 && client.chat.state === "open", "another socket");
  assert.equal(client.state.status, "live");
  assert.equal(server.count("/refresh"), 1);
  assert.equal(server.count("/login"), 1);
});

test("pauses double from 1 s to 30 s, times 0.5 to 1.5, and the network's return ends them", async () => {
  for (const [random, factor] of [
    [() => 0, 0.5],
    [() => 0.999_999, 1.5],
  ] as const) {
    const server = new FakeServer();
    let wake = () => {};
    Object.assign(server, {
      woken: (listener: () => void) => {
        wake = listener;
        return () => {};
      },
    });
    const client = await talking(server, { random });
    server.sends = () => false;
    const tries: number[] = [];
    const { length } = server.calls;
    client.chat.subscribe((state) => {
      if (state === "connecting") tries.push(Date.now());
    });
    const from = Date.now();
    server.wire.cut(1006);
    await until(() => tries.length === 8, "eight tries");
    const pauses = tries.map((at, index) => at - (tries[index - 1] ?? from));
    const expected = [1, 2, 4, 8, 16, 30, 30, 30].map((seconds) => seconds * 1000 * factor);
    for (const [index, expectation] of expected.entries()) {
      const off = Math.abs((pauses[index] ?? 0) - expectation);
      assert.ok(off <= 200, `${pauses} for ${expected}`);
    }
    assert.ok(server.calls.length > length, "the session is asked for");
    assert.equal(client.chat.state, "waiting");
    server.sends = () => true;
    wake();
    await until(() => client.chat.state === "open", "open at once", 200);
    // After a good one it begins anew.
    await pass(6_000);
    tries.length = 0;
    const again = Date.now();
    server.wire.cut(1006);
    await until(() => tries.length === 1, "a try");
    assert.ok(Math.abs((tries[0] ?? 0) - again - 1_000 * factor) <= 200, String(tries));
    client.chat.close();
  }
});

test("the oldest of too many sockets does not push back in", async () => {
  const server = new FakeServer();
  const client = await talking(server, { random: () => 0.5 });
  await pass(10_000);
  server.wire.cut(4431);
  await pass(29_000);
  assert.equal(server.wires.length, 1);
  assert.equal(client.chat.state, "waiting");
  await pass(2_000);
  assert.equal(server.wires.length, 2);
  client.chat.close();
});

test("a server that says when to come back is believed", async () => {
  const server = new FakeServer();
  const client = await talking(server);
  server.instead = () => refused("RATE_LIMITED", 429, { "retry-after": "120" });
  server.endSession("SESSION_NOT_FOUND");
  server.wire.cut(1006);
  await until(() => client.chat.state === "waiting" && server.calls.length > 1, "waiting");
  await pass(5_000);
  const { length } = server.calls;
  await pass(110_000);
  assert.equal(server.calls.length, length);
  await pass(20_000);
  assert.ok(server.calls.length > length);
  client.chat.close();
});

test("a line that is dead and does not say so is noticed", async () => {
  const server = new FakeServer();
  const client = await talking(server);
  await pass(100_000);
  assert.equal(server.wire.pings, 4);
  assert.equal(server.wires.length, 1);
  server.wire.isDeaf = true;
  await until(() => server.wires.length === 2 && client.chat.state === "open", "another", 40_000);
  // One that pongs, but never answers, is no better.
  server.atFrame = (_, event) => event !== "send_message" || server.wires.length > 2;
  client.chat.send(draft("heard by nobody"));
  await until(() => contents(server).length === 1, "stored over another line", 30_000);
  // One that never greets.
  assert.equal(server.wires.length, 3);
});

test("nothing throws for what a server sends", async () => {
  const server = new FakeServer();
  const client = await talking(server);
  client.chat.follow(TALK, 0);
  const got = heard(client);
  const random = dice(11);
  const values = [undefined, null, -1, 0, 1.5, 1e300, "", "x", true, [], {}, [null], { seq: 1 }];
  const value = () => values[Math.floor(random() * values.length)];
  const events = [
    "connection_established",
    "message_sent",
    "new_message",
    "message_failed",
    "message_status",
    "conversation_updated",
    "resumed",
    "resume_truncated",
    "session_expiring",
    "typing",
    "error",
    "__proto__",
    "toString",
    "no_such_event",
  ];
  const shapes: string[] = [];
  client.chat.on("typing", (data) => shapes.push(typeof data.is_typing));
  client.chat.on("error", (data) => shapes.push(typeof data.message));
  const texts = ["", "pong", "{", "[]", "null", "7", '"x"', "{}", '{"ack":1}', "\u0000", "[[[[["];
  for (let round = 0; round < 3_000; round += 1) {
    const event = events[Math.floor(random() * events.length)];
    const data = {
      customer_service_session_id: random() < 0.5 ? TALK : value(),
      seq: value(),
      chat_message_id: value(),
      content: value(),
      conversations: value(),
      last_seq: value(),
      temp_message_id: value(),
      user_id: random() < 0.5 ? 7 : value(),
      is_typing: random() < 0.5 ? true : value(),
      code: random() < 0.5 ? "CONFLICT" : value(),
      message: random() < 0.5 ? "x" : value(),
    };
    const frames = [
      { event, data },
      { event, data: value() },
      { event: value(), data },
      { ack: value(), data: value() },
      { ack: value(), error: value() },
      { ack: value(), error: { code: value(), message: value() } },
    ];
    server.wire.text(JSON.stringify(frames[Math.floor(random() * frames.length)]));
    server.wire.text(texts[Math.floor(random() * texts.length)] ?? "");
    if (round % 100 === 0) await settled();
  }
  await settled();
  got.length = 0;
  assert.ok(shapes.length > 10, String(shapes.length));
  assert.ok(shapes.every((shape) => shape === "boolean" || shape === "string"));
  assert.equal(client.state.status, "live");
  client.chat.send(draft("still there"));
  await until(() => got.includes("still there"), "a message");
});

test("answers of `resume` that make no sense lead to no haste", async () => {
  const server = new FakeServer();
  let asked = 0;
  server.atFrame = (wire, event) => {
    if (event !== "resume") return true;
    asked += 1;
    wire.event("resume_truncated", { customer_service_session_id: TALK, seq: 0 });
    const { ack } = wire.frames.at(-1) ?? {};
    if (asked % 2 === 0) wire.refuse(ack, "RATE_LIMITED");
    else wire.text(JSON.stringify({ ack, data: { conversations: [{ seq: "all" }, null] } }));
    return false;
  };
  const client = await talking(server);
  client.chat.follow(TALK, 0);
  await pass(30_000);
  assert.ok(10 < asked && asked < 40, String(asked));
  client.chat.close();
});
