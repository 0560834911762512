import type { Words } from "../zh/index.ts";
import { audit } from "./audit.ts";
import { debug } from "./debug.ts";
import { overview } from "./overview.ts";
import { sessions } from "./sessions.ts";
import { shell } from "./shell.ts";
import { timeline } from "./timeline.ts";
import { users } from "./users.ts";

export const en: Words = { shell, audit, debug, overview, sessions, timeline, users };
