import type { Words } from "../zh/index.ts";
import { desk } from "./desk.ts";
import { listings } from "./listings.ts";
import { logIn } from "./log_in.ts";
import { shell } from "./shell.ts";

export const en: Words = { desk, listings, logIn, shell };
