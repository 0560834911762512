import { type Code, isEnd, TODO } from "../codes.ts";
import type { Events, Message } from "./events.ts";
import type { Outbox, Outgoing } from "./outbox.ts";
import { pause } from "./reconnect.ts";
import type { Socket } from "./socket.ts";

/**
 * Sends what waits, one message of a conversation at a time, so that a refusal in passing (`RATE_LIMITED`) never
 * lets a later one go first. On each new socket all that is not stored is sent anew under the same ids: the server
 * stores it once, and tells again what the last socket did not hear.
 */
export class Post {
  readonly #outbox: Outbox;
  readonly #random: () => number;
  #socket: Socket | undefined;
  /** By conversation, the message that has no answer yet. */
  readonly #asked = new Map<number, string>();
  /** What was acked on this socket. */
  readonly #acked = new Set<string>();
  #refusals = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(outbox: Outbox, random: () => number) {
    this.#outbox = outbox;
    this.#random = random;
  }

  on(socket: Socket): void {
    this.#socket = socket;
    this.#refusals = 0;
    this.go();
  }

  off(): void {
    this.#socket = undefined;
    this.#asked.clear();
    this.#acked.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  go(): void {
    const socket = this.#socket;
    if (socket === undefined || this.#timer !== undefined) return;
    const isTaken = new Set(this.#asked.keys());
    for (const outgoing of this.#outbox.all) {
      const { temp_message_id: id, customer_service_session_id: conversation, state } = outgoing;
      if (state === "failed" || this.#acked.has(id) || isTaken.has(conversation)) continue;
      isTaken.add(conversation);
      this.#send(socket, outgoing);
    }
  }

  #send(socket: Socket, outgoing: Outgoing): void {
    const { temp_message_id, customer_service_session_id, content, message_type, reply_to_id } =
      outgoing;
    this.#asked.set(customer_service_session_id, temp_message_id);
    const data = {
      customer_service_session_id,
      content,
      message_type,
      temp_message_id,
      reply_to_id,
    };
    socket.ask("send_message", data, (refused) => {
      if (socket !== this.#socket) return;
      this.#asked.delete(customer_service_session_id);
      if (refused === undefined) this.#accepted(temp_message_id);
      else this.#refused(temp_message_id, refused.code, refused.message);
      this.go();
    });
  }

  #accepted(id: string): void {
    this.#refusals = 0;
    this.#acked.add(id);
    if (this.#outbox.find(id)?.state === "waiting") this.#outbox.move(id, { state: "sending" });
  }

  /** A message will not be stored. */
  failed({ temp_message_id: id, code, message }: Events["message_failed"]): void {
    const outgoing = this.#outbox.find(id);
    if (outgoing === undefined) return;
    const { temp_message_id, customer_service_session_id: conversation } = outgoing;
    // The same comes as the answer to what was just asked, and may be told of an earlier try.
    if (this.#asked.get(conversation) === id) return;
    this.#acked.delete(temp_message_id);
    this.#refused(temp_message_id, code, message);
  }

  #refused(id: string, code: Code | "NETWORK", message: string): void {
    const kept = this.#outbox.find(id);
    if (kept === undefined) return;
    const todo = code === "NETWORK" ? "keep_trying" : TODO[code];
    // A refusal that is not of this message: it waits, for a while or for the next session.
    if (todo === "wait" || todo === "keep_trying" || todo === "refresh" || isEnd(code)) {
      if (kept.state !== "waiting") this.#outbox.move(id, { state: "waiting" });
      return this.#later();
    }
    const known = code === "NETWORK" ? undefined : code;
    this.#outbox.move(id, { state: "failed", code: known, message });
  }

  #later(): void {
    if (this.#timer !== undefined) return;
    const millis = pause(this.#refusals, this.#random);
    this.#refusals += 1;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.go();
    }, millis);
  }

  /** The server has it for good. */
  stored({ temp_message_id: id, chat_message_id, seq }: Message): void {
    if (id === null || this.#outbox.find(id) === undefined) return;
    this.#outbox.move(id, { state: "sent", chat_message_id, seq });
    this.go();
  }
}
