import { desk } from "./desk.ts";
import { listings } from "./listings.ts";
import { logIn } from "./log_in.ts";
import { shell } from "./shell.ts";

export const zh = { desk, listings, logIn, shell };

/** What every language has words for. */
export type Words = typeof zh;
