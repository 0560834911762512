import type { Words } from "../zh/index.ts";

export const debug: Words["debug"] = {};
