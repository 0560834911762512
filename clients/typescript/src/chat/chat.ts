import type { Api } from "../api.ts";
import { type Code, isEnd } from "../codes.ts";
import { ApiError } from "../error.ts";
import { Listeners } from "../listeners.ts";
import type { Session } from "../session/session.ts";
import type { Tokens } from "../session/tokens.ts";
import type { Store } from "../store.ts";
import type { Transport } from "../transport/transport.ts";
import { CatchUp } from "./catch_up.ts";
import type { AnyEvent, Events } from "./events.ts";
import { Marks } from "./marks.ts";
import { type Arrived, Order } from "./order.ts";
import { type Draft, Outbox, type Outgoing } from "./outbox.ts";
import { Post } from "./post.ts";
import { pause } from "./reconnect.ts";
import { Socket } from "./socket.ts";

/** `waiting`: for the pause before the next try. */
export type ChatState = "closed" | "connecting" | "open" | "waiting";

/** What a chat is made of. */
export interface ChatParts {
  url: string;
  api: Api;
  session: Session;
  transport: Transport;
  store: Store;
  now: () => number;
  random: () => number;
}

/** A socket that lasted so long was a good one, in milliseconds: what fails after it fails for the first time. */
const GOOD = 5_000;
/** Over how long tokens that end together are renewed, in milliseconds. */
const SPREAD = 5_000;

/** The conversations of whoever is logged in: one socket, which comes back, and nothing lost on the way. */
export class Chat {
  readonly #parts: ChatParts;
  readonly #states = new Listeners<ChatState>();
  readonly #events = new Map<string, Listeners<unknown>>();
  readonly #outbox: Outbox;
  readonly #post: Post;
  readonly #marks = new Marks();
  readonly #order = new Order();
  readonly #catchUp: CatchUp;
  #state: ChatState = "closed";
  #isWanted = false;
  #socket: Socket | undefined;
  /** Names the newest try: what comes of an older one counts no more. */
  #try = 0;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether the session must be asked for before the next try. */
  #isDoubtful = false;
  #user: number | undefined;
  #session: number | undefined;
  /** The token that the socket goes by. */
  #token: string | undefined;
  #greetedAt = 0;
  #unwake: (() => void) | undefined;

  constructor(parts: ChatParts) {
    this.#parts = parts;
    const { store, random, session } = parts;
    this.#outbox = new Outbox(store, random);
    this.#post = new Post(this.#outbox, random);
    this.#catchUp = new CatchUp(this.#order, (arrived) => this.#handOn(arrived));
    session.subscribe((state) => {
      if (state.status === "live")
        this.#live(state.user_id, state.session.authentication_session_id);
      else if (state.status === "ended") this.#leave("closed");
    });
    session.renewed.add((tokens) => this.#renewed(tokens));
  }

  get state(): ChatState {
    return this.#state;
  }

  subscribe(listener: (state: ChatState) => void): () => void {
    return this.#states.add(listener);
  }

  /** Connects, and stays connected for as long as the session lives; with the next session again. */
  open(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#unwake = this.#parts.transport.woken?.(() => {
      if (this.#state === "waiting") this.#connect();
    });
    this.#connect();
  }

  close(): void {
    this.#isWanted = false;
    this.#unwake?.();
    this.#unwake = undefined;
    this.#leave("closed");
  }

  /** Messages of followed conversations come once and in order of `seq`; those of others as they come. */
  on<E extends keyof Events>(event: E, listener: (data: Events[E]) => void): () => void {
    let listeners = this.#events.get(event);
    if (listeners === undefined) {
      listeners = new Listeners();
      this.#events.set(event, listeners);
    }
    return listeners.add(listener as (data: unknown) => void);
  }

  /** `seq` is of the last message that is shown, 0 for none: what comes after it is handed on. */
  follow(conversation: number, seq: number): void {
    this.#order.follow(conversation, seq);
    this.#catchUp.go();
  }

  unfollow(conversation: number): void {
    this.#order.unfollow(conversation);
  }

  /** Takes a message, whether or not there is a network; what becomes of it, `onOutgoing` tells. */
  send(message: Draft): Outgoing {
    const outgoing = this.#outbox.add(message);
    this.#post.go();
    return outgoing;
  }

  /** A failed one once more. */
  again(temp_message_id: string): void {
    this.#outbox.again(temp_message_id);
    this.#post.go();
  }

  get outgoing(): readonly Outgoing[] {
    return this.#outbox.all;
  }

  onOutgoing(listener: (message: Outgoing) => void): () => void {
    return this.#outbox.changed.add(listener);
  }

  /** May be called at each key: it says it only as often as it is passed on. */
  typing(conversation: number, is_typing: boolean): void {
    if (this.#state === "open") this.#marks.typing(conversation, is_typing, this.#parts.now());
  }

  /** Everything up to this message is read; said again until the server has heard it. */
  markRead(conversation: number, chat_message_id: number): void {
    this.#marks.read(conversation, chat_message_id);
  }

  /** Forgets what was written and not sent: somebody has logged out. */
  forget(): void {
    this.#outbox.clear();
    this.#marks.clear();
  }

  #live(user: number, session: number): void {
    const isOther = this.#session !== undefined && this.#session !== session;
    if (this.#user !== undefined && this.#user !== user) {
      this.#order.clear();
      this.#marks.clear();
    }
    this.#user = user;
    this.#session = session;
    this.#outbox.of(user);
    if (isOther) this.#leave("closed");
    if (this.#isWanted && this.#state !== "open" && this.#state !== "connecting") this.#connect();
  }

  /** A refresh drops no socket: the new token takes the place of the old one. */
  #renewed({ access, session }: Tokens): void {
    const isOwn = this.#state === "open" && session === this.#session && access !== this.#token;
    if (isOwn) this.#reauthenticate(access);
  }

