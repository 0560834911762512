import type { Message, Position } from "./events.ts";

/** A message, under the name that it came with. */
export interface Arrived {
  event: "message_sent" | "new_message";
  message: Message;
}

/** Messages beyond a gap that are kept until it is filled, a conversation; what is not kept comes again. */
const MAX_AHEAD = 1_000;
/** After so many answers that left the same gap, the server's word is taken that nothing is there. */
const MAX_TRIES = 3;

interface Place {
  /** Of the last message that was handed on, without a gap before it. */
  seq: number;
  /** What came beyond a gap. */
  ahead: Map<number, Arrived>;
  /** How often it was asked in vain for what comes next. */
  tries: number;
  /** Whether the server has said that more is missing than it sent. */
  isTruncated: boolean;
}

/** Messages of followed conversations, each once and in order of `seq`, however they come. */
export class Order {
  readonly #places = new Map<number, Place>();
  /** Conversations of which something may be missing. */
  readonly missing = new Set<number>();

  /** Hands on what comes after `seq`, of which something may have been written since. */
  follow(conversation: number, seq: number): void {
    this.#places.set(conversation, { seq, ahead: new Map(), tries: 0, isTruncated: false });
    this.missing.add(conversation);
  }

  unfollow(conversation: number): void {
    this.#places.delete(conversation);
    this.missing.delete(conversation);
  }

  clear(): void {
    this.#places.clear();
    this.missing.clear();
  }

  /** Of the last message that was handed on; 0 where nobody follows. */
  seq(conversation: number): number {
    return this.#places.get(conversation)?.seq ?? 0;
  }

  /** After a connection was lost, anything may be missing. */
  missAll(): void {
    for (const conversation of this.#places.keys()) this.missing.add(conversation);
  }

  /** Something of a conversation exists up to `seq`. */
  heardOf(conversation: number, seq: number): void {
    const place = this.#places.get(conversation);
    if (place !== undefined && place.seq < seq) this.missing.add(conversation);
  }

  /** What can be handed on now that this has come; `undefined` where nobody follows the conversation. */
  take(arrived: Arrived): Arrived[] | undefined {
    const { customer_service_session_id: conversation, seq } = arrived.message;
    const place = this.#places.get(conversation);
    if (place === undefined) return undefined;
    if (seq <= place.seq) return [];
    if (place.ahead.size < MAX_AHEAD || seq === place.seq + 1) place.ahead.set(seq, arrived);
    if (seq !== place.seq + 1) this.missing.add(conversation);
    return this.#inOrder(place);
  }

  /** From where to ask for what is missing, of at most so many conversations; they count as asked. */
  positions(most: number): Position[] {
    const asked = [...this.missing].slice(0, most);
    for (const conversation of asked) this.missing.delete(conversation);
    return asked.map((conversation) => ({
      customer_service_session_id: conversation,
      seq: this.#places.get(conversation)?.seq ?? 0,
    }));
  }

  /** The server has said itself that it sent less than there is. */
  truncated(conversation: number): void {
    const place = this.#places.get(conversation);
    if (place === undefined) return;
    place.isTruncated = true;
    this.missing.add(conversation);
  }

  /**
   * The server has answered what was asked from `from`, and sent all up to `reached` (`undefined`: it says nothing
   * of this conversation). What can be handed on for it.
   */
  resumed(from: Position, reached: number | undefined): Arrived[] {
    const conversation = from.customer_service_session_id;
    const place = this.#places.get(conversation);
    if (place === undefined) return [];
    if (place.seq > from.seq || place.isTruncated) place.tries = 0;
    if (place.isTruncated) {
      place.isTruncated = false;
      this.missing.add(conversation);
      return [];
    }
    if (place.ahead.size === 0 && (reached ?? 0) <= place.seq) return [];
    place.tries += 1;
    if (place.tries < MAX_TRIES) {
      this.missing.add(conversation);
      return [];
    }
    place.tries = 0;
    if (place.ahead.size === 0) return [];
    place.seq = Math.min(...place.ahead.keys()) - 1;
    const ready = this.#inOrder(place);
    if (place.ahead.size > 0) this.missing.add(conversation);
    return ready;
  }

  #inOrder(place: Place): Arrived[] {
    const ready: Arrived[] = [];
    for (;;) {
      const next = place.ahead.get(place.seq + 1);
      if (next === undefined) return ready;
      place.seq += 1;
      place.ahead.delete(place.seq);
      ready.push(next);
    }
  }
}
