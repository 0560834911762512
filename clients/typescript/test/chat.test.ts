import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import {
  type ChatState,
  Client,
  type ClientOptions,
  type Events,
  memoryStore,
  type Outgoing,
  type Store,
} from "../src/index.ts";
import { dice, pass, settled, stopped, until } from "./fake/clock.ts";
import { FakeServer, refused } from "./fake/server.ts";

const TALK = 5;
const CREDENTIALS = { mobile: "13800000000", password: "secret" };

beforeEach(stopped);

function clientOf(server: FakeServer, options: Partial<ClientOptions> = {}): Client {
  return new Client({
    url: "https://api.example.com/",
    transport: server,
    clientType: "mini_program",
    store: memoryStore(),
    random: dice(1),
    ...options,
  });
}

/** A client that is logged in, with its socket open. */
async function talking(server: FakeServer, options: Partial<ClientOptions> = {}): Promise<Client> {
  const client = clientOf(server, options);
  client.chat.open();
  await client.start(async () => CREDENTIALS);
  await until(() => client.chat.state === "open", "an open socket");
  return client;
}

/** What a client is told of one conversation. */
function heard(client: Client): string[] {
  const contents: string[] = [];
  for (const event of ["message_sent", "new_message"] as const) {
    client.chat.on(event, ({ content }) => contents.push(content));
  }
  return contents;
}

const contents = (server: FakeServer) => (server.stored.get(TALK) ?? []).map((row) => row.content);
const draft = (content: string) => ({ customer_service_session_id: TALK, content });

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

test("a message waits, is with the server, is sent", async () => {
  const server = new FakeServer();
  const store = memoryStore();
  const client = await talking(server, { store });
  const told: Outgoing[] = [];
  client.chat.onOutgoing((outgoing) => told.push(outgoing));
  client.chat.follow(TALK, 0);
  const got = heard(client);
  const sent = client.chat.send(draft("在吗？"));
  assert.equal(sent.state, "waiting");
  assert.ok(store.get("outbox.7")?.includes("在吗"));
  await until(() => told.length === 3, "three states");
  assert.deepEqual(
    told.map(({ state }) => state),
    ["waiting", "sending", "sent"],
  );
  assert.deepEqual([told[2]?.seq, told[2]?.temp_message_id], [1, sent.temp_message_id]);
  assert.deepEqual(client.chat.outgoing, []);
  assert.equal(store.get("outbox.7"), undefined);
  assert.deepEqual(got, ["在吗？"]);
});

test("two hundred messages each way, over lines that break and processes that die: none lost, none twice", async () => {
  for (const seed of [1, 2, 3]) await lossy(seed);
});

async function lossy(seed: number): Promise<void> {
  const random = dice(seed);
  const server = new FakeServer();
  const store = memoryStore();
  const got: string[] = [];
  let last = 0;
  const begin = async (): Promise<Client> => {
    const client = await talking(server, { store, random });
    for (const event of ["message_sent", "new_message"] as const) {
      client.chat.on(event, ({ content, seq }) => {
        assert.equal(seq, last + 1);
        last = seq;
        got.push(content);
      });
    }
    client.chat.follow(TALK, last);
    return client;
  };
  // One frame in ten is the last of its line, before or after the server has seen it.
  server.atFrame = (wire) => {
    if (random() >= 0.1) return true;
    if (random() < 0.5) {
      wire.cut(1006);
      return false;
    }
    queueMicrotask(() => wire.cut(random() < 0.5 ? 1006 : 1012));
    return true;
  };
  let client = await begin();
  for (let at = 0; at < 200; at += 1) {
    client.chat.send(draft(`ours ${at}`));
    server.write(TALK, `theirs ${at}`);
    if (random() < 0.2) await pass(100);
    if (at % 50 === 49) {
      // The process dies: nothing of it is left but the store.
      client.chat.close();
      client = await begin();
    }
  }
  await until(() => got.length >= 400 && client.chat.outgoing.length === 0, "all there", 3_600_000);
  assert.deepEqual(got, contents(server));
  assert.equal(new Set(got).size, 400);
  const ours = got.filter((content) => content.startsWith("ours"));
  assert.deepEqual(
    ours,
    Array.from({ length: 200 }, (_, at) => `ours ${at}`),
  );
  client.chat.close();
}