  #reauthenticate(token: string): void {
    this.#token = token;
    // Where it is refused, the socket ends with its old token, and the next has the new one.
    this.#socket?.ask("reauthenticate", { token }, () => {});
  }

  #connect(): void {
    this.#leave("connecting");
    const mine = this.#try;
    const isCurrent = () => mine === this.#try;
    this.#permitted().then(
      (token) => {
        if (isCurrent()) this.#dial(token);
      },
      (error: unknown) => {
        if (!isCurrent()) return;
        if (this.#parts.session.state.status === "ended") return this.#set("closed");
        this.#comeBack(error instanceof ApiError ? error.retryAfter : undefined);
      },
    );
  }

  /** A token, of a session that is live as far as is known. */
  async #permitted(): Promise<string> {
    const { session } = this.#parts;
    if (session.state.status === "ended") throw new Error("the session has ended");
    // A handshake that fails does not tell browsers why: that is asked for the other way.
    if (this.#isDoubtful || session.state.status !== "live") {
      const state = await session.check();
      if (state.status === "offline") throw state.error;
      if (state.status === "ended") throw new Error("the session has ended");
      this.#isDoubtful = false;
    }
    return session.fresh();
  }

  #dial(token: string): void {
    this.#token = token;
    const mine = this.#try;
    const { transport, url, api } = this.#parts;
    let socket: Socket;
    try {
      socket = new Socket(transport.open(url, token, api.language()), {
        event: (told) => {
          if (mine === this.#try) this.#heard(told);
        },
        closed: (code, wasGreeted) => {
          if (mine === this.#try) this.#lost(code, wasGreeted);
        },
      });
    } catch {
      return this.#lost(undefined, false);
    }
    this.#socket = socket;
  }

  /** The socket is gone: what next, depends on why. */
  #lost(code: Code | undefined, wasGreeted: boolean): void {
    const lasted = wasGreeted && this.#parts.now() - this.#greetedAt >= GOOD;
    if (lasted) this.#failures = 0;
    if (this.#parts.session.state.status === "ended") return this.#leave("closed");
    this.#isDoubtful ||=
      !wasGreeted || (code !== undefined && (isEnd(code) || code === "TOKEN_EXPIRED"));
    // The oldest has to go where there are too many: whoever comes back at once throws out the next.
    if (code === "TOO_MANY_SOCKETS") this.#failures = 5;
    this.#comeBack();
  }

  #comeBack(seconds = 0): void {
    this.#leave("waiting");
    const millis = Math.max(pause(this.#failures, this.#parts.random), seconds * 1000);
    this.#failures += 1;
    this.#later(millis, () => this.#connect());
  }

  /** The one thing that is due later: a try while there is no socket, a newer token while there is one. */
  #later(millis: number, work: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(work, millis);
  }

  #leave(state: ChatState): void {
    this.#try += 1;
    clearTimeout(this.#timer);
    this.#post.off();
    this.#catchUp.off();
    this.#marks.off();
    this.#socket?.close();
    this.#socket = undefined;
    this.#set(state);
  }

  #set(state: ChatState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#states.tell(state);
  }

  #heard(told: AnyEvent): void {
    const { session, api } = this.#parts;
    switch (told.event) {
      case "connection_established":
        api.heardTime(told.data.server_time);
        this.#greeted();
        break;
      case "message_sent":
      case "new_message":
        return this.#arrived({ event: told.event, message: told.data });
      case "message_failed":
        this.#post.failed(told.data);
        break;
      case "conversation_updated":
        this.#order.heardOf(told.data.customer_service_session_id, told.data.last_seq);
        this.#catchUp.go();
        break;
      case "resume_truncated":
        this.#order.truncated(told.data.customer_service_session_id);
        this.#catchUp.go();
        break;
      case "session_expiring":
        this.#expiring();
        break;
      case "session_invalidated":
        // An end of a token is not one of the session.
        if (isEnd(told.data.code)) session.end(told.data.code, told.data.message);
        break;
    }
    this.#emit(told.event, told.data);
  }

  #greeted(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#greetedAt = this.#parts.now();
    this.#set("open");
    this.#order.missAll();
    this.#catchUp.on(socket);
    this.#post.on(socket);
    this.#marks.on(socket);
  }

  /**
   * The socket's token ends soon. Not all clients of a server renew theirs at once; and one whose whole life is
   * short is not renewed again and again.
   */
  #expiring(): void {
    const { session, now, random } = this.#parts;
    const { ends = 0, life = 0 } = session.tokens ?? {};
    const spread = Math.min(SPREAD, life / 4) * random();
    const mine = this.#try;
    this.#later(Math.max(ends - life / 2 - now(), 0) + spread, () => {
      session.fresh(this.#token).then(
        (renewed) => {
          // What this client has renewed is told already; another one of the same store may have been first.
          if (mine === this.#try && renewed !== this.#token) this.#reauthenticate(renewed);
        },
        () => {},
      );
    });
  }

  #arrived(arrived: Arrived): void {
    const ready = this.#order.take(arrived);
    if (ready === undefined) this.#handOn(arrived);
    else if (ready.length === 0) this.#settle(arrived);
    for (const one of ready ?? []) this.#handOn(one);
    this.#catchUp.go();
  }

  #handOn(arrived: Arrived): void {
    this.#settle(arrived);
    this.#emit(arrived.event, arrived.message);
  }

  /** One of ours is stored: it waits no more. */
  #settle({ message }: Arrived): void {
    if (message.sender_id === this.#user) this.#post.stored(message);
  }

  #emit(event: keyof Events, data: unknown): void {
    this.#events.get(event)?.tell(data);
  }
}
