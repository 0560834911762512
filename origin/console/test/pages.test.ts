import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOf, toneOf } from "../src/pages/audit/detail.ts";
import { extentOf, perMinute } from "../src/pages/overview/series.ts";

test("a series is summed up without what is not known", () => {
  assert.deepEqual(extentOf([null, 3, 0, 7, 7, null]), {
    sum: 17,
    least: 0,
    most: 7,
    mostAt: 3,
    last: 7,
  });
  assert.equal(extentOf([null, null]), undefined);
  assert.equal(extentOf([]), undefined);
});

test("messages of a point are told a minute", () => {
  assert.deepEqual(perMinute([60, null, 1, 0], 360), [10, null, 0.2, 0]);
  assert.deepEqual(perMinute([5], 60), [5]);
});

test("a detail is told in its order, without what says nothing, and never at any length", () => {
  assert.deepEqual(
    factsOf({
      reason: "REPLACED",
      note: null,
      by_session_id: 7,
      risk_causes: [],
      causes: ["a", "b"],
    }),
    [
      { name: "reason", value: "REPLACED" },
      { name: "by_session_id", value: "7" },
      { name: "causes", value: "a, b" },
    ],
  );
  assert.deepEqual(factsOf({ from: { status: "active" }, is_new: false }), [
    { name: "from", value: '{"status":"active"}' },
    { name: "is_new", value: "false" },
  ]);
  for (const none of [null, undefined, "", {}]) assert.deepEqual(factsOf(none), []);
  assert.deepEqual(factsOf("plain"), [{ name: "", value: "plain" }]);
  assert.equal(factsOf({ long: "x".repeat(500) })[0]?.value.length, 80);
});

test("trouble and what an admin did stand out", () => {
  assert.equal(toneOf("login_failed"), "bad");
  assert.equal(toneOf("security_alert"), "warn");
  assert.equal(toneOf("user_role_changed"), "warn");
  assert.equal(toneOf("refreshed"), "");
});
