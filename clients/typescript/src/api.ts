import { address, type Wanted } from "./call.ts";
import { isCode, type Schemas } from "./codes.ts";
import { ApiError } from "./error.ts";
import type { HttpAnswer, Transport } from "./transport/transport.ts";

/** How long a call may go unanswered, in milliseconds. */
const TIMEOUT = 30_000;

/** Who calls, and what. */
export interface Call extends Wanted {
  /** Access token. */
  token?: string | undefined;
}

/** The HTTP API: envelopes opened, refusals made errors, and nothing known of sessions. */
export class Api {
  /** Server's clock minus ours, in milliseconds, as last heard. */
  skew: number | undefined;
  readonly #url: string;
  readonly #transport: Transport;
  readonly #hasCookies: boolean;
  /** Of messages. */
  readonly language: () => string;
  readonly #now: () => number;

  constructor(options: {
    url: string;
    transport: Transport;
    hasCookies: boolean;
    language: () => string;
    now: () => number;
  }) {
    this.#url = options.url.replace(/\/+$/, "");
    this.#transport = options.transport;
    this.#hasCookies = options.hasCookies;
    this.language = options.language;
    this.#now = options.now;
  }

  /** The `data` of an answer. Whatever goes wrong is an `ApiError`. */
  async call(method: "GET" | "POST", path: string, call: Call): Promise<unknown> {
    const headers: Record<string, string> = { "accept-language": this.language() };
    if (call.token !== undefined) headers.authorization = `Bearer ${call.token}`;
    if (call.body !== undefined) headers["content-type"] = "application/json";
    let answer: HttpAnswer;
    try {
      answer = await this.#transport.request({
        method,
        url: this.#url + address(path, call),
        headers,
        body: call.body === undefined ? undefined : JSON.stringify(call.body),
        credentials: this.#hasCookies && path.startsWith("/api/v4/auth/"),
        timeout: TIMEOUT,
      });
    } catch (error) {
      const message = error instanceof Error ? error.message : "no answer";
      throw new ApiError("NETWORK", { message, status: 0 });
    }
    const { status, headers: told, body } = answer;
    const envelope: Record<string, unknown> = isObject(body) ? body : {};
    this.heardTime(envelope.server_time ?? told.date);
    if (status >= 200 && status < 300 && envelope.success === true) return envelope.data;
    throw refusal(answer, envelope);
  }

  /** Takes note of the server's clock, where this is a time. */
  heardTime(time: unknown): void {
    const at = typeof time === "string" ? Date.parse(time) : Number.NaN;
    if (Number.isFinite(at)) this.skew = at - this.#now();
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What was answered in place of success; by its status alone, where it is not the service that speaks. */
function refusal({ status, headers }: HttpAnswer, told: Record<string, unknown>): ApiError {
  const retryAfter = Number.parseInt(headers["retry-after"] ?? "", 10);
  const otherwise =
    status === 429 ? "RATE_LIMITED" : status >= 500 ? "ORIGIN_UNAVAILABLE" : "NETWORK";
  return new ApiError(isCode(told.code) ? told.code : otherwise, {
    message: typeof told.message === "string" ? told.message : `HTTP ${status}`,
    status,
    fields: Array.isArray(told.fields) ? (told.fields as Schemas["FieldError"][]) : undefined,
    requestId: typeof told.request_id === "string" ? told.request_id : headers["x-request-id"],
    retryAfter: Number.isFinite(retryAfter) && retryAfter >= 0 ? retryAfter : undefined,
    details: told.details,
  });
}
