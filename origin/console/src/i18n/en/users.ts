import type { Words } from "../zh/index.ts";

export const users: Words["users"] = {};
