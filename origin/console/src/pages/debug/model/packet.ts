/** A packet of Socket.IO 5 (that of clients 3 and 4), in the default or another namespace. */
export type Packet =
  | { type: "open"; sid: string; pingInterval: number; pingTimeout: number }
  | { type: "ping" }
  | { type: "pong" }
  | { type: "close" }
  | { type: "connect"; namespace: string; data: unknown }
  | { type: "disconnect"; namespace: string }
  | { type: "event"; namespace: string; event: string; args: unknown[]; ack: number | undefined }
  | { type: "ack"; namespace: string; ack: number; args: unknown[] }
  | { type: "connect_error"; namespace: string; data: unknown }
  | { type: "unknown"; text: string };

function json(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Namespace, ack and the rest of a message: `/im,7["event"]`. */
function split(text: string): { namespace: string; ack: number | undefined; rest: string } {
  const found = /^(?:(\/[^,]*),)?(\d+)?(.*)$/s.exec(text);
  const ack = found?.[2];
  return {
    namespace: found?.[1] ?? "/",
    ack: ack === undefined ? undefined : Number(ack),
    rest: found?.[3] ?? "",
  };
}

function readMessage(text: string): Packet {
  const { namespace, ack, rest } = split(text.slice(1));
  const unknown: Packet = { type: "unknown", text: `4${text}` };
  const value = json(rest);
  switch (text[0]) {
    case "0":
      return { type: "connect", namespace, data: value };
    case "1":
      return { type: "disconnect", namespace };
    case "2": {
      if (!Array.isArray(value) || typeof value[0] !== "string") return unknown;
      return { type: "event", namespace, event: value[0], args: value.slice(1), ack };
    }
    case "3":
      if (!Array.isArray(value) || ack === undefined) return unknown;
      return { type: "ack", namespace, ack, args: value };
    case "4":
      return { type: "connect_error", namespace, data: value };
    default:
      return unknown;
  }
}

/** Reads a text frame of Engine.IO 4. What is none is told as it is. */
export function readPacket(text: string): Packet {
  switch (text[0]) {
    case "0": {
      const told = json(text.slice(1)) as Record<string, unknown> | undefined;
      if (typeof told?.sid !== "string") return { type: "unknown", text };
      return {
        type: "open",
        sid: told.sid,
        pingInterval: Number(told.pingInterval) || 25_000,
        pingTimeout: Number(told.pingTimeout) || 20_000,
      };
    }
    case "1":
      return { type: "close" };
    case "2":
      return { type: "ping" };
    case "3":
      return { type: "pong" };
    case "4":
      return readMessage(text.slice(1));
    default:
      return { type: "unknown", text };
  }
}

function place(namespace: string): string {
  return namespace === "/" ? "" : `${namespace},`;
}

/** The frame that asks to be let into a namespace. */
export function connectFrame(namespace: string, auth: unknown): string {
  return `40${place(namespace)}${JSON.stringify(auth)}`;
}

/** The frame of an event; with `ack`, one that asks for an answer. */
export function eventFrame(
  namespace: string,
  event: string,
  args: readonly unknown[],
  ack?: number,
): string {
  return `42${place(namespace)}${ack ?? ""}${JSON.stringify([event, ...args])}`;
}
