import { audit } from "./audit.ts";
import { debug } from "./debug.ts";
import { overview } from "./overview.ts";
import { sessions } from "./sessions.ts";
import { shell } from "./shell.ts";
import { timeline } from "./timeline.ts";
import { users } from "./users.ts";

export const zh = { shell, audit, debug, overview, sessions, timeline, users };

/** What every language has words for. */
export type Words = typeof zh;
