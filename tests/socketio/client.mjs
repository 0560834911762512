// Clients of a library as it is published, told by lines of JSON what to do; what they see goes out as
// lines of JSON. `node client.mjs <library>`; it ends with its input.
//
//   {"do":"open","client":"a","url":"http://…/im","options":{…}}
//   {"do":"emit","client":"a","event":"typing","args":[…],"ack":1}     ack: where an answer is wanted
//   {"do":"connect","client":"a"}  {"do":"disconnect","client":"a"}

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

import { pretend } from "./wx.mjs";

const require = createRequire(import.meta.url);

/** How each library is loaded: its `io`. */
const LIBRARIES = {
  "socket.io-client": async () => (await import("socket.io-client")).io,
  "socket.io-client-2": async () => {
    // As it was made, before Node had one of its own.
    delete globalThis.WebSocket;
    return require("socket.io-client-2");
  },
  "weapp.socket.io": async () => {
    pretend();
    return require("weapp.socket.io");
  },
  "weapp.socket.io-2": async () => {
    pretend();
    return require("weapp.socket.io-2");
  },
};

const tell = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
const clients = new Map();
const io = await LIBRARIES[process.argv[2]]();

function open({ client: name, url, options }) {
  const socket = io(url, options);
  clients.set(name, socket);
  const saw = (what, more) => tell({ client: name, saw: what, ...more });
  const transport = () => socket.io.engine?.transport?.name;
  socket.on("connect", () => saw("connect", { id: socket.id, transport: transport() }));
  socket.on("disconnect", (reason) => saw("disconnect", { reason }));
  socket.on("connect_error", (error) => saw("connect_error", { message: error.message, data: error.data }));
  if (socket.onAny) {
    socket.onAny((event, ...args) => saw("event", { event, args }));
  } else {
    // The second version has no such thing, and tells of a refusal in an event of this name.
    socket.on("error", (error) => saw("connect_error", { message: error?.message ?? error, data: error }));
    const { onevent } = socket;
    socket.onevent = function listen(packet) {
      const [event, ...args] = packet.data;
      saw("event", { event, args });
      onevent.call(this, packet);
    };
  }
  watch(socket, saw);
}

/** Tells when the connection has gone over to another transport; each connection has an engine of its own. */
function watch(socket, saw) {
  const seen = new WeakSet();
  const look = () => {
    const { engine } = socket.io;
    if (!engine || seen.has(engine)) return;
    seen.add(engine);
    engine.on("upgrade", (transport) => saw("upgrade", { transport: transport.name }));
  };
  look();
  for (const event of ["reconnect_attempt", "open"]) socket.io.on(event, () => setImmediate(look));
}

function emit({ client, event, args = [], ack }) {
  const answered = (...answer) => tell({ client, saw: "ack", ack, args: answer });
  clients.get(client).emit(event, ...args, ...(ack === undefined ? [] : [answered]));
}

const orders = {
  open,
  emit,
  connect: ({ client }) => clients.get(client).connect(),
  disconnect: ({ client }) => clients.get(client).disconnect(),
};

process.on("uncaughtException", (error) => {
  tell({ saw: "fault", message: `${error.stack}` });
  process.exit(1);
});
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const order = JSON.parse(line);
    orders[order.do](order);
  })
  .on("close", () => process.exit(0));
