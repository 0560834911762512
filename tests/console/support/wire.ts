/** A socket of the edge, as a client beside the page has it. */

import { EDGE, type Person } from "./system.ts";

/** What a socket has told, until it closed. */
export interface Wire {
  /** Events in their order. */
  events: { event: string; data: Record<string, unknown> }[];
  /** How it closed. */
  closed: Promise<{ code: number; reason: string }>;
}

/** Opens a socket for a person, and waits until it is let in. */
export async function openWire(person: Person): Promise<Wire> {
  const url = `${EDGE.replace(/^http/, "ws")}/api/v4/chat/socket`;
  const socket = new WebSocket(url, ["bearer", person.token]);
  const events: Wire["events"] = [];
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.onclose = ({ code, reason }) => resolve({ code, reason });
  });
  await new Promise<void>((resolve, reject) => {
    socket.onerror = () => reject(new Error("the socket was not let in"));
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(String(data)) as Wire["events"][number];
      if (frame.event) events.push(frame);
      if (frame.event === "connection_established") resolve();
    };
  });
  return { events, closed };
}

/** Key of the session that a person is in. */
export async function sessionOf(person: Person): Promise<number> {
  const { data } = await person.get("/api/v4/auth/verify");
  return (data.session as { authentication_session_id: number }).authentication_session_id;
}
