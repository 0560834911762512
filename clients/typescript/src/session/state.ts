import type { Code, Schemas, Todo } from "../codes.ts";
import type { ApiError } from "../error.ts";

/** Where a session stands, as far as this client knows. */
export type SessionState =
  | { status: "starting" }
  | { status: "live"; user_id: number; role: Schemas["Role"]; session: Schemas["SessionView"] }
  /** `code` is `null` where nobody was logged in. */
  | { status: "ended"; code: Code | null; message: string | null; todo: Todo }
  /** Says nothing of the session: `start` again later. */
  | { status: "offline"; error: ApiError };

/** With what someone logs in: a password, or what `wx.login` gave. */
export type LogIn =
  | { mobile?: string; email?: string; password: string; code?: undefined }
  | { code: string };
