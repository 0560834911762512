import type { HttpAnswer, HttpRequest, Transport, Wire } from "./transport.ts";

/** `fetch`, and `WebSocket` with the token as a subprotocol. */
export function browserTransport(): Transport {
  return { request, open, woken };
}

async function request(wanted: HttpRequest): Promise<HttpAnswer> {
  const init: RequestInit = {
    method: wanted.method,
    headers: wanted.headers,
    credentials: wanted.credentials ? "include" : "omit",
    cache: "no-store",
    redirect: "error",
    signal: AbortSignal.timeout(wanted.timeout),
  };
  if (wanted.body !== undefined) init.body = wanted.body;
  const answer = await fetch(wanted.url, init);
  const text = await answer.text();
  return { status: answer.status, headers: Object.fromEntries(answer.headers), body: json(text) };
}

/** `undefined` where it is no JSON. */
function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function open(url: string, token: string): Wire {
  const socket = new WebSocket(url, ["bearer", token]);
  const wire: Wire = {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: () => socket.close(),
  };
  socket.onopen = () => wire.opened?.();
  socket.onmessage = ({ data }) => {
    if (typeof data === "string") wire.heard?.(data);
  };
  socket.onclose = ({ code }) => wire.closed?.(code);
  return wire;
}

function woken(listener: () => void): () => void {
  if (typeof addEventListener !== "function") return () => {};
  addEventListener("online", listener);
  return () => removeEventListener("online", listener);
}