test("what was written while nobody heard is asked for, though nothing comes after it", async () => {
  const server = new FakeServer();
  const client = await talking(server);
  client.chat.follow(TALK, 0);
  const got = heard(client);
  server.write(TALK, "heard");
  await until(() => got.length === 1, "the first");
  server.wire.cut(1006);
  server.write(TALK, "missed");
  await until(() => got.length === 2, "the second");
  // And where a change of the conversation tells of it alone.
  server.store(TALK, "told of", 99, null);
  const update = { customer_service_session_id: TALK, status: "active", version: 2, last_seq: 3 };
  server.wire.event("conversation_updated", update);
  await until(() => got.length === 3, "the third");
  assert.deepEqual(got, ["heard", "missed", "told of"]);
});

test("what is refused in passing goes first when it goes", async () => {
  const server = new FakeServer();
  let frames = 0;
  server.atFrame = (wire, event) => {
    if (event !== "send_message") return true;
    frames += 1;
    if (frames % 3 !== 0) return true;
    const { ack, data } = wire.frames.at(-1) ?? {};
    // As the server has it: both.
    const told = { temp_message_id: data?.temp_message_id, code: "RATE_LIMITED", message: "!" };
    wire.event("message_failed", told);
    wire.refuse(ack, "RATE_LIMITED");
    return false;
  };
  const client = await talking(server);
  const all = Array.from({ length: 30 }, (_, at) => `${at}`);
  for (const content of all) client.chat.send(draft(content));
  await until(() => contents(server).length === 30, "all stored");
  assert.deepEqual(contents(server), all);
  await until(() => client.chat.outgoing.length === 0, "all settled");
  assert.equal(server.wires.length, 1);
});

test("what will not be stored fails with its code, and may be tried again", async () => {
  const server = new FakeServer();
  const store = memoryStore();
  let isClosed = true;
  server.atFrame = (wire, event) => {
    if (event !== "send_message" || !isClosed) return true;
    const { ack, data } = wire.frames.at(-1) ?? {};
    if (data?.content === "refused") wire.refuse(ack, "CONFLICT");
    else {
      // Acked first, and refused for good when the origin has seen it.
      wire.text(JSON.stringify({ ack, data: { status: "sending" } }));
      const told = { temp_message_id: data?.temp_message_id, code: "CONFLICT", message: "关了" };
      wire.event("message_failed", told);
    }
    return false;
  };
  const client = await talking(server, { store });
  const [first, second] = [client.chat.send(draft("refused")), client.chat.send(draft("acked"))];
  await until(() => client.chat.outgoing.every(({ state }) => state === "failed"), "both failed");
  assert.deepEqual(
    client.chat.outgoing.map(({ code, message }) => [code, message]),
    [
      ["CONFLICT", "CONFLICT!"],
      ["CONFLICT", "关了"],
    ],
  );
  client.chat.close();
  await pass(60_000);
  // It is still known after a restart, and not sent by itself.
  isClosed = false;
  const later = await talking(server, { store });
  await pass(60_000);
  assert.equal(contents(server).length, 0);
  assert.equal(later.chat.outgoing.length, 2);
  later.chat.again(second.temp_message_id);
  later.chat.again(first.temp_message_id);
  later.chat.again("no such message");
  await until(() => contents(server).length === 2, "both stored");
  assert.deepEqual(contents(server), ["acked", "refused"]);
});

test("a failure that is told again counts for nothing once the message is sent anew", async () => {
  const server = new FakeServer();
  const store = memoryStore();
  const client = await talking(server, { store });
  client.chat.follow(TALK, 0);
  server.atFrame = () => false;
  const { temp_message_id } = client.chat.send(draft("anew"));
  await pass(100);
  server.atFrame = (wire, event) => {
    const told = { temp_message_id, code: "CONFLICT", message: "of an earlier try" };
    if (event === "resume") wire.event("message_failed", told);
    return true;
  };
  const states: string[] = [];
  client.chat.onOutgoing(({ state }) => states.push(state));
  server.wire.cut(1006);
  await until(() => client.chat.outgoing.length === 0, "settled");
  assert.ok(!states.includes("failed"), String(states));
});

