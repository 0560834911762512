import { type Api, isObject } from "../api.ts";
import type { Wanted } from "../call.ts";
import { type Code, isEnd, type Schemas, TODO } from "../codes.ts";
import { ApiError } from "../error.ts";
import { Listeners } from "../listeners.ts";
import type { Device } from "./device.ts";
import { Refresh } from "./refresh.ts";
import type { LogIn, SessionState } from "./state.ts";
import { type Keeper, type Tokens, tokensOf } from "./tokens.ts";

const AUTH = "/api/v4/auth";

/** What a session is made of. */
export interface Parts {
  api: Api;
  keeper: Keeper;
  device: Device;
  clientType: Schemas["ClientType"];
  now: () => number;
  lock: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Who is logged in, and what keeps them so. */
export class Session {
  readonly #parts: Parts;
  readonly #refresh: Refresh;
  readonly #listeners = new Listeners<SessionState>();
  /** Told of each new access token. */
  readonly renewed = new Listeners<Tokens>();
  #state: SessionState = { status: "starting" };
  #starting: { state: Promise<SessionState>; mayLogIn: boolean } | undefined;
  #checking: Promise<SessionState> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#refresh = new Refresh(parts, (tokens) => this.#keep(tokens));
  }

  get state(): SessionState {
    return this.#state;
  }

  get tokens(): Tokens | undefined {
    return this.#parts.keeper.tokens;
  }

  subscribe(listener: (state: SessionState) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Verify, then refresh, and log in only if both say no: one at a time. */
  start(logIn?: () => Promise<LogIn>): Promise<SessionState> {
    const running = this.#starting;
    if (running !== undefined && (running.mayLogIn || logIn === undefined)) return running.state;
    // One that may log in takes over where one that may not has come to its end.
    const state = Promise.resolve(running?.state).then(() => this.#start(logIn));
    const starting = { state, mayLogIn: logIn !== undefined };
    this.#starting = starting;
    const end = () => {
      if (this.#starting === starting) this.#starting = undefined;
    };
    state.then(end, end);
    return state;
  }

  async #start(logIn?: () => Promise<LogIn>): Promise<SessionState> {
    const found = await this.check();
    // Who was thrown out and logs in at once throws the other out: that waits for a person.
    const mayLogIn =
      found.status === "ended" && (found.todo === "log_in" || found.todo === "tell_and_log_in");
    if (logIn === undefined || !mayLogIn) return found;
    try {
      await this.#logInWith(logIn);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (isOfService(error)) this.#set({ status: "offline", error });
      else this.#set(ended(error));
    }
    return this.#state;
  }

  async #logInWith(logIn: () => Promise<LogIn>): Promise<void> {
    try {
      await this.logIn(await logIn());
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "WECHAT_CODE_INVALID") throw error;
      await this.logIn(await logIn());
    }
  }

  /** Asks how the session stands; nobody is logged in by it. */
  check(): Promise<SessionState> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  async #check(): Promise<SessionState> {
    const before = this.#state;
    // Another tab, or another client of the same store, may have logged in since.
    if (before.status === "ended") this.#state = { status: "starting" };
    try {
      if (this.tokens === undefined) await this.#renew(undefined);
      const facts = await this.call("GET", `${AUTH}/verify`, {});
      this.#verified(facts);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (this.#state.status !== "ended") this.#set({ status: "offline", error });
      // Why it ended is not forgotten by asking again.
      else if (before.status === "ended" && this.#state.code === null) this.#set(before);
    }
    return this.#state;
  }

