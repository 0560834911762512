import { Api } from "./api.ts";
import type { GetData, GetPath, GetSaid, PostData, PostPath, PostSaid } from "./call.ts";
import { Chat } from "./chat/chat.ts";
import type { Schemas } from "./codes.ts";
import { Device } from "./session/device.ts";
import { Session } from "./session/session.ts";
import type { LogIn, SessionState } from "./session/state.ts";
import { Keeper } from "./session/tokens.ts";
import { localStore, memoryStore, type Store } from "./store.ts";
import { browserTransport } from "./transport/browser.ts";
import type { Transport } from "./transport/transport.ts";

export interface ClientOptions {
  /** Where the API is, without a path. */
  url: string;
  /** Where sockets are opened: the edge; `url`, if not said. */
  socketUrl?: string | undefined;
  /** That of browsers, if not said. */
  transport?: Transport | undefined;
  /** `localStorage` where there is one, else memory, if not said. */
  store?: Store | undefined;
  /** `web` keeps its tokens in memory alone, and refreshes by a cookie. */
  clientType: Schemas["ClientType"];
  /** What its owner calls the device. */
  deviceName?: string | undefined;
  /** The language of messages; the browser's, if not said. */
  language?: (() => "zh-CN" | "en") | undefined;
  /** The clock, in milliseconds. */
  now?: (() => number) | undefined;
  /** 0 to 1. */
  random?: (() => number) | undefined;
  /** Keeps tabs from refreshing at once; `navigator.locks` where there is one, if not said. */
  lock?: (<T>(work: () => Promise<T>) => Promise<T>) | undefined;
}

/** Starts, stays logged in, hears that it is not, calls and talks. */
export class Client {
  readonly chat: Chat;
  readonly #api: Api;
  readonly #session: Session;

  constructor(options: ClientOptions) {
    const { url, clientType } = options;
    const transport = options.transport ?? browserTransport();
    const store = options.store ?? ("localStorage" in globalThis ? localStore() : memoryStore());
    const now = options.now ?? Date.now;
    const random = options.random ?? Math.random;
    const language = options.language ?? spoken;
    const isWeb = clientType === "web";
    this.#api = new Api({ url, transport, hasCookies: isWeb, language, now });
    this.#session = new Session({
      api: this.#api,
      keeper: new Keeper(isWeb ? undefined : store),
      device: new Device(store, random, options.deviceName),
      clientType,
      now,
      lock: options.lock ?? lockOf(url),
    });
    const at = (options.socketUrl ?? url).replace(/^http/, "ws").replace(/\/+$/, "");
    this.chat = new Chat({
      url: `${at}/api/v4/chat/socket`,
      api: this.#api,
      session: this.#session,
      transport,
      store,
      now,
      random,
    });
  }

  get state(): SessionState {
    return this.#session.state;
  }

  subscribe(listener: (state: SessionState) => void): () => void {
    return this.#session.subscribe(listener);
  }

  /**
   * Verifies, then refreshes, and only if both say no asks `logIn` with what to log in; not where a person has
   * to be asked first (`tell_and_wait`). Never rejects for what the server or the network does.
   */
  start(logIn?: () => Promise<LogIn>): Promise<SessionState> {
    return this.#session.start(logIn);
  }

  logIn(credentials: {
    mobile?: string;
    email?: string;
    password: string;
  }): Promise<Schemas["LoggedIn"]> {
    return this.#session.logIn(credentials);
  }

  /** `code` is what `wx.login` gave; it works once. */
  logInByWechat(code: string): Promise<Schemas["LoggedIn"]> {
    return this.#session.logIn({ code });
  }

  /** Logs out, and forgets what was not sent. Where nobody answers, everything stays as it is. */
  async logOut(options?: { allDevices?: boolean }): Promise<void> {
    await this.#session.logOut(options);
    this.chat.forget();
  }

  changePassword(old: string, next: string): Promise<Schemas["PasswordChanged"]> {
    const body = { old_password: old, new_password: next };
    return this.post("/api/v4/auth/password", { body });
  }

  /** The `data` of an answer; rejects with an `ApiError`. */
  get<P extends GetPath>(path: P, ...[said]: GetSaid<P>): Promise<GetData<P>> {
    return this.#session.call("GET", path, said ?? {}) as Promise<GetData<P>>;
  }

  /** The same, for what changes something. */
  post<P extends PostPath>(path: P, ...[said]: PostSaid<P>): Promise<PostData<P>> {
    return this.#session.call("POST", path, said ?? {}) as Promise<PostData<P>>;
  }

  /** Server's clock minus ours, in milliseconds, as last heard. */
  get skew(): number | undefined {
    return this.#api.skew;
  }
}

function spoken(): "zh-CN" | "en" {
  return globalThis.navigator?.language?.startsWith("en") ? "en" : "zh-CN";
}

/** Tabs share a cookie, so they take turns. */
function lockOf(url: string): <T>(work: () => Promise<T>) => Promise<T> {
  const locks = globalThis.navigator?.locks;
  if (locks === undefined) return (work) => work();
  return async (work) => locks.request(`drawbridge ${url}`, work);
}
