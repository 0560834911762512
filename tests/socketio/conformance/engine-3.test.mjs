// Engine.IO, third version: what old clients speak. The client pings, and payloads count their packets.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Polling, Socket, address, ask, packetsOfThree, payloadOfThree, server, sleep } from "../wire.mjs";

const ECHO = "/engine.io/";
const LEGACY = { eio: 3 };

const opened = (value, upgrades) => {
  for (const name of ["sid", "upgrades", "pingInterval", "pingTimeout"]) assert.ok(name in value, name);
  assert.deepEqual(value.upgrades, upgrades);
  assert.equal(value.pingInterval, server.pingInterval);
  assert.equal(value.pingTimeout, server.pingTimeout);
};

describe("handshake", () => {
  it("opens a session by polling", async () => {
    const answer = await ask(address(ECHO, { EIO: "3", transport: "polling", b64: "1" }, 3));
    assert.equal(answer.status, 200);
    assert.match(answer.type, /^text\/plain; ?charset=utf-8$/i);
    const [open] = packetsOfThree(answer.text);
    assert.equal(open[0], "0");
    opened(JSON.parse(open.slice(1)), ["websocket"]);
  });

  it("opens a session by WebSocket", async () => {
    const socket = await Socket.open(ECHO, LEGACY);
    opened(socket.opened, []);
    socket.close();
  });

  it("refuses a session that is not known", async () => {
    const url = address(ECHO, { EIO: "3", transport: "polling", sid: "abcdefghijklmnopqrst" }, 3);
    const answer = await ask(url);
    assert.equal(answer.status, 400);
    assert.equal(JSON.parse(answer.text).code, 1);
  });
});

describe("messages", () => {
  for (const [what, packets] of [
    ["a text", ["4hello"]],
    ["an empty text", ["4"]],
    ["a text in many scripts", ["4在吗？ ö 😀 \u2028"]],
    ["several texts", ["4one", "4two", "4three"]],
  ]) {
    it(`gives ${what} back by polling`, async () => {
      const session = await Polling.open(ECHO, LEGACY);
      const posted = await session.post(payloadOfThree(...packets));
      assert.deepEqual([posted.status, posted.text], [200, "ok"]);
      assert.deepEqual(await session.take(packets.length), packets);
    });
  }

  it("gives texts and bytes back by polling to whoever wants base64", async () => {
    const session = await Polling.open(ECHO, { ...LEGACY, b64: "1" });
    const packets = ["4hello", "b4AQIDBA==", "4again"];
    assert.equal((await session.post(payloadOfThree(...packets))).status, 200);
    assert.deepEqual(await session.take(packets.length), packets);
  });

  it("gives bytes back by polling as bytes to whoever does not", async () => {
    const session = await Polling.open(ECHO, LEGACY);
    // A packet of bytes: 1, its length in digits, 255, then its type and what it carries.
    const payload = Uint8Array.from([1, 5, 255, 4, 1, 2, 3, 4]);
    const posted = await session.post(payload, { "content-type": "application/octet-stream" });
    assert.deepEqual([posted.status, posted.text], [200, "ok"]);
    const back = await session.poll();
    assert.equal(back.type, "application/octet-stream");
    assert.deepEqual(back.bytes, payload);
  });

  for (const payload of ["abc", "x:4hello", "9:4hello", "3:xyz"]) {
    it(`closes the session over the payload ${payload}`, async () => {
      const session = await Polling.open(ECHO, LEGACY);
      await session.post(payload).catch(() => undefined);
      let over = false;
      for (let poll = 0; poll < 3 && !over; poll += 1) over = await session.isOver();
      assert.equal(over, true);
    });
  }

  for (const [what, packet] of [
    ["a text", "4hello"],
    ["a text in many scripts", "4在吗？ ö 😀"],
    ["bytes, behind their type", Uint8Array.from([4, 1, 2, 3, 4])],
  ]) {
    it(`gives ${what} back by WebSocket`, async () => {
      const socket = await Socket.open(ECHO, LEGACY);
      socket.send(packet);
      assert.deepEqual(await socket.next(), packet);
      socket.close();
    });
  }

  it("closes a WebSocket that says what is none", async () => {
    const socket = await Socket.open(ECHO, LEGACY);
    socket.send("abc");
    await socket.isClosed();
  });
});

describe("heartbeat", { concurrency: true }, () => {
  it("answers a ping by polling", async () => {
    const session = await Polling.open(ECHO, LEGACY);
    for (let beat = 0; beat < 3; beat += 1) {
      assert.equal((await session.post("1:2")).status, 200);
      assert.deepEqual(await session.packets(), ["3"]);
    }
  });

  it("answers a ping by WebSocket", async () => {
    const socket = await Socket.open(ECHO, LEGACY);
    for (let beat = 0; beat < 3; beat += 1) {
      socket.send("2");
      assert.equal(await socket.next(), "3");
    }
    socket.close();
  });

  it("closes a session that polls and does not ping", async () => {
    const session = await Polling.open(ECHO, LEGACY);
    await sleep(server.pingInterval + server.pingTimeout + 200);
    assert.equal(await session.isOver(), true);
  });

  it("closes a WebSocket that does not ping", async () => {
    const socket = await Socket.open(ECHO, LEGACY);
    await socket.isClosed();
  });
});

describe("close and upgrade", () => {
  it("ends a session that polls, and the poll that waits", async () => {
    const session = await Polling.open(ECHO, LEGACY);
    const poll = session.poll();
    await sleep(20);
    assert.equal((await session.post("1:1")).status, 200);
    assert.equal((await poll).text, "1:6");
    assert.equal(await session.isOver(), true);
  });

  it("leads from polling to a WebSocket", async () => {
    const session = await Polling.open(ECHO, LEGACY);
    const socket = await session.socket({ pongs: false });
    socket.send("2probe");
    assert.equal(await socket.next(), "3probe");
    const { status, text } = await session.poll();
    assert.deepEqual([status, text], [200, "1:6"]);
    socket.send("5");
    socket.send("4hello");
    assert.equal(await socket.next(), "4hello");
    assert.equal((await session.poll()).status, 400);
    socket.send("2");
    assert.equal(await socket.next(), "3");
    socket.close();
  });
});
