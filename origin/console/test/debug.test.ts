import assert from "node:assert/strict";
import { test } from "node:test";
import {
  added,
  type Frame,
  isHeartbeat,
  MOST_FRAMES,
  masked,
} from "../src/pages/debug/model/frames.ts";
import { bare, decode } from "../src/pages/debug/model/jwt.ts";
import { asOurs, rawLine, socketAddress, socketIoLine } from "../src/pages/debug/model/line.ts";
import { connectFrame, eventFrame, readPacket } from "../src/pages/debug/model/packet.ts";

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const TOKEN = `${part({ alg: "EdDSA", typ: "at+jwt" })}.${part({ user_id: 31, name: "小明" })}.c2ln`;

test("a token is read as it is, and what is none is not", () => {
  assert.deepEqual(decode(` ${TOKEN}\n`), {
    header: { alg: "EdDSA", typ: "at+jwt" },
    claims: { user_id: 31, name: "小明" },
  });
  for (const none of [
    "",
    "a.b",
    "a.b.c",
    `${part([])}.${part({})}.x`,
    `${part({})}.${part(7)}.x`,
    ".....",
  ]) {
    assert.equal(decode(none), undefined, none);
  }
});

test("what comes with a token when it is pasted is taken off", () => {
  assert.equal(bare(`Authorization: Bearer ${TOKEN}\n`), TOKEN);
  assert.equal(bare(`"${TOKEN}"`), TOKEN);
  assert.equal(bare(TOKEN.replace(".", ".\n")), TOKEN);
});

test("packets are read in both namespaces, with and without acks", () => {
  assert.deepEqual(readPacket('0{"sid":"a","pingInterval":25000,"pingTimeout":20000}'), {
    type: "open",
    sid: "a",
    pingInterval: 25_000,
    pingTimeout: 20_000,
  });
  assert.deepEqual(readPacket("2"), { type: "ping" });
  assert.deepEqual(readPacket('40{"sid":"x"}'), {
    type: "connect",
    namespace: "/",
    data: { sid: "x" },
  });
  assert.deepEqual(readPacket('42/im,12["new_message",{"seq":1}]'), {
    type: "event",
    namespace: "/im",
    event: "new_message",
    args: [{ seq: 1 }],
    ack: 12,
  });
  assert.deepEqual(readPacket('437[{"status":"sending"}]'), {
    type: "ack",
    namespace: "/",
    ack: 7,
    args: [{ status: "sending" }],
  });
  assert.deepEqual(readPacket('44{"message":"no"}'), {
    type: "connect_error",
    namespace: "/",
    data: { message: "no" },
  });
  assert.deepEqual(readPacket("41"), { type: "disconnect", namespace: "/" });
});

test("what is no packet is told as it is and breaks nothing", () => {
  for (const text of ["", "9", "0{", "42", '42{"a":1}', "42[1]", "43[]", '45["x"]', "4", "é"]) {
    const packet = readPacket(text);
    assert.ok(packet.type === "unknown" || packet.type === "ping", text);
    if (packet.type === "unknown") assert.equal(packet.text, text);
  }
});

test("frames that are sent are those that are read", () => {
  assert.equal(connectFrame("/", { token: "t" }), '40{"token":"t"}');
  assert.equal(connectFrame("/im", {}), "40/im,{}");
  for (const [namespace, ack] of [
    ["/", undefined],
    ["/im", 3],
  ] as const) {
    assert.deepEqual(readPacket(eventFrame(namespace, "typing", [{ a: 1 }], ack)), {
      type: "event",
      namespace,
      event: "typing",
      args: [{ a: 1 }],
      ack,
    });
  }
});

