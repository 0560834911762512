// Engine.IO, fourth version: how a session lives, goes over to a WebSocket, and ends.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Polling, SEPARATOR, Socket, address, ask, server, sleep } from "../wire.mjs";

const ECHO = "/engine.io/";

describe("heartbeat", { concurrency: true }, () => {
  it("pings a session that polls", async () => {
    const session = await Polling.open(ECHO);
    for (let beat = 0; beat < 3; beat += 1) {
      const { status, text } = await session.poll();
      assert.deepEqual([status, text], [200, "2"]);
      assert.equal((await session.post("3")).status, 200);
    }
  });

  it("closes a session that polls and does not answer", async () => {
    const session = await Polling.open(ECHO);
    await sleep(server.pingInterval + server.pingTimeout + 200);
    assert.equal(await session.isOver(), true);
  });

  it("pings a WebSocket", async () => {
    const socket = await Socket.open(ECHO, { pongs: false });
    for (let beat = 0; beat < 3; beat += 1) {
      assert.equal(await socket.next(), "2");
      socket.send("3");
    }
    socket.close();
  });

  it("closes a WebSocket that does not answer", async () => {
    const socket = await Socket.open(ECHO, { pongs: false });
    assert.equal(await socket.next(), "2");
    await socket.isClosed();
  });

  it("keeps whoever answers, however long it is silent else", async () => {
    const socket = await Socket.open(ECHO);
    await sleep(4 * (server.pingInterval + server.pingTimeout));
    socket.send("4still here");
    assert.equal(await socket.next(), "4still here");
    socket.close();
  });

  it("closes whoever pings itself, which is the server's to do", async () => {
    const socket = await Socket.open(ECHO);
    socket.send("2");
    await socket.isClosed();
  });
});

describe("close", () => {
  it("ends a session that polls, and the poll that waits", async () => {
    const session = await Polling.open(ECHO);
    const poll = session.poll();
    await sleep(20);
    assert.equal((await session.post("1")).status, 200);
    const { status, text } = await poll;
    assert.deepEqual([status, text], [200, "6"]);
    assert.equal(await session.isOver(), true);
  });

  it("ends a WebSocket", async () => {
    // npm's server does not read it, and lets the heartbeat end what is then silent.
    const socket = await Socket.open(ECHO, { pongs: !server.isReference });
    socket.send("1");
    await socket.isClosed();
  });
});

/** Goes over to a WebSocket. */
async function upgrade(session) {
  const socket = await session.socket();
  socket.send("2probe");
  assert.equal(await socket.next(), "3probe");
  const { status, text } = await session.poll();
  assert.deepEqual([status, text], [200, "6"], "the poll ends without a word");
  socket.send("5");
  return socket;
}

describe("upgrade", () => {
  it("leads from polling to a WebSocket", async () => {
    const socket = await upgrade(await Polling.open(ECHO));
    socket.send("4hello");
    assert.equal(await socket.next(), "4hello");
    socket.close();
  });

  it("ends the poll that waited before the probe", async () => {
    const session = await Polling.open(ECHO);
    const poll = session.poll();
    const socket = await session.socket();
    socket.send("2probe");
    assert.equal(await socket.next(), "3probe");
    assert.equal((await poll).text, "6");
    socket.send("5");
    socket.send("4hello");
    assert.equal(await socket.next(), "4hello");
    socket.close();
  });

  it("loses and repeats nothing that is said meanwhile", async () => {
    for (let round = 0; round < 5; round += 1) {
      const session = await Polling.open(ECHO);
      const sent = Array.from({ length: 12 }, (_, n) => `4${round} ${n}`);
      const taken = [];
      const poll = async () => {
        const { status, text } = await session.poll();
        assert.equal(status, 200);
        const packets = text.split(SEPARATOR);
        taken.push(...packets.filter((packet) => packet !== "6" && packet !== "2"));
        if (packets.includes("2")) await session.post("3");
      };
      for (const packet of sent.slice(0, 3)) await session.post(packet);
      await poll();
      const first = poll();
      const socket = await session.socket();
      socket.send("2probe");
      await session.post(sent.slice(3, 6).join(SEPARATOR));
      assert.equal(await socket.next(), "3probe");
      await first;
      await session.post(sent[6]);
      socket.send("5");
      for (const packet of sent.slice(7)) socket.send(packet);
      while (taken.length < sent.length) {
        const packet = await socket.next();
        if (packet !== "6") taken.push(packet);
      }
      assert.deepEqual(taken, sent);
      socket.close();
    }
  });

  it("refuses HTTP with the name of a session that has gone over", async () => {
    const session = await Polling.open(ECHO);
    const socket = await upgrade(session);
    socket.send("4hello");
    assert.equal(await socket.next(), "4hello");
    assert.equal((await session.poll()).status, 400);
    assert.equal((await session.post("4hello")).status, 400);
    socket.send("4undisturbed");
    assert.equal(await socket.next(), "4undisturbed");
    socket.close();
  });

  it("closes a second WebSocket with the name of a session that has gone over", async () => {
    const session = await Polling.open(ECHO);
    const socket = await upgrade(session);
    socket.send("4hello");
    assert.equal(await socket.next(), "4hello");
    const second = await session.socket();
    assert.ok(second instanceof Socket, "it is accepted first");
    await second.isClosed();
    socket.send("4undisturbed");
    assert.equal(await socket.next(), "4undisturbed");
    socket.close();
  });

  it("goes on by polling where the probe comes to nothing", async () => {
    const session = await Polling.open(ECHO);
    const socket = await session.socket();
    socket.send("2probe");
    assert.equal(await socket.next(), "3probe");
    socket.drop();
    await session.post("4hello");
    let [packet] = await session.take(1);
    // The poll that the probe would have ended.
    if (packet === "6") [packet] = await session.take(1);
    assert.equal(packet, "4hello");
  });

  it("closes a WebSocket whose probe is none, and goes on by polling", async () => {
    const session = await Polling.open(ECHO);
    const socket = await session.socket();
    socket.send("4hello");
    await socket.isClosed();
    await session.post("4still here");
    assert.deepEqual(await session.take(1), ["4still here"]);
  });

  it("pings over the WebSocket then", async () => {
    const session = await Polling.open(ECHO);
    const socket = await session.socket({ pongs: false });
    socket.send("2probe");
    assert.equal(await socket.next(), "3probe");
    socket.send("5");
    for (let beat = 0; beat < 2; beat += 1) {
      let packet = await socket.next();
      while (packet === "6") packet = await socket.next();
      assert.equal(packet, "2");
      socket.send("3");
    }
    socket.close();
  });

  it("says of a session that began with a WebSocket that there is nothing to go over to", async () => {
    const socket = await Socket.open(ECHO);
    const { sid } = socket.opened;
    const answer = await ask(address(ECHO, { EIO: "4", transport: "polling", sid }));
    assert.equal(answer.status, 400);
    socket.send("4undisturbed");
    assert.equal(await socket.next(), "4undisturbed");
    socket.close();
  });
});
