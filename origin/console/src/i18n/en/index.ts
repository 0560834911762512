import type { Words } from "../zh/index.ts";
import { shell } from "./shell.ts";

export const en: Words = { shell };
