import { isObject } from "../api.ts";
import type { Code } from "../codes.ts";
import { Listeners } from "../listeners.ts";
import { identifier } from "../session/device.ts";
import type { Store } from "../store.ts";

/** What is to be sent. */
export interface Draft {
  customer_service_session_id: number;
  content: string;
  message_type?: "text" | "image" | undefined;
  reply_to_id?: number | undefined;
}

/** A message of ours on its way. It is never changed: a later stage is another object. */
export interface Outgoing {
  temp_message_id: string;
  customer_service_session_id: number;
  content: string;
  message_type: string;
  reply_to_id?: number | undefined;
  /** `waiting` is here alone; `sending` is with the server, which will store it; `failed` waits for `again`. */
  state: "waiting" | "sending" | "sent" | "failed";
  /** Why it failed. */
  code?: Code | undefined;
  message?: string | undefined;
  /** Once it is `sent`. */
  chat_message_id?: number;
  seq?: number;
}

/** Messages that may wait; the server takes no more of a conversation, either. */
const MAX_WAITING = 1_000;
const MAX_CHARACTERS = 4_000;

/** What one person has written and the server has not stored. It outlives the process. */
export class Outbox {
  readonly #store: Store;
  readonly #random: () => number;
  readonly changed = new Listeners<Outgoing>();
  #user: number | undefined;
  #all: Outgoing[] = [];
  /** What is settled here, so that the store's copy of another tab brings it not back. */
  readonly #settled = new Set<string>();

  constructor(store: Store, random: () => number) {
    this.#store = store;
    this.#random = random;
  }

  get all(): readonly Outgoing[] {
    return this.#all;
  }

  /** Whose it is: another person's is put away, and theirs fetched. */
  of(user: number): void {
    if (this.#user === user) return;
    // What was written before it was known who writes is theirs.
    const early = this.#user === undefined ? this.#all : [];
    this.#user = user;
    this.#settled.clear();
    this.#all = [...this.#stored(), ...early];
    if (early.length > 0) this.#save();
  }

  /** Puts a message last. What cannot be sent at all fails here. */
  add(draft: Draft): Outgoing {
    // Half a character is none: the server could not read it.
    const content = draft.content.replace(/\p{Surrogate}/gu, "\uFFFD");
    const outgoing: Outgoing = {
      temp_message_id: identifier(this.#random),
      customer_service_session_id: draft.customer_service_session_id,
      content,
      message_type: draft.message_type ?? "text",
      reply_to_id: draft.reply_to_id,
      state: "waiting",
    };
    const refused = this.#refused(content);
    if (refused === undefined) return this.#put(outgoing);
    return this.#put({ ...outgoing, state: "failed", code: refused });
  }

  #refused(content: string): Code | undefined {
    if (content.trim() === "" || [...content].length > MAX_CHARACTERS) return "VALIDATION_FAILED";
    return this.#all.length >= MAX_WAITING ? "RATE_LIMITED" : undefined;
  }

  find(id: string | null): Outgoing | undefined {
    return this.#all.find((outgoing) => outgoing.temp_message_id === id);
  }

  /** Moves a message on; one that is `sent` leaves. */
  move(id: string, to: Partial<Outgoing> & Pick<Outgoing, "state">): void {
    const at = this.#all.findIndex((outgoing) => outgoing.temp_message_id === id);
    const before = this.#all[at];
    if (before === undefined) return;
    const after: Outgoing = { ...before, code: undefined, message: undefined, ...to };
    this.#all = this.#all.slice();
    if (to.state === "sent") {
      this.#settle(id);
      this.#all.splice(at, 1);
    } else {
      this.#all[at] = after;
    }
    // Whether the server has it is asked anew after a restart.
    if (to.state === "sent" || to.state === "failed" || before.state === "failed") this.#save();
    this.changed.tell(after);
  }

  #settle(id: string): void {
    this.#settled.add(id);
    const [oldest] = this.#settled;
    if (this.#settled.size > MAX_WAITING && oldest !== undefined) this.#settled.delete(oldest);
  }

  /** A failed one waits again, behind all others. */
  again(id: string): void {
    const failed = this.find(id);
    if (failed?.state !== "failed" || this.#refused(failed.content) === "VALIDATION_FAILED") return;
    this.#all = this.#all.filter((outgoing) => outgoing !== failed);
    this.#put({ ...failed, state: "waiting", code: undefined, message: undefined });
  }

  /** Forgets everything. */
  clear(): void {
    if (this.#user !== undefined) this.#store.remove(this.#key);
    this.#all = [];
    this.#user = undefined;
  }

  #put(outgoing: Outgoing): Outgoing {
    this.#all = [...this.#all, outgoing];
    this.#save();
    this.changed.tell(outgoing);
    return outgoing;
  }

  /** Tabs have one store: what another has put there stays. */
  #save(): void {
    if (this.#user === undefined) return;
    const own = new Set(this.#all.map((outgoing) => outgoing.temp_message_id));
    const others = this.#stored().filter(
      ({ temp_message_id: id }) => !own.has(id) && !this.#settled.has(id),
    );
    const kept = [...others, ...this.#all];
    if (kept.length === 0) this.#store.remove(this.#key);
    else this.#store.set(this.#key, JSON.stringify(kept));
  }

  get #key(): string {
    return `outbox.${this.#user}`;
  }

  #stored(): Outgoing[] {
    try {
      const kept: unknown = JSON.parse(this.#store.get(this.#key) ?? "[]");
      return Array.isArray(kept) ? kept.filter(isOutgoing) : [];
    } catch {
      return [];
    }
  }
}

function isOutgoing(kept: unknown): kept is Outgoing {
  return (
    isObject(kept) &&
    typeof kept.temp_message_id === "string" &&
    typeof kept.content === "string" &&
    Number.isSafeInteger(kept.customer_service_session_id) &&
    (kept.state === "waiting" || kept.state === "sending" || kept.state === "failed")
  );
}
