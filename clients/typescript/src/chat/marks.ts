import type { Socket } from "./socket.ts";

/** The server passes on that somebody types once a second; more would only use up what a socket may send. */
const TYPING_EVERY = 2_000;
/** Before it is said once more, in milliseconds. */
const PAUSE = 2_000;

/** What was read, and who types. */
export class Marks {
  #socket: Socket | undefined;
  /** By conversation, the newest message that was read and that the server has not heard of. */
  readonly #unheard = new Map<number, number>();
  readonly #typed = new Map<number, { is_typing: boolean; at: number }>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  on(socket: Socket): void {
    this.#socket = socket;
    for (const conversation of this.#unheard.keys()) this.#say(conversation);
  }

  off(): void {
    this.#socket = undefined;
    this.#typed.clear();
    clearTimeout(this.#timer);
  }

  clear(): void {
    this.#unheard.clear();
  }

  read(conversation: number, message: number): void {
    if ((this.#unheard.get(conversation) ?? 0) >= message) return;
    this.#unheard.set(conversation, message);
    this.#say(conversation);
  }

  #say(conversation: number): void {
    const socket = this.#socket;
    const message = this.#unheard.get(conversation);
    if (socket === undefined || message === undefined) return;
    const heard = () => {
      if (this.#unheard.get(conversation) === message) this.#unheard.delete(conversation);
    };
    const data = { customer_service_session_id: conversation, chat_message_id: message };
    socket.ask("mark_read", data, (refused) => {
      if (socket !== this.#socket) return;
      // What will never be allowed is not asked for again.
      const isLater = refused?.todo === "wait" || refused?.todo === "keep_trying";
      if (!isLater) return heard();
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => {
        for (const unheard of this.#unheard.keys()) this.#say(unheard);
      }, PAUSE);
    });
  }

  typing(conversation: number, is_typing: boolean, now: number): void {
    const last = this.#typed.get(conversation);
    const isNews = last?.is_typing !== is_typing || (is_typing && now - last.at >= TYPING_EVERY);
    if (!isNews || (last === undefined && !is_typing)) return;
    this.#typed.set(conversation, { is_typing, at: now });
    this.#socket?.say("typing", { customer_service_session_id: conversation, is_typing });
  }
}
