import { shell } from "./shell.ts";

export const zh = { shell };

/** What every language has words for. */
export type Words = typeof zh;
