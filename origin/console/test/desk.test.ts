import assert from "node:assert/strict";
import { test } from "node:test";
import { arrived, type Queue, unknown, urgency, waiting } from "../src/desk/queue.ts";
import {
  compare,
  fromQueue,
  isFound,
  isOf,
  put,
  type Row,
  toRow,
  withMessage,
  withUpdate,
} from "../src/desk/rows.ts";
import { isReached, next, read, source } from "../src/desk/sources.ts";
import {
  fromEvent,
  items,
  merge,
  onTheWay,
  tail,
  withRead,
  withStatus,
} from "../src/desk/thread.ts";
import { atEnd, earlier, later, MOST } from "../src/desk/window.ts";

const at = (second: number) => new Date(1_800_000_000_000 + second * 1000).toISOString();

const event = (seq: number, over: object = {}) => ({
  chat_message_id: 100 + seq,
  customer_service_session_id: 7,
  seq,
  temp_message_id: null,
  sender_id: 31,
  sender_type: "user" as const,
  sender_name: "小王",
  content: `m${seq}`,
  message_type: "text" as const,
  reply_to_id: null,
  metadata: null,
  created_at: at(seq),
  timestamp: at(seq),
  ...over,
});
const message = (seq: number, over: object = {}) => fromEvent(event(seq, over));
const seqs = (all: readonly { seq: number }[]) => all.map((one) => one.seq);

const row = (id: number, over: Partial<Row> = {}): Row => ({
  ...toRow({
    customer_service_session_id: id,
    user: { user_id: 31, nickname: "Wang", mobile: "13612227930" },
    status: "active",
    status_display: "",
    source: "mobile",
    priority: 0,
    unread_count: 0,
    created_at: at(0),
    updated_at: at(id),
    admin: { user_id: 9, nickname: "Li" },
    last_message: null,
    last_message_at: null,
  }),
  ...over,
});

test("messages are merged by seq, whatever order they come in, and each is there once", () => {
  const have = merge([], [message(3), message(1)]);
  assert.deepEqual(seqs(merge(have, [message(2), message(3), message(4)])), [1, 2, 3, 4]);
  assert.equal(merge(have, []), have);
});

test("a status that comes late does not undo a further one", () => {
  const read = withStatus([message(1)], [101], "read");
  assert.equal(merge(read, [message(1)])[0]?.status, "read");
  assert.equal(withStatus(read, [101], "delivered"), read);
  assert.equal(merge([message(1)], read)[0]?.status, "read");
});

test("who reads has read what the other side wrote, up to there", () => {
  const all = [
    message(1, { sender_type: "admin" }),
    message(2),
    message(3, { sender_type: "admin" }),
  ];
  assert.deepEqual(
    withRead(all, "user", 2).map((one) => one.status),
    ["read", "sent", "sent"],
  );
});

test("what stands above a gap is left out", () => {
  assert.deepEqual(seqs(tail([message(1), message(2), message(5), message(6)])), [5, 6]);
  assert.deepEqual(seqs(tail([message(1), message(2)])), [1, 2]);
  assert.deepEqual(tail([]), []);
});

test("a message on its way gives way to the stored one, in its place", () => {
  const out = {
    temp_message_id: "t1",
    customer_service_session_id: 7,
    content: "hi",
    message_type: "text",
    state: "sending" as const,
  };
  assert.deepEqual(onTheWay([message(1)], [out]), [out]);
  const stored = [message(1), message(2, { temp_message_id: "t1" })];
  assert.deepEqual(onTheWay(stored, [out]), []);
  const before = items([message(1)], [out], undefined).at(-1);
  assert.equal(before?.key, items(stored, [out], undefined).at(-1)?.key);
});

test("a day is named once, what is new has a line above, one sender's messages stand together", () => {
  const day = 86_400;
  const all = items(
    [
      message(1),
      message(2),
      message(3, { created_at: at(day) }),
      message(4, { created_at: at(day + 500) }),
    ],
    [],
    2,
  );
  assert.deepEqual(
    all.map((one) => (one.kind === "message" ? one.isFirst : one.kind)),
    ["day", true, "unread", true, "day", true, true],
  );
});

test("a row counts what it has not seen, each message once", () => {
  const first = withMessage(row(1), event(5), false);
  assert.equal(first.unread_count, 1);
  assert.equal(withMessage(first, event(5), false), first);
  assert.equal(withMessage(first, event(4), false).unread_count, 1);
  assert.equal(withMessage(first, event(6, { sender_type: "admin" }), false).unread_count, 1);
  assert.equal(withMessage(first, event(6), true).unread_count, 0);
  assert.equal(withMessage(first, event(6), false).last_message?.content, "m6");
});

test("a message that REST has counted is not counted again", () => {
  const last = {
    chat_message_id: 105,
    content: "m5",
    sender_type: "user" as const,
    created_at: at(5),
  };
  const told = row(1, { unread_count: 3, last_message: last });
  assert.equal(withMessage(told, event(5), false).unread_count, 3);
});

