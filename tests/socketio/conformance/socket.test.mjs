// Socket.IO, fifth version, as its protocol's document has it, over Engine.IO's fourth; and what clients
// of Engine.IO's third find different.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Polling, SEPARATOR, Socket, payloadOfThree, server, sleep } from "../wire.mjs";

const PATH = "/socket.io/";
const bytes = (...values) => Uint8Array.from(values);

/** Lets a client into a namespace; its name there. */
async function enter(socket, namespace = "") {
  const prefix = namespace === "" ? "" : `${namespace},`;
  socket.send(`40${prefix}`);
  const [connected, auth] = await socket.take(2);
  assert.ok(connected.startsWith(`40${prefix}{`), connected);
  assert.equal(auth, `42${prefix}["auth",{}]`);
  return JSON.parse(connected.slice(2 + prefix.length)).sid;
}

async function inside(namespace) {
  const socket = await Socket.open(PATH);
  socket.sid = await enter(socket, namespace);
  return socket;
}

describe("connect", () => {
  for (const [what, sent, back, auth] of [
    ["the main namespace", "40", "40", '42["auth",{}]'],
    ["the main namespace with a payload", '40{"token":"123"}', "40", '42["auth",{"token":"123"}]'],
    ["another namespace", "40/custom,", "40/custom,", '42/custom,["auth",{}]'],
    ["another namespace without the comma", "40/custom", "40/custom,", '42/custom,["auth",{}]'],
    ["another namespace with a payload", '40/custom,{"token":"a,b"}', "40/custom,", '42/custom,["auth",{"token":"a,b"}]'],
  ]) {
    it(`lets into ${what}`, async () => {
      const socket = await Socket.open(PATH);
      socket.send(sent);
      const connected = await socket.next();
      assert.ok(connected.startsWith(`${back}{`), connected);
      const handshake = JSON.parse(connected.slice(back.length));
      assert.deepEqual(Object.keys(handshake), ["sid"]);
      assert.equal(typeof handshake.sid, "string");
      assert.notEqual(handshake.sid, socket.opened.sid, "not the name that polls and upgrades");
      assert.equal(await socket.next(), auth);
      socket.close();
    });
  }

  it("refuses a namespace that is not there, and goes on", async () => {
    const socket = await Socket.open(PATH);
    socket.send("40/random");
    assert.equal(await socket.next(), '44/random,{"message":"Invalid namespace"}');
    await enter(socket);
    socket.close();
  });

  it("has several namespaces on one connection, each with a name of its own", async () => {
    const socket = await Socket.open(PATH);
    const names = [await enter(socket), await enter(socket, "/custom")];
    assert.notEqual(names[0], names[1]);
    socket.send('42/custom,["message","there"]');
    socket.send('42["message","here"]');
    assert.deepEqual(await socket.take(2), ['42/custom,["message-back","there"]', '42["message-back","here"]']);
    socket.close();
  });

  for (const [what, ...packets] of [
    ["no packet of Socket.IO", "4abc"],
    ["an event before it is let in", '42["message",1]'],
    ["a payload that is no object", "40[]"],
  ]) {
    it(`closes over ${what}`, async () => {
      const socket = await Socket.open(PATH);
      for (const packet of packets) socket.send(packet);
      await socket.isClosed();
    });
  }
});

describe("disconnect", () => {
  it("comes to whoever asks to be let in where it is", async () => {
    const socket = await inside();
    socket.send("40");
    await socket.isClosed();
  });

  it("leaves the main namespace, and the connection stays for another time", async () => {
    const socket = await inside();
    socket.send("41");
    // npm's server is still about it when the next packet comes at once.
    if (server.isReference) await sleep(100);
    const again = await enter(socket);
    assert.notEqual(again, socket.sid);
    socket.send('42["message","again"]');
    assert.equal(await socket.next(), '42["message-back","again"]');
    socket.close();
  });

  it("leaves one namespace and stays in the other", async () => {
    const socket = await inside();
    await enter(socket, "/custom");
    socket.send("41/custom,");
    socket.send('42["message","here"]');
    assert.equal(await socket.next(), '42["message-back","here"]');
    await enter(socket, "/custom");
    socket.close();
  });

  it("keeps the heartbeat of a connection that is in no namespace", async () => {
    const socket = await Socket.open(PATH, { pongs: false });
    socket.send("40");
    await socket.take(2);
    socket.send("41");
    assert.equal(await socket.next(), "2");
    socket.close();
  });
});

