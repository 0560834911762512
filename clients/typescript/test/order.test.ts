import assert from "node:assert/strict";
import { test } from "node:test";
import { type Arrived, Order } from "../src/chat/order.ts";
import { dice } from "./fake/clock.ts";
import { FakeServer } from "./fake/server.ts";

const TALK = 5;

function written(count: number): Arrived[] {
  const server = new FakeServer();
  return Array.from({ length: count }, (_, at) => ({
    event: "new_message",
    message: server.store(TALK, `message ${at + 1}`, 99, null),
  }));
}

const seqs = (arrived: Arrived[] | undefined) => arrived?.map(({ message }) => message.seq);

test("however messages come, each is handed on once and in its place", () => {
  const random = dice(7);
  for (let round = 0; round < 200; round += 1) {
    const all = written(60);
    const start = Math.floor(random() * 20);
    const order = new Order();
    order.follow(TALK, start);
    const got: number[] = [];
    while (got.length < 60 - start) {
      // Live messages in any order, some never, some twice; then what was asked for, up to a random point.
      for (let some = 0; some < 10; some += 1) {
        const one = all[Math.floor(random() * 60)];
        if (one !== undefined) got.push(...(seqs(order.take(one)) ?? []));
      }
      if (random() < 0.3) order.missAll();
      for (const from of order.positions(100)) {
        const upTo = Math.min(60, from.seq + Math.floor(random() * 30));
        for (const one of all.slice(from.seq, upTo)) got.push(...(seqs(order.take(one)) ?? []));
        if (upTo < 60) order.truncated(TALK);
        got.push(...(seqs(order.resumed(from, upTo)) ?? []));
      }
    }
    assert.deepEqual(
      got,
      Array.from({ length: 60 - start }, (_, at) => start + at + 1),
    );
  }
});

test("who follows nothing is handed everything by somebody else", () => {
  const [first] = written(1);
  const order = new Order();
  assert.equal(order.take(first as Arrived), undefined);
  order.follow(TALK, 0);
  assert.deepEqual(seqs(order.take(first as Arrived)), [1]);
  order.unfollow(TALK);
  assert.equal(order.take(first as Arrived), undefined);
  assert.equal(order.missing.size, 0);
});

test("a gap is asked for, and what came before is not taken for one", () => {
  const [first, second, third] = written(3);
  const order = new Order();
  order.follow(TALK, 0);
  const asked = order.positions(100);
  order.resumed(asked[0] as { customer_service_session_id: number; seq: number }, 0);
  assert.equal(order.missing.size, 0);
  order.take(first as Arrived);
  for (let time = 0; time < 5; time += 1) assert.deepEqual(order.take(first as Arrived), []);
  assert.equal(order.missing.size, 0);
  assert.deepEqual(order.take(third as Arrived), []);
  assert.ok(order.missing.has(TALK));
  assert.deepEqual(seqs(order.take(second as Arrived)), [2, 3]);
});

test("a gap that the server never fills is left behind after three answers", () => {
  const [, second, , fourth] = written(4);
  const order = new Order();
  order.follow(TALK, 0);
  const ask = (reached: number | undefined) => {
    const [from] = order.positions(100);
    assert.deepEqual(from, { customer_service_session_id: TALK, seq: 0 });
    return seqs(
      order.resumed(from as { customer_service_session_id: number; seq: number }, reached),
    );
  };
  order.take(second as Arrived);
  order.take(fourth as Arrived);
  assert.deepEqual(ask(4), []);
  assert.deepEqual(ask(undefined), []);
  // That the server says itself that it sent less than there is counts for nothing.
  order.truncated(TALK);
  assert.deepEqual(ask(0), []);
  assert.deepEqual([ask(4), ask(4), ask(4)], [[], [], [2]]);
  assert.ok(order.missing.has(TALK));
});

test("a server that says it sent what it did not is asked three times and no more", () => {
  const order = new Order();
  order.follow(TALK, 3);
  for (let time = 0; time < 3; time += 1) {
    const [from] = order.positions(100);
    assert.deepEqual(from, { customer_service_session_id: TALK, seq: 3 });
    order.resumed(from as { customer_service_session_id: number; seq: number }, 9_000_000);
  }
  assert.equal(order.missing.size, 0);
  assert.equal(order.seq(TALK), 3);
});

test("what waits beyond a gap is bounded", () => {
  const all = written(3_000);
  const order = new Order();
  order.follow(TALK, 0);
  for (const one of all.slice(1)) assert.deepEqual(order.take(one), []);
  const first = order.take(all[0] as Arrived);
  assert.equal(first?.length, 1_001);
  // The rest comes again.
  order.heardOf(TALK, 3_000);
  const [from] = order.positions(100);
  assert.equal(from?.seq, 1_001);
});
