import { connectFrame, eventFrame, readPacket } from "./packet.ts";

/** What a line tells. */
export interface Told {
  frame: (way: "in" | "out", text: string) => void;
  /** It opened: `true` once it is let in. */
  state: (state: "connecting" | "open" | "closed") => void;
  /** What happened, for people. */
  note: (text: string) => void;
}

/** A socket to watch. */
export interface Line {
  /** Sends a frame of ours, `{event, data, ack?}`, or text as it is. */
  send: (text: string) => void;
  close: () => void;
}

/** The part of a browser's socket that is used. */
export type Open = (url: string, protocols: string[]) => WebSocket;

/** The address with the socket's scheme. */
export function socketAddress(base: string, path: string): string {
  return `${base.replace(/\/+$/, "").replace(/^http/, "ws")}${path}`;
}

interface Ours {
  event: string;
  data: unknown;
  ack?: number | undefined;
}

/** A frame of ours, where the text is one. */
export function asOurs(text: string): Ours | undefined {
  try {
    const value = JSON.parse(text) as Partial<Ours> | null;
    if (typeof value?.event !== "string") return undefined;
    const ack = typeof value.ack === "number" ? value.ack : undefined;
    return { event: value.event, data: value.data, ack };
  } catch {
    return undefined;
  }
}

function watched(socket: WebSocket, told: Told): void {
  told.state("connecting");
  socket.onerror = () => told.note("error");
  socket.onclose = ({ code, reason }) => {
    told.note(`close ${code}${reason ? ` ${reason}` : ""}`);
    told.state("closed");
  };
}

/** A raw WebSocket, with the token as its subprotocol. */
export function rawLine(open: Open, base: string, token: string, told: Told): Line {
  const socket = open(socketAddress(base, "/api/v4/chat/socket"), ["bearer", token]);
  watched(socket, told);
  socket.onopen = () => told.state("open");
  socket.onmessage = ({ data }) => told.frame("in", String(data));
  return {
    send: (text) => {
      told.frame("out", text);
      socket.send(text);
    },
    close: () => socket.close(1000),
  };
}

/** Socket.IO over a WebSocket: it connects, answers pings, and turns frames of ours into events. */
export function socketIoLine(open: Open, base: string, token: string, told: Told): Line {
  const socket = open(socketAddress(base, "/socket.io/?EIO=4&transport=websocket"), []);
  watched(socket, told);
  const send = (text: string) => {
    told.frame("out", text);
    socket.send(text);
  };
  socket.onmessage = ({ data }) => {
    const text = typeof data === "string" ? data : "(bytes)";
    told.frame("in", text);
    const packet = readPacket(text);
    if (packet.type === "open") send(connectFrame("/", { token }));
    if (packet.type === "ping") send("3");
    if (packet.type === "connect") told.state("open");
    if (packet.type === "connect_error" || packet.type === "disconnect") socket.close(1000);
  };
  return {
    send: (text) => {
      const ours = asOurs(text);
      send(ours ? eventFrame("/", ours.event, [ours.data], ours.ack) : text);
    },
    close: () => {
      if (socket.readyState === 1) send("41");
      socket.close(1000);
    },
  };
}
