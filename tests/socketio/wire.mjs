// Engine.IO by hand: what goes over the wire, and nothing that a client library would forgive.

import WebSocket from "ws";

/** How long something may take on a busy machine before a test gives it up. */
const PATIENCE = 15_000;
/** What stands between the packets of a payload, in the fourth version. */
export const SEPARATOR = "\u001e";

/** The server under test, and what it says of itself. */
export const server = {
  url: new URL(process.env.SERVER_URL ?? "http://127.0.0.1:3000").origin,
  /** The same, or another where the third version is served apart from the fourth. */
  legacyUrl: new URL(process.env.LEGACY_SERVER_URL ?? process.env.SERVER_URL ?? "http://127.0.0.1:3000").origin,
  pingInterval: Number(process.env.PING_INTERVAL ?? 300),
  pingTimeout: Number(process.env.PING_TIMEOUT ?? 200),
  maxPayload: Number(process.env.MAX_PAYLOAD ?? 1_000_000),
  /** Whether it is npm's own, against which the tests are proved. */
  isReference: process.env.REFERENCE === "1",
};

/** The address of a path with these parameters; those that are undefined are left out. */
export function address(path, parameters, eio = 4) {
  const base = eio === 3 ? server.legacyUrl : server.url;
  const query = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return `${base}${path}?${new URLSearchParams(query)}`;
}

export function sleep(millis) {
  return new Promise((done) => setTimeout(done, millis));
}

/** What is promised, or a complaint. */
export async function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what}`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Asks by HTTP: the status, the type and the text of the answer. */
export async function ask(url, options = {}) {
  const answer = await within(fetch(url, options), `answer to ${options.method ?? "GET"}`);
  const bytes = new Uint8Array(await within(answer.arrayBuffer(), "body"));
  const text = new TextDecoder().decode(bytes);
  return { status: answer.status, type: answer.headers.get("content-type"), text, bytes };
}

/** The payload of the third version, read apart: lengths are of UTF-16. */
export function packetsOfThree(payload) {
  const packets = [];
  while (payload.length > 0) {
    const colon = payload.indexOf(":");
    const length = Number(payload.slice(0, colon));
    if (colon < 1 || !Number.isInteger(length)) throw new Error(`no payload: ${payload}`);
    packets.push(payload.slice(colon + 1, colon + 1 + length));
    payload = payload.slice(colon + 1 + length);
  }
  return packets;
}

/** The payload of the third version, put together. */
export const payloadOfThree = (...packets) => packets.map((one) => `${one.length}:${one}`).join("");

/** A session over HTTP. */
export class Polling {
  constructor(path, eio, opened, rest) {
    Object.assign(this, { path, eio, opened, rest, sid: opened.sid });
  }

  static async open(path, { eio = 4, ...parameters } = {}) {
    const url = address(path, { EIO: eio, transport: "polling", ...parameters }, eio);
    const answer = await ask(url);
    if (answer.status !== 200) throw new Error(`not opened: ${answer.status} ${answer.text}`);
    const [open, ...rest] = eio === 3 ? packetsOfThree(answer.text) : answer.text.split(SEPARATOR);
    if (open[0] !== "0") throw new Error(`not opened: ${open}`);
    const session = new Polling(path, eio, JSON.parse(open.slice(1)), rest);
    session.parameters = parameters;
    return session;
  }

  url(transport = "polling") {
    const parameters = { EIO: this.eio, transport, sid: this.sid, ...this.parameters };
    return address(this.path, parameters, this.eio);
  }

  poll(options) {
    return ask(this.url(), options);
  }

  post(body, headers = {}) {
    return ask(this.url(), { method: "POST", body, headers: { "content-type": "text/plain;charset=UTF-8", ...headers } });
  }

  /** The packets of the next poll but the server's pings, which are answered. */
  async packets() {
    if (this.rest.length > 0) return this.rest.splice(0);
    for (;;) {
      const { status, text } = await this.poll();
      if (status !== 200) throw new Error(`a poll is answered ${status} ${text}`);
      if (this.eio === 3) return packetsOfThree(text);
      const packets = text.split(SEPARATOR);
      if (packets.includes("2")) await this.post("3");
      const others = packets.filter((packet) => packet !== "2");
      if (others.length > 0) return others;
    }
  }

  /** So many packets, in as many polls as that takes. */
  async take(count) {
    const taken = [];
    while (taken.length < count) taken.push(...(await this.packets()));
    return taken;
  }

  /** Whether the server still knows it. */
  async isOver() {
    const { status } = await this.poll();
    return status === 400;
  }

  /** A WebSocket with the session's name. */
  socket(options) {
    return Socket.dial(this.url("websocket"), options);
  }
}

/** A WebSocket whose messages wait to be read. */
export class Socket {
  #waiting = [];
  #readers = [];
  #ended;

  constructor(socket, { pongs = true } = {}) {
    this.socket = socket;
    this.closed = new Promise((done) => {
      this.#ended = done;
    });
    socket.on("message", (data, isBinary) => {
      const packet = isBinary ? new Uint8Array(data) : data.toString();
      if (pongs && packet === "2") return socket.send("3");
      const reader = this.#readers.shift();
      if (reader) reader.done(packet);
      else this.#waiting.push(packet);
    });
    socket.on("close", (code, reason) => {
      this.end = { code, reason: reason.toString() };
      this.#ended(this.end);
      for (const reader of this.#readers.splice(0)) reader.failed(new Error(`closed with ${code}`));
    });
    socket.on("error", () => {});
  }

  /** Opens one; where it is refused, the status of that. */
  static async dial(url, options) {
    const socket = new WebSocket(url.replace("http", "ws"), { perMessageDeflate: false });
    const wrapped = new Socket(socket, options);
    const opened = new Promise((done, failed) => {
      socket.on("open", () => done(wrapped));
      socket.on("unexpected-response", (_, answer) => done({ status: answer.statusCode }));
      socket.on("error", failed);
    });
    return within(opened, "WebSocket");
  }

  /** Opens a session; its first packet is read. */
  static async open(path, { eio = 4, pongs, ...parameters } = {}) {
    const url = address(path, { EIO: eio, transport: "websocket", ...parameters }, eio);
    const socket = await Socket.dial(url, { pongs: pongs ?? eio === 4 });
    if (!(socket instanceof Socket)) throw new Error(`not opened: ${socket.status}`);
    const open = await socket.next();
    if (open[0] !== "0") throw new Error(`not opened: ${open}`);
    socket.opened = JSON.parse(open.slice(1));
    return socket;
  }

  send(packet) {
    this.socket.send(packet);
  }

  next() {
    if (this.#waiting.length > 0) return Promise.resolve(this.#waiting.shift());
    if (this.end) return Promise.reject(new Error(`closed with ${this.end.code}`));
    const packet = new Promise((done, failed) => this.#readers.push({ done, failed }));
    return within(packet, "packet");
  }

  async take(count) {
    const taken = [];
    while (taken.length < count) taken.push(await this.next());
    return taken;
  }

  /** Waits until the server has closed it. */
  isClosed() {
    return within(this.closed, "close");
  }

  drop() {
    this.socket.terminate();
  }

  close() {
    this.socket.close();
  }
}
