import { isObject } from "../api.ts";
import type { Position } from "./events.ts";
import type { Arrived, Order } from "./order.ts";
import type { Socket } from "./socket.ts";

/** Conversations that one `resume` may name. */
const MOST = 100;
/** Before it is asked once more for the same, in milliseconds. */
const PAUSE = 1_000;

/** Asks for what is missing: one `resume` at a time, as the server has it. */
export class CatchUp {
  readonly #order: Order;
  readonly #handOn: (arrived: Arrived) => void;
  #socket: Socket | undefined;
  #isAsking = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(order: Order, handOn: (arrived: Arrived) => void) {
    this.#order = order;
    this.#handOn = handOn;
  }

  on(socket: Socket): void {
    this.#socket = socket;
    this.go();
  }

  off(): void {
    this.#socket = undefined;
    this.#isAsking = false;
    clearTimeout(this.#timer);
  }

  go(): void {
    const socket = this.#socket;
    if (socket === undefined || this.#isAsking || this.#order.missing.size === 0) return;
    this.#isAsking = true;
    const asked = this.#order.positions(MOST);
    socket.ask("resume", { conversations: asked }, (refused, answer) => {
      if (socket !== this.#socket) return;
      if (refused === undefined) return this.#answered(asked, answer);
      for (const { customer_service_session_id: id, seq } of asked) {
        this.#order.heardOf(id, seq + 1);
      }
      this.#later();
    });
  }

  #answered(asked: Position[], answer: unknown): void {
    const reached = readPositions(answer);
    for (const position of asked) {
      const ready = this.#order.resumed(
        position,
        reached.get(position.customer_service_session_id),
      );
      for (const arrived of ready) this.#handOn(arrived);
    }
    const isAgain = asked.some((one) => this.#order.missing.has(one.customer_service_session_id));
    if (isAgain && !this.#hasCome(asked)) return this.#later();
    this.#isAsking = false;
    this.go();
  }

  /** Whether more was sent: then there is no reason to wait before the rest is asked for. */
  #hasCome(asked: Position[]): boolean {
    return asked.some((one) => this.#order.seq(one.customer_service_session_id) > one.seq);
  }

  #later(): void {
    this.#timer = setTimeout(() => {
      this.#isAsking = false;
      this.go();
    }, PAUSE);
  }
}

function readPositions(answer: unknown): Map<number, number> {
  const told = isObject(answer) && Array.isArray(answer.conversations) ? answer.conversations : [];
  return new Map(
    told
      .filter(isObject)
      .map((one) => [Number(one.customer_service_session_id), Number(one.seq)] as const),
  );
}
