import { AsyncLocalStorage } from "node:async_hooks";
import WebSocket from "ws";
import {
  browserTransport,
  Client,
  type ClientOptions,
  memoryStore,
  type Schemas,
  type Store,
  type Transport,
  type WxNetwork,
  wxStore,
  wxTransport,
} from "../src/index.ts";

/** A page that the server lets call. */
const PAGE = "http://localhost:5173";

/** What outlasts a page or process: a browser's storage and cookies, a phone's storage. */
export interface Device {
  store: Store;
  transport: Transport;
}

/** A platform that clients run on. */
export interface Kind {
  name: string;
  /** Sessions of different kinds of clients do not end each other. */
  clientType: Schemas["ClientType"];
  device(): Device;
}

const plainFetch = globalThis.fetch;
const jars = new AsyncLocalStorage<Map<string, string>>();

/** What a browser does around `fetch` and Node does not: cookies, and the page's own address. */
globalThis.fetch = async (input, init = {}) => {
  const jar = jars.getStore();
  if (jar === undefined) return plainFetch(input, init);
  const headers = new Headers(init.headers);
  headers.set("origin", PAGE);
  const isIncluded = init.credentials === "include";
  if (isIncluded && jar.size > 0) {
    headers.set("cookie", [...jar].map(([name, value]) => `${name}=${value}`).join("; "));
  }
  const answer = await plainFetch(input, { ...init, headers });
  for (const cookie of isIncluded ? answer.headers.getSetCookie() : []) {
    const [pair = "", ...attributes] = cookie.split(/; */);
    const name = pair.slice(0, pair.indexOf("="));
    if (attributes.includes("Max-Age=0")) jar.delete(name);
    else jar.set(name, pair.slice(name.length + 1));
  }
  return answer;
};

function browser(): Device {
  const jar = new Map<string, string>();
  const { request, open } = browserTransport();
  return {
    store: memoryStore(),
    transport: { request: (wanted) => jars.run(jar, () => request(wanted)), open },
  };
}

/** A stand-in for `wx`: the same calls and callbacks, over what Node has. */
function phone(): Device {
  const kept = new Map<string, string>();
  const wx: WxNetwork = {
    request: ({ url, method, data, header, timeout, success, fail }) => {
      const signal = AbortSignal.timeout(timeout);
      const body = data === undefined ? {} : { body: data };
      plainFetch(url, { method, headers: header, signal, ...body })
        .then(async (answer) => {
          const text = await answer.text();
          let read: unknown = text;
          try {
            read = JSON.parse(text);
          } catch {
            // As `wx` does: what is no JSON is a text.
          }
          const told = Object.fromEntries(answer.headers);
          success({ statusCode: answer.status, header: told, data: read });
        })
        .catch(() => fail({ errMsg: "request:fail" }));
    },
    connectSocket: ({ url, header }) => {
      const socket = new WebSocket(url, { headers: header });
      return {
        send: ({ data, fail }) => socket.send(data, (error) => error && fail?.()),
        close: ({ code }) => socket.close(code),
        onOpen: (listener) => void socket.on("open", () => listener()),
        onMessage: (listener) =>
          void socket.on("message", (data, isBinary) =>
            listener({ data: isBinary ? new ArrayBuffer(0) : String(data) }),
          ),
        onClose: (listener) => void socket.on("close", (code) => listener({ code })),
        onError: (listener) => void socket.on("error", () => listener()),
      };
    },
  };
  const storage = {
    getStorageSync: (key: string) => kept.get(key) ?? "",
    setStorageSync: (key: string, value: string) => void kept.set(key, value),
    removeStorageSync: (key: string) => void kept.delete(key),
  };
  return { store: wxStore(storage), transport: wxTransport(wx) };
}

/** Every test is told on each of these. */
export const KINDS: readonly Kind[] = [
  { name: "a browser", clientType: "web", device: browser },
  { name: "a mini-program", clientType: "mini_program", device: phone },
];

/** A client, as a page or program has it that has just been opened on a device. */
export function opened(
  kind: Pick<Kind, "clientType">,
  device: Device,
  options: Partial<ClientOptions> = {},
): Client {
  return new Client({
    url: setting("EDGE_URL"),
    clientType: kind.clientType,
    language: () => "en",
    ...device,
    ...options,
  });
}

/** What the test that runs these says of the system. */
export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: tests/e2e/typescript.rs runs this`);
  return value;
}
