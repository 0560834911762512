import { audit } from "./audit.ts";
import { debug } from "./debug.ts";
import { desk } from "./desk.ts";
import { listings } from "./listings.ts";
import { logIn } from "./log_in.ts";
import { overview } from "./overview.ts";
import { sessions } from "./sessions.ts";
import { shell } from "./shell.ts";
import { timeline } from "./timeline.ts";
import { users } from "./users.ts";

export const zh = {
  audit,
  debug,
  desk,
  listings,
  logIn,
  overview,
  sessions,
  shell,
  timeline,
  users,
};

/** What every language has words for. */
export type Words = typeof zh;
