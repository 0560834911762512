// The servers that the tests are proved against: npm's own, with the behaviour that the tests ask for.
// Prints where they are, and runs until its input ends.

import { createServer } from "node:http";
import { Server as Engine } from "engine.io";
import { Server } from "socket.io";

const settings = {
  pingInterval: Number(process.env.PING_INTERVAL ?? 300),
  pingTimeout: Number(process.env.PING_TIMEOUT ?? 200),
  maxHttpBufferSize: Number(process.env.MAX_PAYLOAD ?? 1_000_000),
};

function start(allowEIO3) {
  const http = createServer();
  const engine = new Engine({ ...settings, allowEIO3 });
  engine.attach(http, { path: "/engine.io/" });
  engine.on("connection", (socket) => {
    socket.on("message", (data) => socket.send(data));
  });

  const io = new Server(http, { ...settings, allowEIO3 });
  for (const name of ["/", "/custom"]) {
    io.of(name).on("connection", (socket) => {
      socket.emit("auth", socket.handshake.auth);
      socket.on("message", (...args) => socket.emit("message-back", ...args));
      socket.on("message-with-ack", (...args) => {
        const ack = args.pop();
        ack(...args);
      });
    });
  }
  io.of("/locked").use((socket, next) => {
    if (socket.handshake.auth.token === "right" || socket.handshake.query.token === "right") return next();
    next(Object.assign(new Error("no entry"), { data: { code: "TOKEN_INVALID", message: "no entry" } }));
  });
  io.of("/locked").on("connection", (socket) => {
    socket.on("message-with-ack", (...args) => args.pop()(...args));
    socket.on("end", () => socket.disconnect());
  });
  return new Promise((done) => {
    http.listen(0, "127.0.0.1", () => done(`http://127.0.0.1:${http.address().port}`));
  });
}

// One that allows the third version takes whatever is not the fourth for it.
const [url, legacyUrl] = [await start(false), await start(true)];
console.log(JSON.stringify({ url, legacyUrl }));
process.stdin.on("end", () => process.exit(0)).resume();