test("an older version changes nothing", () => {
  const update = {
    customer_service_session_id: 1,
    change: "accepted" as const,
    status: "assigned" as const,
    admin: null,
    close_reason: null,
    version: 4,
    last_seq: 9,
    updated_at: at(9),
  };
  const now = withUpdate(row(1), update);
  assert.equal(now.status, "assigned");
  assert.equal(withUpdate(now, { ...update, version: 3, status: "waiting" }), now);
});

test("an answer of REST that is older than what a socket told is not taken", () => {
  const rows = put(new Map(), [withMessage(row(1), event(50), false)]);
  assert.equal(put(rows, [row(1)]).get(1)?.unread_count, 1);
  assert.equal(
    put(rows, [row(1, { at: Date.parse(at(60)), unread_count: 9 })]).get(1)?.unread_count,
    9,
  );
});

test("tabs", () => {
  assert.ok(isOf(row(1), "mine", 9));
  assert.ok(!isOf(row(1), "mine", 8));
  assert.ok(isOf(row(1), "active", 8));
  assert.ok(!isOf(row(1, { status: "waiting" }), "active", 9));
  assert.ok(isOf(row(1, { status: "closed" }), "closed", 8));
});

test("search finds what the origin finds", () => {
  for (const text of ["", "wa", "136", "31", "1"]) assert.ok(isFound(row(1), text), text);
  for (const text of ["ang", "3", "612"]) assert.ok(!isFound(row(1), text), text);
});

test("of two lists the one that is least far is read next, and nothing is shown below it", () => {
  let two = [source("assigned"), source("active")];
  assert.equal(next(two), 0);
  two = [read(source("assigned"), [row(9), row(5)], "c"), source("active")];
  assert.equal(next(two), 1);
  assert.ok(!isReached(two, row(9)));
  two = [two[0] ?? source(""), read(source("active"), [row(8), row(7)], "d")];
  assert.equal(next(two), 1);
  assert.deepEqual(
    [9, 8, 7, 6, 5].map((id) => isReached(two, row(id))),
    [true, true, true, false, false],
  );
  two = [two[0] ?? source(""), read(two[1] ?? source(""), [row(2)], undefined)];
  assert.equal(next(two), 0);
  assert.deepEqual(
    [5, 4].map((id) => isReached(two, row(id))),
    [true, false],
  );
  assert.equal(next([read(source(""), [], undefined)]), undefined);
});

test("the latest changed stands above, ties by key", () => {
  const same = [row(1, { at: 5 }), row(2, { at: 5 }), row(3, { at: 9 })].sort(compare);
  assert.deepEqual(
    same.map((one) => one.customer_service_session_id),
    [3, 2, 1],
  );
});

const waits = (id: number, second: number) => ({
  customer_service_session_id: id,
  user: { user_id: id, nickname: `u${id}`, mobile: null },
  priority: 0,
  source: "mobile",
  waiting_since: at(second),
  last_message_at: null,
});

test("the queue's order is kept; who was taken does not wait; those beyond come by age", () => {
  const queue: Queue = { total: 4, waiting: [waits(2, 5), waits(1, 9)] };
  const rows = put(new Map(), [
    row(4, { status: "waiting", created_at: at(30) }),
    row(3, { status: "waiting", created_at: at(20) }),
    row(5),
  ]);
  const ids = (all: readonly Row[]) => all.map((one) => one.customer_service_session_id);
  assert.deepEqual(ids(waiting(queue, rows)), [2, 1, 3, 4]);
  assert.deepEqual(ids(waiting({ ...queue, total: 2 }, rows)), [2, 1]);
  const taken = put(rows, [row(2, { status: "assigned" })]);
  assert.deepEqual(ids(waiting({ ...queue, total: 2 }, taken)), [1]);
  assert.deepEqual(unknown(queue, taken), [1]);
  assert.equal(fromQueue(waits(1, 9)).status, "waiting");
});

test("who came since", () => {
  const before: Queue = { total: 1, waiting: [waits(1, 1)] };
  const after: Queue = { total: 2, waiting: [waits(1, 1), waits(2, 2)] };
  assert.deepEqual(
    arrived(before, after).map((one) => one.customer_service_session_id),
    [2],
  );
  assert.deepEqual(arrived(after, before), []);
});

test("waiting grows urgent", () => {
  assert.deepEqual([0, 119, 120, 299, 300].map(urgency), [
    "calm",
    "calm",
    "long",
    "long",
    "too_long",
  ]);
});

test("the page holds a bounded part of a history, and every row can be reached", () => {
  let part = atEnd(10_000);
  let reached = 10_000;
  while (part.start > 0) {
    part = earlier(part);
    assert.ok(part.end - part.start <= MOST);
    assert.ok(part.end >= reached - MOST, "no row is jumped over");
    reached = part.start;
  }
  while (part.end < 10_000) {
    part = later(part, 10_000);
    assert.ok(part.end - part.start <= MOST);
  }
  assert.deepEqual(part, atEnd(10_000));
});
