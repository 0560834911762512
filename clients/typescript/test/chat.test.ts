import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { type Client, memoryStore, type Outgoing, type Store } from "../src/index.ts";
import { dice, pass, settled, stopped, until } from "./fake/clock.ts";
import { FakeServer } from "./fake/server.ts";
import { CREDENTIALS, contents, draft, heard, TALK, talking } from "./fake/talk.ts";

beforeEach(stopped);

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
