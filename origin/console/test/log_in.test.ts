import assert from "node:assert/strict";
import { test } from "node:test";
import { beginOf, credentials, REASONS, reasonOf } from "../src/pages/log_in/why.ts";

test("one field takes a mobile number or an e-mail address", () => {
  assert.deepEqual(credentials(" 138 0000-0001 ", "p"), { mobile: "13800000001", password: "p" });
  assert.deepEqual(credentials("a-b@c.example ", " p "), {
    email: "a-b@c.example",
    password: " p ",
  });
});

test("what is no end that a person is told of is no reason", () => {
  const ended = (code: (typeof REASONS)[number] | "TOKEN_MISSING" | null) =>
    reasonOf({ status: "ended", code, message: null, todo: "log_in" });
  assert.equal(ended(null), undefined);
  assert.equal(ended("TOKEN_MISSING"), undefined);
  assert.equal(reasonOf(undefined), undefined);
  for (const reason of REASONS) assert.equal(ended(reason), reason);
});

test("who was thrown out is asked first, and who cannot log in is not asked to", () => {
  assert.equal(beginOf("SESSION_REPLACED", "tell_and_wait"), "tap");
  assert.equal(beginOf("SESSION_IDLE", "tell_and_log_in"), "form");
  assert.equal(beginOf("USER_INACTIVE", "stop"), "stop");
  assert.equal(beginOf(undefined, "log_in"), "form");
});
