import type { components } from "./schema.ts";

/** The types of the API's document. */
export type Schemas = components["schemas"];
/** What a client branches on. */
export type Code = Schemas["ErrorCode"];

/** What a code asks for (docs/clients.md). */
export type Todo =
  | "refresh"
  | "log_in"
  | "tell_and_log_in"
  | "tell_and_wait"
  | "log_in_page"
  | "advise_password"
  | "stop"
  | "free_a_device"
  | "try_again"
  | "new_code"
  | "wait"
  | "report"
  | "keep_trying";

/** What each code asks for. `TOKEN_EXPIRED` is of a call; told to a refresh, it asks for a log-in. */
export const TODO: Readonly<Record<Code, Todo>> = {
  TOKEN_EXPIRED: "refresh",
  TOKEN_INVALID: "log_in",
  TOKEN_MALFORMED: "log_in",
  TOKEN_MISSING: "log_in",
  SESSION_NOT_FOUND: "log_in",
  SESSION_EXPIRED: "tell_and_log_in",
  SESSION_IDLE: "tell_and_log_in",
  SESSION_REPLACED: "tell_and_wait",
  SESSION_DEACTIVATED: "tell_and_wait",
  SESSION_REVOKED: "tell_and_wait",
  PASSWORD_CHANGED: "tell_and_wait",
  SESSION_LOGGED_OUT: "log_in_page",
  REUSE_DETECTED: "advise_password",
  USER_INACTIVE: "stop",
  WECHAT_BLOCKED: "stop",
  SESSION_LIMIT: "free_a_device",
  INVALID_CREDENTIALS: "try_again",
  VALIDATION_FAILED: "try_again",
  CONFLICT: "try_again",
  WECHAT_CODE_INVALID: "new_code",
  WECHAT_BUSY: "wait",
  RATE_LIMITED: "wait",
  TOO_MANY_SOCKETS: "wait",
  CSRF_REJECTED: "report",
  FORBIDDEN: "report",
  NOT_FOUND: "report",
  METHOD_NOT_ALLOWED: "report",
  PAYLOAD_TOO_LARGE: "report",
  UNSUPPORTED_MEDIA_TYPE: "report",
  BAD_REQUEST: "report",
  ORIGIN_UNAVAILABLE: "keep_trying",
  INTERNAL: "keep_trying",
  AUTH_TIMEOUT: "keep_trying",
  SLOW_CONSUMER: "keep_trying",
};

/** How sessions end: in the order of the close codes of sockets, from 4410 on. */
const ENDS: readonly Code[] = [
  "SESSION_EXPIRED",
  "SESSION_IDLE",
  "SESSION_REPLACED",
  "SESSION_DEACTIVATED",
  "SESSION_REVOKED",
  "SESSION_LOGGED_OUT",
  "PASSWORD_CHANGED",
  "REUSE_DETECTED",
  "SESSION_NOT_FOUND",
  "USER_INACTIVE",
];
/** From 4401 on. */
const TOKEN_CLOSES: readonly Code[] = [
  "TOKEN_MISSING",
  "TOKEN_MALFORMED",
  "TOKEN_INVALID",
  "TOKEN_EXPIRED",
];

/** The code that a socket was closed with, where it is one of ours that says what to do. */
export function ofClose(close: number): Code | undefined {
  if (close === 4431) return "TOO_MANY_SOCKETS";
  return ENDS[close - 4410] ?? TOKEN_CLOSES[close - 4401];
}

/** Whether a text is a code that this client knows. */
export function isCode(text: unknown): text is Code {
  return typeof text === "string" && Object.keys(TODO).includes(text);
}

/** Whether a code says that the session, or the token that names it, is of no more use. */
export function isEnd(code: Code | "NETWORK"): boolean {
  return ENDS.includes(code as Code) || TODO[code as Code] === "log_in";
}
