import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isEnd, ofClose } from "../src/codes.ts";
import { ApiError, type Code, TODO } from "../src/index.ts";

const root = new URL("../../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");
const codes: Code[] = JSON.parse(read("docs/openapi.json")).components.schemas.ErrorCode.enum;

test("each code of the document asks for something, and nothing else does", () => {
  assert.ok(codes.length > 30);
  assert.deepEqual(Object.keys(TODO).sort(), [...codes].sort());
  const of = (code: Code | "NETWORK", status: number) =>
    new ApiError(code, { message: "", status }).todo;
  assert.equal(of("SESSION_REPLACED", 401), "tell_and_wait");
  assert.equal(of("NETWORK", 0), "keep_trying");
  // A refusal in words that this client has not.
  assert.equal(of("NETWORK", 418), "report");
});

test("close codes are those of the server's table", () => {
  const rows = read("shared/src/error.rs").matchAll(/= "([A-Z_]+)", \d+, Some\((4\d+)\)/g);
  let told = 0;
  for (const [, code, close] of rows) {
    if (ofClose(Number(close)) === undefined) continue;
    told += 1;
    assert.equal(ofClose(Number(close)), code);
  }
  assert.equal(told, 15);
  for (const close of [1000, 1001, 1006, 1011, 1012, 4400, 4405, 4409, 4420, 4430, 0, Number.NaN]) {
    assert.equal(ofClose(close), undefined, String(close));
  }
});

test("what ends a session is known from what does not", () => {
  const ends = codes.filter(isEnd);
  assert.equal(ends.length, 13);
  for (const code of ["TOKEN_EXPIRED", "INVALID_CREDENTIALS", "FORBIDDEN", "INTERNAL"] as const) {
    assert.ok(!ends.includes(code), code);
  }
});
