// Engine.IO, fourth version, as its protocol's document has it: how a session begins, and what it carries.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Polling, SEPARATOR, Socket, address, ask, server, sleep } from "../wire.mjs";

const ECHO = "/engine.io/";
const PATHS = [ECHO, "/socket.io/"];

const opened = (value, upgrades) => {
  assert.deepEqual(Object.keys(value).sort(), ["maxPayload", "pingInterval", "pingTimeout", "sid", "upgrades"]);
  assert.equal(typeof value.sid, "string");
  assert.ok(value.sid.length >= 16, "nobody guesses it");
  assert.deepEqual(value.upgrades, upgrades);
  assert.equal(value.pingInterval, server.pingInterval);
  assert.equal(value.pingTimeout, server.pingTimeout);
  assert.equal(value.maxPayload, server.maxPayload);
};

/** A handshake that is refused: the parameters, the method, and what is said to it. */
const REFUSED = [
  ["no version", { transport: "polling" }, "GET", 5],
  ["a version that is none", { EIO: "abc", transport: "polling" }, "GET", 5],
  ["a version to come", { EIO: "5", transport: "polling" }, "GET", 5],
  ["no transport", { EIO: "4" }, "GET", 0],
  ["a transport that is none", { EIO: "4", transport: "abc" }, "GET", 0],
  ["a session that is not known", { EIO: "4", transport: "polling", sid: "abcdefghijklmnopqrst" }, "GET", 1],
  ["a post", { EIO: "4", transport: "polling" }, "POST", 2],
  ["a put", { EIO: "4", transport: "polling" }, "PUT", 2],
  ["a post to a session that is not known", { EIO: "4", transport: "polling", sid: "abc" }, "POST", 1],
];

describe("handshake", () => {
  for (const path of PATHS) {
    it(`opens a session by polling at ${path}`, async () => {
      const answer = await ask(address(path, { EIO: "4", transport: "polling" }));
      assert.equal(answer.status, 200);
      assert.match(answer.type, /^text\/plain; ?charset=utf-8$/i);
      assert.equal(answer.text[0], "0");
      opened(JSON.parse(answer.text.slice(1)), ["websocket"]);
    });

    it(`opens a session by WebSocket at ${path}`, async () => {
      const socket = await Socket.open(path);
      opened(socket.opened, []);
      socket.close();
    });

    for (const [what, parameters, method, code] of REFUSED) {
      it(`refuses ${what} at ${path}`, async () => {
        const answer = await ask(address(path, parameters), { method });
        assert.equal(answer.status, 400);
        const { code: told, message } = JSON.parse(answer.text);
        assert.equal(told, code);
        assert.ok(message.length > 0);
      });
    }

    for (const [what, parameters] of [
      ["no version", { transport: "websocket" }],
      ["a version that is none", { EIO: "abc", transport: "websocket" }],
    ]) {
      it(`opens no session by WebSocket with ${what} at ${path}`, async () => {
        const socket = await Socket.dial(address(path, parameters));
        if (socket instanceof Socket) {
          await socket.isClosed();
          await assert.rejects(async () => assert.notEqual((await socket.next())[0], "0"));
        } else {
          assert.equal(socket.status, 400);
        }
      });
    }

    for (const [what, parameters] of [
      ["no transport", { EIO: "4" }],
      ["a transport that is none", { EIO: "4", transport: "abc" }],
      ["a session that is not known", { EIO: "4", transport: "websocket", sid: "abcdefghijklmnopqrst" }],
    ]) {
      it(`refuses a WebSocket with ${what} at ${path}`, async () => {
        const { status } = await Socket.dial(address(path, parameters));
        assert.equal(status, 400);
      });
    }
  }

  it("gives each session a name of its own", async () => {
    const sessions = await Promise.all(Array.from({ length: 20 }, () => Polling.open(ECHO)));
    assert.equal(new Set(sessions.map(({ sid }) => sid)).size, 20);
  });
});