  #verified(facts: unknown): void {
    const user_id = isObject(facts) ? facts.user_id : undefined;
    if (!isObject(facts) || typeof user_id !== "number" || !isObject(facts.session)) {
      throw new ApiError("NETWORK", { message: "no facts of the session", status: 200 });
    }
    const { role, session } = facts as unknown as Schemas["Verified"];
    const tokens = this.tokens;
    const key = session.authentication_session_id;
    if (tokens !== undefined && (tokens.user !== user_id || tokens.session !== key)) {
      this.#parts.keeper.tokens = { ...tokens, user: user_id, session: key };
    }
    this.#set({ status: "live", user_id, role, session });
  }

  /** A call as whoever is logged in: with an expired token it refreshes, and is made once more. */
  async call(method: "GET" | "POST", path: string, wanted: Wanted): Promise<unknown> {
    const { api } = this.#parts;
    const before = this.tokens;
    let token = before?.access;
    try {
      return await api.call(method, path, { ...wanted, token });
    } catch (error) {
      if (!(error instanceof ApiError) || !isOfToken(error)) throw error;
      token = await this.#another(before, error);
    }
    try {
      return await api.call(method, path, { ...wanted, token });
    } catch (error) {
      if (error instanceof ApiError && isEnd(error.code)) this.#over(token, error);
      throw error;
    }
  }

  /** Another token than the one that was refused; without one, it is over. */
  async #another(refused: Tokens | undefined, error: ApiError): Promise<string> {
    const kept = this.tokens;
    const isOther = kept !== undefined && kept.access !== refused?.access;
    // Someone else's is none: what one person asked for is not done in another's name.
    if (isOther && (refused === undefined || kept.user === refused.user)) return kept.access;
    const isStale = error.code === "TOKEN_EXPIRED" || error.code === "TOKEN_MISSING";
    if (isStale && !isOther && this.#state.status !== "ended") {
      return this.#renew(refused?.access);
    }
    this.#over(refused?.access, error);
    throw error;
  }

  /** An access token that may still be used; `undefined` asks for any, else for another than that. */
  async fresh(than?: string): Promise<string> {
    const tokens = this.tokens;
    const isGood =
      tokens !== undefined && tokens.access !== than && this.#parts.now() < tokens.ends;
    return isGood ? tokens.access : this.#renew(tokens?.access);
  }

  async #renew(stale: string | undefined): Promise<string> {
    try {
      return await this.#refresh.instead(stale);
    } catch (error) {
      if (error instanceof ApiError && (isEnd(error.code) || error.code === "TOKEN_EXPIRED")) {
        const isNobody = error.code === "TOKEN_MISSING" && stale === undefined;
        this.#over(stale, error, isNobody);
      }
      throw error;
    }
  }

  /** The session has ended, the server says of this token; of another it says nothing. */
  #over(token: string | undefined, error: ApiError, isNobody = false): void {
    if (this.tokens?.access !== token || this.#state.status === "ended") return;
    this.#parts.keeper.tokens = undefined;
    this.#set(
      isNobody ? { status: "ended", code: null, message: null, todo: "log_in" } : ended(error),
    );
  }

  /** The same, heard on a socket that was opened with this session's token. */
  end(code: Code, message: string): void {
    this.#over(this.tokens?.access, new ApiError(code, { message, status: 401 }));
  }

  /** Logs in; the device says that it is the one that it was. */
  async logIn(by: LogIn): Promise<Schemas["LoggedIn"]> {
    const { api, device, clientType, lock } = this.#parts;
    const path = by.code === undefined ? "/login" : "/wechat-login";
    return lock(async () => {
      const body = { ...by, ...device.form(clientType) };
      return this.#loggedIn(await api.call("POST", AUTH + path, { body }));
    });
  }

  #loggedIn(answer: unknown): Schemas["LoggedIn"] {
    const tokens = tokensOf(answer, this.#parts.now());
    const told = answer as Schemas["LoggedIn"];
    if (tokens === undefined || !isObject(told.user) || !isObject(told.session)) {
      throw new ApiError("NETWORK", { message: "no log-in", status: 200 });
    }
    const { user, session } = told;
    const key = session.authentication_session_id;
    this.#keep({ ...tokens, user: user.user_id, session: key });
    if (typeof told.device_token === "string") this.#parts.device.keep(told.device_token);
    this.#set({ status: "live", user_id: user.user_id, role: user.role, session });
    return told;
  }

  /** Logs out. Where nobody answers, everything stays as it is; what was dead already is logged out. */
  async logOut(options: { allDevices?: boolean } = {}): Promise<void> {
    await this.#parts.lock(async () => {
      const { access: token, refresh: refresh_token } = this.tokens ?? {};
      const body = { all_devices: options.allDevices === true, refresh_token };
      try {
        await this.#parts.api.call("POST", `${AUTH}/logout`, { body, token });
      } catch (error) {
        const isDead =
          error instanceof ApiError && (isEnd(error.code) || error.code === "TOKEN_EXPIRED");
        if (!isDead) throw error;
        // The others live on, then.
        if (options.allDevices) {
          this.#over(token, error);
          throw error;
        }
      }
      this.#parts.keeper.tokens = undefined;
      const todo = TODO.SESSION_LOGGED_OUT;
      this.#set({ status: "ended", code: "SESSION_LOGGED_OUT", message: null, todo });
    });
  }

  #keep(tokens: Tokens): void {
    this.#parts.keeper.tokens = tokens;
    this.renewed.tell(tokens);
  }

  #set(state: SessionState): void {
    this.#state = state;
    this.#listeners.tell(state);
  }
}

/** Whether a call may be made again with another token, or else the session is over. */
function isOfToken({ code }: ApiError): boolean {
  return code === "TOKEN_EXPIRED" || isEnd(code);
}

/** Whether the service is at fault, and not who logs in. */
function isOfService({ code, todo }: ApiError): boolean {
  return code === "NETWORK" || todo === "keep_trying" || todo === "wait";
}

function ended({ code, message, todo }: ApiError): SessionState {
  const known = code === "NETWORK" ? null : code;
  // To a refresh, that its token has expired is no reason to refresh.
  return { status: "ended", code: known, message, todo: todo === "refresh" ? "log_in" : todo };
}
