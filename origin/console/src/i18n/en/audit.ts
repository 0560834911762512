import type { Words } from "../zh/index.ts";

export const audit: Words["audit"] = {};