test("no token is in what is shown, and the list does not grow for ever", () => {
  assert.equal(masked(`40{"token":"${TOKEN}"}`, TOKEN), '40{"token":"‹token›"}');
  assert.equal(masked(`x ${TOKEN} y`, ""), "x ‹token› y");
  assert.equal(masked("opaque secret", "opaque"), "‹token› secret");
  assert.ok(masked("a".repeat(20_000), "").length < 8_100);
  let frames: Frame[] = [];
  for (let i = 0; i < MOST_FRAMES + 50; i += 1) {
    frames = added(frames, { at: i, way: "in", text: "x", isHeartbeat: false });
  }
  assert.equal(frames.length, MOST_FRAMES);
  assert.equal(frames[0]?.at, 50);
  assert.equal(new Set(frames.map((one) => one.key)).size, MOST_FRAMES);
  assert.deepEqual(["ping", "pong", "2", "3", "42[]"].map(isHeartbeat), [
    true,
    true,
    true,
    true,
    false,
  ]);
});

/** A browser's socket, as far as it is used. */
class Fake {
  readonly sent: string[] = [];
  readonly url: string;
  readonly protocols: string[];
  readyState = 1;
  closed = false;
  onopen?: () => void;
  onerror?: () => void;
  onmessage?: (event: { data: unknown }) => void;
  onclose?: (event: { code: number; reason: string }) => void;
  constructor(url: string, protocols: string[]) {
    this.url = url;
    this.protocols = protocols;
  }
  send(text: string) {
    this.sent.push(text);
  }
  close() {
    this.closed = true;
    this.onclose?.({ code: 1000, reason: "" });
  }
}

function fixture() {
  const made: Fake[] = [];
  const seen: string[] = [];
  const open = (url: string, protocols: string[]) => {
    const fake = new Fake(url, protocols);
    made.push(fake);
    return fake as unknown as WebSocket;
  };
  const told = {
    frame: (way: string, text: string) => seen.push(`${way} ${text}`),
    state: (state: string) => seen.push(state),
    note: (text: string) => seen.push(`note ${text}`),
  };
  return { made, seen, open, told };
}

test("a raw line carries its token as a subprotocol", () => {
  const { made, seen, open, told } = fixture();
  const line = rawLine(open, "http://edge:1/", "tok", told);
  const socket = made[0] as Fake;
  assert.equal(socket.url, "ws://edge:1/api/v4/chat/socket");
  assert.deepEqual(socket.protocols, ["bearer", "tok"]);
  socket.onopen?.();
  line.send("ping");
  socket.onmessage?.({ data: "pong" });
  socket.onclose?.({ code: 4413, reason: "SESSION_DEACTIVATED" });
  assert.deepEqual(seen, [
    "connecting",
    "open",
    "out ping",
    "in pong",
    "note close 4413 SESSION_DEACTIVATED",
    "closed",
  ]);
});

test("a Socket.IO line connects, answers pings, and turns frames of ours into events with acks", () => {
  const { made, seen, open, told } = fixture();
  const line = socketIoLine(open, "https://edge", "tok", told);
  const socket = made[0] as Fake;
  assert.equal(socket.url, "wss://edge/socket.io/?EIO=4&transport=websocket");
  socket.onmessage?.({ data: '0{"sid":"s","pingInterval":1,"pingTimeout":1}' });
  socket.onmessage?.({ data: '40{"sid":"x"}' });
  socket.onmessage?.({ data: "2" });
  line.send('{"event":"typing","data":{"is_typing":true},"ack":5}');
  line.send("41");
  assert.deepEqual(socket.sent, [
    '40{"token":"tok"}',
    "3",
    '425["typing",{"is_typing":true}]',
    "41",
  ]);
  assert.ok(seen.includes("open"));
  socket.onmessage?.({ data: '44{"message":"TOKEN_EXPIRED"}' });
  assert.ok(socket.closed);
});

test("addresses and frames of ours", () => {
  assert.equal(socketAddress("http://127.0.0.1:8787//", "/x"), "ws://127.0.0.1:8787/x");
  assert.deepEqual(asOurs('{"event":"a","data":1}'), { event: "a", data: 1, ack: undefined });
  for (const none of ["ping", "null", "[]", "{}", '{"event":7}'])
    assert.equal(asOurs(none), undefined);
});
