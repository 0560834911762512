import type { Code, SessionState, Todo } from "@drawbridge/client";

type Ended = Extract<SessionState, { status: "ended" }>;

/** The ways that a session ends, as this page tells them apart. */
export const REASONS = [
  "SESSION_EXPIRED",
  "SESSION_IDLE",
  "SESSION_REPLACED",
  "SESSION_DEACTIVATED",
  "SESSION_REVOKED",
  "SESSION_LOGGED_OUT",
  "PASSWORD_CHANGED",
  "REUSE_DETECTED",
  "USER_INACTIVE",
] as const satisfies readonly Code[];

export type Reason = (typeof REASONS)[number];

/** Where the log-in begins: with the form, or with a tap that says "yes, here". */
export type Begin = "form" | "tap" | "stop";

/** The reason that a session ended, where it is one that a person is told. */
export function reasonOf(ended: Ended | undefined): Reason | undefined {
  return REASONS.find((one) => one === ended?.code);
}

/** What comes first after that reason. */
export function beginOf(reason: Reason | undefined, todo: Todo | undefined): Begin {
  if (reason === "USER_INACTIVE") return "stop";
  return reason && todo === "tell_and_wait" ? "tap" : "form";
}

/** Credentials of what was typed into the one field. */
export function credentials(who: string, password: string) {
  const name = who.trim();
  return name.includes("@")
    ? { email: name, password }
    : { mobile: name.replace(/[\s-]/g, ""), password };
}
