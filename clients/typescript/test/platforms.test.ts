import assert from "node:assert/strict";
import { test } from "node:test";
import { localStore, type WxNetwork, wxStore, wxTransport } from "../src/index.ts";

const CALL = {
  method: "POST",
  url: "https://api.example.com/x",
  headers: { authorization: "Bearer t" },
  body: "{}",
  credentials: false,
  timeout: 1_000,
} as const;

interface Asked {
  url: string;
  header: Record<string, string>;
  timeout?: number;
  data?: string;
}

/** As much of `wx` as the transport sees. */
function fakeWx(answer: { statusCode: number; header?: Record<string, unknown>; data: unknown }) {
  const asked: Asked[] = [];
  const tell: Record<string, (told?: never) => void> = {};
  const sent: string[] = [];
  const hear = (name: string) => (listener: (told: never) => void) => {
    tell[name] = listener as (told?: never) => void;
  };
  const wx: WxNetwork = {
    request: (options) => {
      asked.push(options);
      if (answer.statusCode === 0) options.fail({ errMsg: "request:fail" });
      else options.success(answer);
    },
    connectSocket: (options) => {
      asked.push(options);
      return {
        send: ({ data }) => void sent.push(data),
        close: () => tell.close?.({ code: 1000 } as never),
        onOpen: hear("open"),
        onMessage: hear("message"),
        onClose: hear("close"),
        onError: hear("error"),
      };
    },
    onNetworkStatusChange: hear("network"),
  };
  return { wx, asked, sent, tell: (name: string, told: object) => tell[name]?.(told as never) };
}

test("wx.request is a call, and its failure no answer", async () => {
  const { wx, asked } = fakeWx({
    statusCode: 401,
    header: { "Retry-After": 7, "X-Request-Id": "r" },
    data: { success: false },
  });
  assert.deepEqual(await wxTransport(wx).request(CALL), {
    status: 401,
    headers: { "retry-after": "7", "x-request-id": "r" },
    body: { success: false },
  });
  assert.equal(asked[0]?.data, "{}");
  assert.equal(asked[0]?.timeout, 1_000);
  assert.deepEqual(asked[0]?.header, { authorization: "Bearer t" });
  const page = fakeWx({ statusCode: 200, data: "<html>" });
  assert.equal((await wxTransport(page.wx).request(CALL)).body, undefined);
  await assert.rejects(wxTransport(fakeWx({ statusCode: 0, data: "" }).wx).request(CALL));
});

test("wx.connectSocket carries the token in a header, and ends once", () => {
  const fake = fakeWx({ statusCode: 200, data: "" });
  const wire = wxTransport(fake.wx).open("wss://api.example.com/socket", "t", "en");
  const heard: unknown[] = [];
  wire.opened = () => heard.push("opened");
  wire.heard = (text) => heard.push(text);
  wire.closed = (code) => heard.push(code);
  const header = { authorization: "Bearer t", "accept-language": "en" };
  assert.deepEqual(fake.asked[0]?.header, header);
  fake.tell("open", {});
  fake.tell("message", { data: "text" });
  fake.tell("message", { data: new ArrayBuffer(3) });
  wire.send("out");
  fake.tell("error", {});
  fake.tell("close", { code: 4412 });
  wire.send("late");
  assert.deepEqual(heard, ["opened", "text", 1006]);
  assert.deepEqual(fake.sent, ["out"]);
});

test("a mini-program that gets a network back is told", () => {
  const fake = fakeWx({ statusCode: 200, data: "" });
  let woken = 0;
  wxTransport(fake.wx).woken?.(() => {
    woken += 1;
  });
  fake.tell("network", { isConnected: false });
  fake.tell("network", { isConnected: true });
  assert.equal(woken, 1);
});

test("a store that refuses keeps for as long as the page", () => {
  const kept = new Map<string, string>();
  let isFull = true;
  const wx = {
    getStorageSync: (key: string) => kept.get(key) ?? "",
    setStorageSync: (key: string, value: string) => {
      if (isFull) throw new Error("full");
      kept.set(key, value);
    },
    removeStorageSync: (key: string) => void kept.delete(key),
  };
  const store = wxStore(wx);
  store.set("a", "1");
  assert.equal(store.get("a"), "1");
  assert.equal(store.get("b"), undefined);
  isFull = false;
  store.set("a", "2");
  assert.equal(kept.get("drawbridge.a"), "2");
  assert.equal(store.get("a"), "2");
  isFull = true;
  store.set("a", "3");
  assert.equal(store.get("a"), "3", "the newer");
  store.remove("a");
  assert.equal(store.get("a"), undefined);
  // No `localStorage` at all.
  const none = localStore();
  none.set("a", "1");
  assert.equal(none.get("a"), "1");
});
