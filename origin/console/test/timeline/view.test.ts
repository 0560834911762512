import assert from "node:assert/strict";
import { test } from "node:test";
import { lanesOf, layoutOf } from "../../src/pages/timeline/model/lanes.ts";
import { marksOf, notesOf } from "../../src/pages/timeline/model/marks.ts";
import { readStory, type Story } from "../../src/pages/timeline/model/read.ts";
import { spansOf } from "../../src/pages/timeline/model/span.ts";
import { ticksOf } from "../../src/pages/timeline/model/ticks.ts";
import { clamp, pan, xOf, zoom } from "../../src/pages/timeline/model/view.ts";
import { bar, DAY } from "./storm.ts";

const LIMITS = { from: 0, to: 1_000_000 };

test("zooming keeps the moment under the pointer where it is, and stays within the limits", () => {
  const view = { from: 200_000, to: 600_000 };
  const closer = zoom(view, 0.5, 0.25, LIMITS);
  assert.equal(xOf(300_000, closer, 1_000), 250);
  assert.deepEqual(zoom(view, 100, 0.5, LIMITS), LIMITS);
  assert.equal(zoom(view, 1e-9, 0.5, LIMITS).to - zoom(view, 1e-9, 0.5, LIMITS).from, 1_000);
});

test("moving stops at the ends without changing what is shown of length", () => {
  assert.deepEqual(pan({ from: 0, to: 400 * 1_000 }, -0.5, LIMITS), { from: 0, to: 400_000 });
  assert.deepEqual(pan({ from: 500_000, to: 900_000 }, 1, LIMITS), {
    from: 600_000,
    to: 1_000_000,
  });
  assert.deepEqual(clamp({ from: -10, to: 5 * 1_000_000 }, LIMITS), LIMITS);
});

test("the axis has round times, few enough to read, from seconds to years", () => {
  for (const length of [5_000, 60_000, 300_000, 7_200_000, DAY, 20 * DAY, 400 * DAY, 4_000 * DAY]) {
    const view = { from: Date.parse("2026-02-17T17:40:03Z"), to: 0 };
    view.to = view.from + length;
    const ticks = ticksOf(view, 1_000);
    assert.ok(ticks.length >= 2 && ticks.length <= 12, `${length}: ${ticks.length}`);
    for (const tick of ticks) {
      assert.ok(tick.at >= view.from && tick.at <= view.to);
      assert.equal(new Date(tick.at).getMilliseconds(), 0);
    }
  }
  const days = ticksOf({ from: 0, to: 10 * DAY }, 1_000);
  assert.ok(days.every((tick) => tick.grain === "day"));
});

function recorded(id: number, at: number, event: string, session: number | null, detail?: unknown) {
  return {
    audit_event_id: id,
    event,
    created_at: new Date(at).toISOString(),
    actor_user_id: null,
    authentication_session_id: session,
    client_ip: null,
    request_id: null,
    user_id: 31,
    detail,
  };
}

test("marks stand at their session's row, those of no session apart, and crowds are one", () => {
  const layout = layoutOf(lanesOf(spansOf([bar(0, 0, null)], 1_000)));
  const notes = notesOf([
    recorded(1, 100, "refreshed", 0),
    recorded(2, 101, "refreshed", 0),
    recorded(3, 500, "login_failed", null),
    recorded(4, 600, "session_ended", 0, { code: "REUSE_DETECTED" }),
    recorded(5, 700, "session_ended", 0, { code: "SESSION_REPLACED" }),
    recorded(6, 800, "logged_in", 0),
  ]);
  const marks = marksOf(notes, layout, { from: 0, to: 1_000 }, 1_000);
  assert.deepEqual(
    marks.map(({ kind, row, events }) => [kind, row, events.length]),
    [
      ["refresh", 0, 2],
      ["failure", undefined, 1],
      ["reuse", 0, 1],
    ],
  );
});

/** A user with that many sessions, a second apart, as the service answers: the newest 500 before `to`. */
function service(count: number, calls: (string | undefined)[]) {
  const all = Array.from({ length: count }, (_, i) => bar(i, i * 1_000, null));
  return async (to: string | undefined) => {
    calls.push(to);
    const before = to ? Date.parse(to) : Number.POSITIVE_INFINITY;
    const found = all.filter((one) => Date.parse(one.created_at) < before);
    const sessions = found.slice(-500);
    return {
      user_id: 31,
      from: null,
      to: null,
      sessions,
      events: [],
      truncated: found.length > 500,
    };
  };
}

test("a long timeline is read on backwards without a gap, and up to five thousand", async () => {
  const calls: (string | undefined)[] = [];
  const seen: Story[] = [];
  await readStory(service(1_234, calls), (story) => seen.push(story));
  assert.equal(calls.length, 3);
  assert.equal(seen.at(-1)?.sessions.length, 1_234);
  assert.equal(seen.at(-1)?.hasMore, false);
  assert.equal(seen[0]?.hasMore, true);
  const long: Story[] = [];
  await readStory(service(9_000, []), (story) => long.push(story));
  assert.ok((long.at(-1)?.sessions.length ?? 0) >= 5_000);
  assert.ok((long.at(-1)?.sessions.length ?? 0) < 5_500);
  assert.equal(long.at(-1)?.hasMore, true);
});

test("a service that answers the same page for ever is asked twice and no more", async () => {
  const calls: number[] = [];
  const same = await service(600, [])(undefined);
  const seen: Story[] = [];
  await readStory(
    async () => {
      calls.push(1);
      return same;
    },
    (story) => seen.push(story),
  );
  assert.equal(calls.length, 2);
  assert.equal(seen.at(-1)?.hasMore, true);
});