describe("events", () => {
  for (const [what, sent, back] of [
    ["of a text", '42["message","hello"]', '42["message-back","hello"]'],
    ["of nothing", '42["message"]', '42["message-back"]'],
    ["of all that JSON has", '42["message",1,"2",{"3":[true]},null,-0.5]', '42["message-back",1,"2",{"3":[true]},null,-0.5]'],
    ["in many scripts", '42["message","在吗？ 😀"]', '42["message-back","在吗？ 😀"]'],
    ["with an ack", '42456["message-with-ack",1,"2",{"3":[false]}]', '43456[1,"2",{"3":[false]}]'],
    ["with the ack 0 and nothing to say", '420["message-with-ack"]', "430[]"],
  ]) {
    for (const namespace of ["", "/custom"]) {
      it(`gives back one ${what} in ${namespace || "/"}`, async () => {
        const socket = await inside(namespace);
        const within = (packet) => (namespace === "" ? packet : `${packet.slice(0, 2)}${namespace},${packet.slice(2)}`);
        socket.send(within(sent));
        assert.equal(await socket.next(), within(back));
        socket.close();
      });
    }
  }

  const two = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}';

  for (const [what, sent, back] of [
    ["an event", `452-["message",${two}]`, `452-["message-back",${two}]`],
    ["an event in another namespace", `452-/custom,["message",${two}]`, `452-/custom,["message-back",${two}]`],
    ["an event with an ack", `452-789["message-with-ack",${two}]`, `462-789[${two}]`],
    ["an event with bytes deep inside", `452-["message",{"a":[${two}]}]`, `452-["message-back",{"a":[${two}]}]`],
  ]) {
    it(`carries bytes with ${what}`, async () => {
      const socket = await inside(sent.includes("/custom") ? "/custom" : "");
      socket.send(sent);
      socket.send(bytes(1, 2, 3));
      socket.send(bytes(4, 5, 6));
      assert.deepEqual(await socket.take(3), [back, bytes(1, 2, 3), bytes(4, 5, 6)]);
      socket.close();
    });
  }

  for (const [what, ...packets] of [
    ["a type that is none", "4abc"],
    ["a type beyond the last", '49["message"]'],
    ["an event that is no list", "42{}"],
    ["an event that is no JSON", '42["message"'],
    ["an event without a name", "42[]"],
    ["an event whose name is none", "42[{}]"],
    ["an event with the name of a client's own", '42["disconnect"]'],
    ["an ack that is no number", '42abc["message-with-ack",1]'],
    ["bytes that nobody has announced", bytes(1, 2, 3)],
    ["a text where bytes were announced", `452-["message",${two}]`, '42["message",1]'],
    ["a number of bytes that is none", `45x-["message",${two}]`],
    ["an event in a namespace that it is not in", '42/custom,["message",1]'],
    ["a place for bytes that are not there", '451-["message",{"_placeholder":true,"num":7}]', bytes(1)],
  ]) {
    it(`closes over ${what}`, async () => {
      const socket = await inside();
      for (const packet of packets) socket.send(packet);
      await socket.isClosed();
    });
  }

  it("passes over an event that nobody listens to", async () => {
    const socket = await inside();
    socket.send('42["nothing",1]');
    socket.send('42["message",1]');
    assert.equal(await socket.next(), '42["message-back",1]');
    socket.close();
  });
});

