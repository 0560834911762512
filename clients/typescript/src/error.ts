import { type Code, type Schemas, TODO, type Todo } from "./codes.ts";

/** What is known of a refusal beside its code. */
export interface Refusal {
  message: string;
  /** HTTP status; 0 where there was no answer. */
  status: number;
  fields?: Schemas["FieldError"][] | undefined;
  requestId?: string | undefined;
  /** Seconds. */
  retryAfter?: number | undefined;
  /** With `CONFLICT`: the state that does not allow it. */
  details?: unknown;
}

/** A call that was refused, or that nobody answered: `NETWORK`, which says nothing of the session. */
export class ApiError extends Error {
  readonly code: Code | "NETWORK";
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** With `VALIDATION_FAILED`: an entry a field. */
  readonly fields: Schemas["FieldError"][] | undefined;
  /** Finds the call in the server's logs. */
  readonly requestId: string | undefined;
  /** Seconds after which to come back, where the server said. */
  readonly retryAfter: number | undefined;
  /** With `CONFLICT`: the state that does not allow it. */
  readonly details: unknown;

  constructor(code: Code | "NETWORK", refusal: Refusal) {
    super(refusal.message);
    this.name = "ApiError";
    this.code = code;
    this.status = refusal.status;
    this.fields = refusal.fields;
    this.requestId = refusal.requestId;
    this.retryAfter = refusal.retryAfter;
    this.details = refusal.details;
  }

  /** What the code asks for. */
  get todo(): Todo {
    // An answer in words that the table has not: of a newer server, or of somebody in between.
    if (this.code !== "NETWORK") return TODO[this.code];
    return this.status >= 400 ? "report" : "keep_trying";
  }
}