describe("messages over polling", () => {
  for (const [what, payload] of [
    ["a text", "4hello"],
    ["an empty text", "4"],
    ["a text in many scripts", "4在吗？ ö 😀 \u2028 \0"],
    ["several texts", ["4one", "4two", "4three"].join(SEPARATOR)],
    ["bytes in base64", "bAQIDBA=="],
    ["texts and bytes", ["4hello", "bAQIDBA==", "4again"].join(SEPARATOR)],
  ]) {
    it(`gives ${what} back`, async () => {
      const session = await Polling.open(ECHO);
      const posted = await session.post(payload);
      assert.deepEqual([posted.status, posted.text], [200, "ok"]);
      const packets = payload.split(SEPARATOR);
      assert.deepEqual(await session.take(packets.length), packets);
    });
  }

  it("answers a poll that waits when there is something to say", async () => {
    const session = await Polling.open(ECHO);
    const packets = session.take(1);
    await session.post("4late");
    assert.deepEqual(await packets, ["4late"]);
  });

  it("keeps the order over many posts", async () => {
    const session = await Polling.open(ECHO);
    const sent = Array.from({ length: 50 }, (_, n) => `4${n}`);
    const taken = session.take(sent.length);
    for (const packet of sent) assert.equal((await session.post(packet)).status, 200);
    assert.deepEqual(await taken, sent);
  });

  for (const [what, payload] of [
    ["a type that is none", "abc"],
    ["nothing", ""],
    ["a type that is none behind a good packet", `4a${SEPARATOR}xyz`],
  ]) {
    it(`closes the session over a payload of ${what}`, async () => {
      const session = await Polling.open(ECHO);
      const posted = await session.post(payload).catch(() => ({ status: 400 }));
      if (what !== "nothing") assert.notEqual(posted.text, undefined, "it is answered");
      assert.equal(await ends(session), true);
    });
  }

  it("closes the session when it is polled twice at a time", async () => {
    const session = await Polling.open(ECHO);
    const [first, second] = await Promise.all([session.poll(), sleep(20).then(() => session.poll())]);
    assert.deepEqual([first.status, first.text], [200, "1"]);
    assert.ok([400, 500].includes(second.status), `${second.status}`);
    assert.equal(await session.isOver(), true);
  });
});

/** A session that is closing may say so in the next poll, and is not known after that. */
async function ends(session) {
  for (let poll = 0; poll < 3; poll += 1) {
    const { status, text } = await session.poll();
    if (status === 400) return true;
    assert.ok(text.split(SEPARATOR).every((packet) => ["1", "6", "4a"].includes(packet)), text);
  }
  return false;
}

describe("messages over WebSocket", () => {
  for (const [what, packet] of [
    ["a text", "4hello"],
    ["an empty text", "4"],
    ["a text in many scripts", "4在吗？ ö 😀 \u2028 \0"],
    ["bytes", Uint8Array.from([1, 2, 3, 4])],
    ["no bytes", new Uint8Array()],
  ]) {
    it(`gives ${what} back`, async () => {
      const socket = await Socket.open(ECHO);
      socket.send(packet);
      assert.deepEqual(await socket.next(), packet);
      socket.close();
    });
  }

  it("keeps the order of texts and bytes", async () => {
    const socket = await Socket.open(ECHO);
    const sent = Array.from({ length: 100 }, (_, n) => (n % 3 === 0 ? Uint8Array.from([n]) : `4${n}`));
    for (const packet of sent) socket.send(packet);
    assert.deepEqual(await socket.take(sent.length), sent);
    socket.close();
  });

  for (const packet of ["abc", "", "7", "9nothing"]) {
    it(`closes the session over ${JSON.stringify(packet)}`, async () => {
      const socket = await Socket.open(ECHO);
      socket.send(packet);
      await socket.isClosed();
    });
  }
});

describe("payloads", () => {
  const largest = server.maxPayload;

  it("takes what is not too large by polling", async () => {
    const session = await Polling.open(ECHO);
    const packet = `4${"x".repeat(largest - 1)}`;
    assert.equal((await session.post(packet)).status, 200);
    const [back] = await session.take(1);
    assert.equal(back.length, packet.length);
  });

  for (const [what, packet] of [
    ["ASCII", `4${"x".repeat(largest)}`],
    ["other scripts, which count by their bytes", `4${"字".repeat(largest / 3 + 1)}`],
  ]) {
    it(`refuses a post that is too large of ${what}`, async () => {
      const session = await Polling.open(ECHO);
      // Who is refused while it sends may not get to read why.
      const posted = await session.post(packet).catch(() => ({ status: 413 }));
      assert.equal(posted.status, 413);
    });
  }

  it("takes what is not too large by WebSocket", async () => {
    const socket = await Socket.open(ECHO);
    const packet = `4${"x".repeat(largest - 1)}`;
    socket.send(packet);
    assert.equal((await socket.next()).length, packet.length);
    socket.close();
  });

  it("closes a WebSocket that sends too much", async () => {
    const socket = await Socket.open(ECHO);
    socket.send(`4${"x".repeat(largest)}`);
    await socket.isClosed();
  });
});
