import type { Code, HttpAnswer, HttpRequest, Message, Transport } from "../../src/index.ts";
import { FakeWire } from "./wire.ts";

const AUTH = "/api/v4/auth";

/** A server as the client sees it: one user, one session, and whatever goes wrong on the way. */
export class FakeServer implements Transport {
  readonly user = 7;
  /** Calls by path without its query. */
  readonly calls: string[] = [];
  readonly bodies: Record<string, unknown>[] = [];
  readonly wires: FakeWire[] = [];
  /** Messages by conversation. */
  readonly stored = new Map<number, Message[]>();
  /** Seconds. */
  lifetime = 3_600;
  /** The session that is live, and why the one before is not. */
  session = 0;
  end: Code = "SESSION_NOT_FOUND";
  /** Whether a call gets through, and whether its answer does. */
  sends: () => boolean = () => true;
  answers: () => boolean = () => true;
  /** Says something else in place of the answer. */
  instead: ((request: HttpRequest) => HttpAnswer | undefined | Promise<HttpAnswer>) | undefined;
  /** What sockets do to a frame before it is acted on. */
  atFrame: ((wire: FakeWire, event: string) => boolean) | undefined;
  /** Whether the browser's cookie holds a refresh token. */
  cookie: string | undefined;
  isWeb = false;
  #access = new Map<string, { session: number; ends: number }>();
  #refresh = new Map<string, { session: number; next?: string }>();
  #count = 0;

  count(path: string): number {
    return this.calls.filter((call) => call === AUTH + path).length;
  }

  async request(request: HttpRequest): Promise<HttpAnswer> {
    const path = new URL(request.url).pathname;
    this.calls.push(path);
    this.bodies.push(request.body === undefined ? {} : JSON.parse(request.body));
    if (!this.sends()) throw new Error("no network");
    const answer = (await this.instead?.(request)) ?? this.#answer(path, request);
    if (!this.answers()) throw new Error("the answer is lost");
    return answer;
  }

  open(url: string, token: string): FakeWire {
    const wire = new FakeWire(this, url, token);
    this.wires.push(wire);
    return wire;
  }

  get wire(): FakeWire {
    const wire = this.wires.at(-1);
    if (wire === undefined) throw new Error("no socket was opened");
    return wire;
  }

  /** Why a token is refused. */
  judge(token: string | undefined): Code | undefined {
    if (token === undefined) return "TOKEN_MISSING";
    const known = this.#access.get(token);
    if (known === undefined) return "TOKEN_INVALID";
    if (known.session !== this.session) return this.end;
    return Date.now() < known.ends ? undefined : "TOKEN_EXPIRED";
  }

  /** Another device logs in, or whatever else ends a session. */
  endSession(code: Code): void {
    this.end = code;
    this.session = 0;
  }

  /** Stores a message once, whoever sends it how often. */
  store(conversation: number, content: string, sender: number, temp: string | null): Message {
    const rows = this.stored.get(conversation) ?? [];
    this.stored.set(conversation, rows);
    const before = rows.find((row) => row.sender_id === sender && row.temp_message_id === temp);
    if (before !== undefined && temp !== null) return before;
    this.#count += 1;
    const row: Message = {
      chat_message_id: this.#count,
      customer_service_session_id: conversation,
      seq: rows.length + 1,
      temp_message_id: temp,
      sender_id: sender,
      sender_type: sender === this.user ? "user" : "admin",
      sender_name: "somebody",
      content,
      message_type: "text",
      reply_to_id: null,
      metadata: null,
      created_at: "2026-11-21T16:00:00.000+08:00",
      timestamp: "2026-11-21T16:00:00.000+08:00",
    };
    rows.push(row);
    return row;
  }

  /** The other side writes. */
  write(conversation: number, content: string): Message {
    const row = this.store(conversation, content, 99, null);
    for (const wire of this.wires) wire.event("new_message", row);
    return row;
  }

  #answer(path: string, request: HttpRequest): HttpAnswer {
    const token = request.headers.authorization?.replace("Bearer ", "");
    const body = request.body === undefined ? {} : JSON.parse(request.body);
    if (path === `${AUTH}/login` || path === `${AUTH}/wechat-login`) {
      if (body.password === "wrong") return refused("INVALID_CREDENTIALS", 401);
      return this.#logIn();
    }
    if (path === `${AUTH}/refresh`) return this.#traded(this.cookie ?? body.refresh_token);
    const code = this.judge(token);
    if (path === `${AUTH}/logout`) {
      if (code !== undefined && code !== "TOKEN_EXPIRED") return refused(code, 401);
      this.cookie = undefined;
      this.endSession("SESSION_LOGGED_OUT");
      return ok({ ended: [1] });
    }
    if (code !== undefined) return refused(code, 401);
    if (path === `${AUTH}/verify`) {
      return ok({ valid: true, user_id: this.user, role: "user", session: this.#view() });
    }
    return ok({ path });
  }

  #logIn(): HttpAnswer {
    this.#count += 1;
    this.session = this.#count;
    const user = { user_id: this.user, role: "user", nickname: "小明" };
    const pair = this.#pair(`refresh-${this.#count}`);
    return ok({ ...pair, user, device_token: "device", session: this.#view() });
  }

  #traded(token: string | undefined): HttpAnswer {
    if (token === undefined) return refused("TOKEN_MISSING", 401);
    const known = this.#refresh.get(token);
    if (known === undefined) return refused("TOKEN_INVALID", 401);
    if (known.session !== this.session) return refused(this.end, 401);
    this.#count += 1;
    known.next ??= `refresh-${this.#count}`;
    return ok(this.#pair(known.next));
  }

  #pair(refresh: string): Record<string, unknown> {
    this.#count += 1;
    const access = `access-${this.#count}`;
    this.#access.set(access, { session: this.session, ends: Date.now() + 1000 * this.lifetime });
    if (!this.#refresh.has(refresh)) this.#refresh.set(refresh, { session: this.session });
    if (this.isWeb) this.cookie = refresh;
    return {
      access_token: access,
      ...(this.isWeb ? {} : { refresh_token: refresh }),
      token_type: "Bearer",
      expires_in: this.lifetime,
    };
  }

  #view(): Record<string, unknown> {
    return { authentication_session_id: this.session };
  }
}

export function ok(data: unknown): HttpAnswer {
  return { status: 200, headers: {}, body: { success: true, data } };
}

export function refused(code: string, status: number, headers = {}): HttpAnswer {
  const body = { success: false, code, message: `${code}!`, request_id: "r", server_time: "" };
  return { status, headers, body };
}
