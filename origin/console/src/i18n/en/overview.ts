import type { Words } from "../zh/index.ts";

export const overview: Words["overview"] = {};