describe("over polling", () => {
  const entered = async () => {
    const session = await Polling.open(PATH);
    await session.post("40");
    const [connected, auth] = await session.take(2);
    assert.match(connected, /^40\{"sid":"[^"]+"\}$/);
    assert.equal(auth, '42["auth",{}]');
    return session;
  };

  it("lets in, and gives events and acks back", async () => {
    const session = await entered();
    await session.post(['42["message",1]', '427["message-with-ack",2]'].join(SEPARATOR));
    assert.deepEqual(await session.take(2), ['42["message-back",1]', "437[2]"]);
  });

  it("carries bytes in base64", async () => {
    const session = await entered();
    await session.post(['451-["message",{"_placeholder":true,"num":0}]', "bAQID"].join(SEPARATOR));
    assert.deepEqual(await session.take(2), ['451-["message-back",{"_placeholder":true,"num":0}]', "bAQID"]);
  });

  it("stays the same when it goes over to a WebSocket", async () => {
    const session = await entered();
    const socket = await session.socket();
    socket.send("2probe");
    assert.equal(await socket.next(), "3probe");
    socket.send("5");
    socket.send('42["message","over"]');
    let packet = await socket.next();
    while (packet === "6") packet = await socket.next();
    assert.equal(packet, '42["message-back","over"]');
    socket.close();
  });

  it("ends the session over a packet that is none", async () => {
    const session = await entered();
    await session.post("42{}");
    let over = false;
    for (let poll = 0; poll < 3 && !over; poll += 1) over = await session.isOver();
    assert.equal(over, true);
  });
});

describe("clients of the third version", () => {
  /** The next packet that is not the greeting of a namespace. */
  async function back(next) {
    for (;;) {
      const packet = await next();
      if (packet !== "40" && packet !== "40/custom" && packet !== "40/custom," && !packet.includes('"auth"')) return packet;
    }
  }

  it("are in the main namespace without asking", async () => {
    const socket = await Socket.open(PATH, { eio: 3 });
    assert.equal(await socket.next(), "40");
    socket.send('42["message",1,"2"]');
    assert.equal(await back(() => socket.next()), '42["message-back",1,"2"]');
    socket.send('427["message-with-ack",{"a":1}]');
    assert.equal(await back(() => socket.next()), '437[{"a":1}]');
    socket.close();
  });

  it("ask for others, with a query or without", async () => {
    for (const asked of ["40/custom", "40/custom,", "40/custom?token=abc,"]) {
      const socket = await Socket.open(PATH, { eio: 3 });
      assert.equal(await socket.next(), "40");
      socket.send(asked);
      let packet = await socket.next();
      while (!packet.startsWith("40/custom")) packet = await socket.next();
      socket.send('42/custom,["message",1]');
      assert.equal(await back(() => socket.next()), '42/custom,["message-back",1]');
      socket.close();
    }
  });

  it("are told of a namespace that is not there", async () => {
    const socket = await Socket.open(PATH, { eio: 3 });
    assert.equal(await socket.next(), "40");
    socket.send("40/random");
    assert.equal(await back(() => socket.next()), '44/random,{"message":"Invalid namespace"}');
    socket.close();
  });

  it("send bytes behind a type", async () => {
    const socket = await Socket.open(PATH, { eio: 3 });
    assert.equal(await socket.next(), "40");
    socket.send('451-["message",{"_placeholder":true,"num":0}]');
    socket.send(bytes(4, 1, 2, 3));
    const first = await back(() => socket.next());
    assert.equal(first, '451-["message-back",{"_placeholder":true,"num":0}]');
    assert.deepEqual(await socket.next(), bytes(4, 1, 2, 3));
    socket.close();
  });

  it("may poll", async () => {
    const session = await Polling.open(PATH, { eio: 3 });
    await session.post(payloadOfThree('42["message","在吗"]'));
    const waiting = [];
    const next = async () => {
      if (waiting.length === 0) waiting.push(...(await session.packets()));
      return waiting.shift();
    };
    assert.equal(await back(next), '42["message-back","在吗"]');
  });
});
