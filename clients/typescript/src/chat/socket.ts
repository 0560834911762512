import { isObject } from "../api.ts";
import { type Code, isCode, ofClose } from "../codes.ts";
import { ApiError } from "../error.ts";
import type { Wire } from "../transport/transport.ts";
import { type AnyEvent, readEvent } from "./events.ts";
import { Heartbeat } from "./heartbeat.ts";

/** How long the greeting, and the answer to what should be answered at once, may take, in milliseconds. */
const PATIENCE = 20_000;
/** How long a `resume` may take: the server waits for the origin meanwhile. */
const LONG_PATIENCE = 60_000;

/** What a socket tells. */
export interface Heard {
  event(told: AnyEvent): void;
  /** It is over. `code` is why, where the server said. */
  closed(code: Code | undefined, wasGreeted: boolean): void;
}

/** What became of a question: the answer, or what was refused. */
export type Answered = (refused: ApiError | undefined, data: unknown) => void;

interface Question {
  answered: Answered;
  timer: ReturnType<typeof setTimeout>;
}

/** One connection: frames, answers by their numbers, heartbeat. It ends once. */
export class Socket {
  readonly #wire: Wire;
  readonly #heard: Heard;
  readonly #heartbeat: Heartbeat;
  readonly #questions = new Map<number, Question>();
  readonly #greeting: ReturnType<typeof setTimeout>;
  #last = 0;
  #wasGreeted = false;
  #isOver = false;

  constructor(wire: Wire, heard: Heard) {
    this.#wire = wire;
    this.#heard = heard;
    const lost = () => this.drop();
    this.#greeting = setTimeout(lost, PATIENCE);
    this.#heartbeat = new Heartbeat(() => wire.send("ping"), lost);
    wire.heard = (text) => this.#take(text);
    wire.closed = (code) => this.#end(ofClose(code));
  }

  /** Says something that needs no answer. */
  say(event: string, data: object): void {
    if (!this.#isOver) this.#wire.send(JSON.stringify({ event, data }));
  }

  /**
   * Says something, and is told of the answer before what came after it. There may be none: the socket's end is
   * told to everybody at once.
   */
  ask(
    event: "send_message" | "mark_read" | "resume" | "reauthenticate",
    data: object,
    answered: Answered,
  ): void {
    if (this.#isOver) return;
    this.#last += 1;
    const ack = this.#last;
    const patience = event === "resume" ? LONG_PATIENCE : PATIENCE;
    // One that pongs and answers nothing is as good as gone.
    const timer = setTimeout(() => this.drop(), patience);
    this.#questions.set(ack, { answered, timer });
    this.#wire.send(JSON.stringify({ event, data, ack }));
  }

  /** Ends it from this side, and tells as if it had ended by itself. */
  drop(): void {
    this.#end(undefined);
  }

  /** Ends it from this side, and tells nobody. */
  close(): void {
    this.#heard.event = () => {};
    this.#heard.closed = () => {};
    this.#end(undefined);
  }

  #end(code: Code | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#greeting);
    this.#heartbeat.stop();
    this.#wire.close();
    for (const { timer } of this.#questions.values()) clearTimeout(timer);
    // Whoever asked hears of the end itself, and asks the next socket.
    this.#questions.clear();
    this.#heard.closed(code, this.#wasGreeted);
  }

  #take(text: string): void {
    if (this.#isOver) return;
    this.#heartbeat.alive();
    const frame = read(text);
    if (frame === undefined) return;
    if ("ack" in frame) return this.#answered(frame);
    const told = readEvent(frame.event, frame.data);
    if (told === undefined) return;
    if (told.event === "connection_established") {
      this.#wasGreeted = true;
      clearTimeout(this.#greeting);
    }
    this.#heard.event(told);
    // What follows is a close whose code not every platform passes on.
    if (told.event === "session_invalidated") {
      this.#end(isCode(told.data.code) ? told.data.code : undefined);
    }
  }

  #answered(frame: Record<string, unknown>): void {
    const question = this.#questions.get(frame.ack as number);
    if (question === undefined) return;
    this.#questions.delete(frame.ack as number);
    clearTimeout(question.timer);
    if (!isObject(frame.error)) return question.answered(undefined, frame.data);
    const { code, message } = frame.error;
    const refusal = { message: String(message), status: 0 };
    question.answered(new ApiError(isCode(code) ? code : "INTERNAL", refusal), undefined);
  }
}

function read(text: string): Record<string, unknown> | undefined {
  try {
    const frame: unknown = JSON.parse(text);
    return isObject(frame) ? frame : undefined;
  } catch {
    // `pong`, or nothing that we know.
    return;
  }
}