test("what no server would take is not sent", async () => {
  const server = new FakeServer();
  const client = await talking(server);
  for (const content of ["", " \n", "长".repeat(4_001)]) {
    const { state, code } = client.chat.send(draft(content));
    assert.deepEqual([state, code], ["failed", "VALIDATION_FAILED"]);
  }
  client.chat.send(draft("😀".repeat(4_000)));
  client.chat.send(draft("half \ud83d of one"));
  await until(() => contents(server).length === 2, "two stored");
  assert.equal(contents(server)[1], "half \ufffd of one");
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

test("a listener that throws disturbs nobody", async () => {
  const server = new FakeServer();
  const client = await talking(server);
  client.chat.follow(TALK, 0);
  client.chat.on("new_message", () => {
    throw new Error("of the app");
  });
  const got = heard(client);
  const uncaught: string[] = [];
  const note = (error: Error) => uncaught.push(error.message);
  process.on("uncaughtException", note);
  server.write(TALK, "first");
  server.write(TALK, "second");
  await until(() => got.length === 2, "both");
  // It is reported as any uncaught error is: the stopped clock throws it to whoever lets time pass.
  await pass(100).catch((error: Error) => uncaught.push(error.message));
  await pass(100).catch((error: Error) => uncaught.push(error.message));
  process.off("uncaughtException", note);
  assert.ok(uncaught.includes("of the app"), String(uncaught));
  assert.equal(client.chat.state, "open");
});

test("what was read is said until it is heard, and typing only as often as it is passed on", async () => {
  const server = new FakeServer();
  const client = await talking(server);
  server.sends = () => false;
  server.wire.cut(1006);
  client.chat.markRead(TALK, 3);
  client.chat.markRead(TALK, 9);
  client.chat.markRead(TALK, 4);
  client.chat.typing(TALK, true);
  await pass(10_000);
  server.sends = () => true;
  await until(() => client.chat.state === "open", "open again");
  await settled();
  const marks = () => server.wire.frames.filter(({ event }) => event === "mark_read");
  assert.deepEqual(
    marks().map(({ data }) => data.chat_message_id),
    [9],
  );
  for (let key = 0; key < 30; key += 1) {
    client.chat.typing(TALK, true);
    await pass(100);
  }
  client.chat.typing(TALK, false);
  client.chat.typing(TALK, false);
  await settled();
  const typed = server.wire.frames.filter(({ event }) => event === "typing");
  assert.deepEqual(
    typed.map(({ data }) => data.is_typing),
    [true, true, false],
  );
});

test("another person on the same device sends nothing of the first one's", async () => {
  const server = new FakeServer();
  const store: Store = memoryStore();
  const client = await talking(server, { store });
  server.sends = () => false;
  server.wire.cut(1006);
  client.chat.send(draft("of the first"));
  server.endSession("SESSION_REPLACED");
  server.sends = () => true;
  await until(() => client.state.status === "ended", "the end");
  Object.defineProperty(server, "user", { value: 8 });
  await client.logIn(CREDENTIALS);
  await until(() => client.chat.state === "open", "open");
  client.chat.send(draft("of the second"));
  await until(() => contents(server).length === 1, "stored");
  assert.deepEqual(contents(server), ["of the second"]);
  assert.ok(store.get("outbox.7")?.includes("of the first"));
  // Who logs out leaves nothing that another could read.
  client.chat.close();
  client.chat.send(draft("unsent"));
  assert.ok(store.get("outbox.8")?.includes("unsent"));
  await client.logOut();
  assert.equal(store.get("outbox.8"), undefined);
});

test("tabs of one store keep each other's messages", async () => {
  const server = new FakeServer();
  const store = memoryStore();
  const tabs = [
    await talking(server, { store }),
    await talking(server, { store, random: dice(2) }),
  ];
  server.sends = () => false;
  for (const wire of server.wires) wire.cut(1006);
  for (const [at, tab] of tabs.entries()) tab.chat.send(draft(`of tab ${at}`));
  for (const tab of tabs) tab.chat.close();
  server.sends = () => true;
  const third = await talking(server, { store, random: dice(3) });
  await until(() => third.chat.outgoing.length === 0, "all sent");
  assert.deepEqual(contents(server).sort(), ["of tab 0", "of tab 1"]);
});
