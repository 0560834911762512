import assert from "node:assert/strict";
import { test } from "node:test";
import { oneAtATime } from "../src/desk/once.ts";

test("what is asked for while it runs is one more run, however often it was asked for", async () => {
  let runs = 0;
  let finish = () => {};
  const ask = oneAtATime(() => {
    runs += 1;
    return new Promise<void>((done) => {
      finish = done;
    });
  });
  ask();
  for (let again = 0; again < 5; again += 1) ask();
  assert.equal(runs, 1);
  finish();
  await new Promise(setImmediate);
  assert.equal(runs, 2);
  finish();
  await new Promise(setImmediate);
  assert.equal(runs, 2);
});

test("a run that fails does not end the next", async () => {
  let runs = 0;
  const ask = oneAtATime(() => {
    runs += 1;
    return Promise.reject(new Error("no"));
  });
  ask();
  await new Promise(setImmediate);
  ask();
  await new Promise(setImmediate);
  assert.equal(runs, 2);
});
