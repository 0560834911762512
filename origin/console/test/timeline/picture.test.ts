import assert from "node:assert/strict";
import { test } from "node:test";
import { arrowsOf } from "../../src/pages/timeline/model/arrows.ts";
import { burstsOf } from "../../src/pages/timeline/model/burst.ts";
import { deviceWords, networkOf } from "../../src/pages/timeline/model/device.ts";
import { lanesOf, layoutOf } from "../../src/pages/timeline/model/lanes.ts";
import { shapesOf, shapesOfRows } from "../../src/pages/timeline/model/shapes.ts";
import { spansOf } from "../../src/pages/timeline/model/span.ts";
import { summaryOf, worst } from "../../src/pages/timeline/model/summary.ts";
import { around } from "../../src/pages/timeline/model/view.ts";
import { BEGAN, bar, DAY, PACE, storm } from "./storm.ts";

const NOW = BEGAN + 30 * DAY;

test("the densest burst of user 31 is the ten log-ins of 7029 to 7038", () => {
  const spans = spansOf(storm(), NOW);
  assert.deepEqual(burstsOf(spans), [{ from: BEGAN, to: BEGAN + 9 * PACE, count: 10 }]);
});

test("a burst goes on beyond ten minutes at the same pace, and two log-ins are none", () => {
  const minute = 60_000;
  const many = Array.from({ length: 40 }, (_, i) => bar(i * 2, i * minute, null));
  assert.deepEqual(burstsOf(spansOf(many, NOW)), [{ from: 0, to: 39 * minute, count: 40 }]);
  assert.deepEqual(burstsOf(spansOf(many.slice(0, 2), NOW)), []);
  assert.deepEqual(burstsOf([]), []);
});

test("of two equal bursts the later one comes first, and both are found", () => {
  const rows = [0, 1, 2].flatMap((i) => [
    bar(i, i * 1_000, null),
    bar(i + 10, DAY + i * 1_000, null),
  ]);
  assert.deepEqual(
    burstsOf(spansOf(rows, NOW)).map((one) => [one.from, one.count]),
    [
      [DAY, 3],
      [0, 3],
    ],
  );
});

test("where two devices threw each other out is shown before a larger crowd of peaceful log-ins", () => {
  const later = BEGAN + 10 * DAY;
  const crowd = Array.from({ length: 30 }, (_, i) =>
    bar(9_000 + i, later + i * 1_000, later + (i + 1) * 1_000, { device_id: `d${i}` }),
  );
  const spans = spansOf([...storm(), ...crowd], NOW);
  const bursts = burstsOf(spans);
  assert.equal(bursts[0]?.count, 30);
  assert.equal(worst(bursts, lanesOf(spans))?.from, BEGAN);
  assert.equal(worst([], []), undefined);
  const calm = spansOf(crowd, NOW);
  assert.equal(worst(burstsOf(calm), lanesOf(calm))?.count, 30);
});

test("the summary of the storm says ten log-ins, nine replaced, two devices, one pair at war", () => {
  const lanes = lanesOf(spansOf(storm(), NOW));
  const said = summaryOf(lanes, BEGAN, BEGAN + 9 * PACE);
  assert.equal(said.logIns, 10);
  assert.equal(said.replaced, 9);
  assert.equal(said.devices, 2);
  assert.equal(said.live, 1);
  assert.equal(said.span, 9 * PACE);
  assert.equal(said.feud?.count, 9);
  assert.deepEqual(
    new Set([said.feud?.one.ips[0], said.feud?.other.ips[0]]),
    new Set(["127.0.0.1", "116.4.39.203"]),
  );
});

test("a device that replaces itself is no war of two, and an empty time sums up to nothing", () => {
  const rows = [0, 2, 4].map((id) =>
    bar(id, id * 1_000, (id + 2) * 1_000, { ended_by_session_id: id + 2 }),
  );
  const lanes = lanesOf(spansOf(rows, NOW));
  assert.equal(summaryOf(lanes, 0, 9_000).feud, undefined);
  assert.equal(summaryOf(lanes, 0, 9_000).replaced, 2);
  const none = summaryOf(lanes, DAY, 2 * DAY);
  assert.deepEqual([none.logIns, none.span, none.devices], [0, 0, 0]);
});

test("the storm has a lane a device, and overlapping sessions of one device stand on lines of their own", () => {
  const lanes = lanesOf(spansOf(storm(), NOW));
  assert.deepEqual(
    lanes.map((lane) => [lane.clientType, lane.device, lane.ips, lane.place]),
    [
      ["mini_program", "WeChat 8.0 · iOS 17.3", ["116.4.39.203"], "CN"],
      ["web", "Chrome 121 · Windows", ["127.0.0.1"], ""],
    ],
  );
  const crossing = [bar(0, 0, 10), bar(2, 5, 20), bar(4, 10, 12)];
  const layout = layoutOf(lanesOf(spansOf(crossing, NOW)));
  assert.deepEqual(
    layout.rows.map((row) => row.spans.map((span) => span.id)),
    [[0, 4], [2]],
  );
  assert.equal(layout.rowOf.get(2), 1);
});

test("one device seen at two addresses of a network is one lane; another network is another", () => {
  const at = (id: number, login_ip: string) => bar(id, id, null, { login_ip });
  const lanes = lanesOf(spansOf([at(0, "1.2.3.4"), at(2, "1.2.3.9"), at(4, "1.2.4.4")], NOW));
  assert.deepEqual(
    lanes.map((lane) => lane.ips),
    [["1.2.4.4"], ["1.2.3.9", "1.2.3.4"]],
  );
  const known = (id: number, login_ip: string) => bar(id, id, null, { login_ip, device_id: "d" });
  assert.equal(lanesOf(spansOf([known(0, "1.2.3.4"), known(2, "9.9.9.9")], NOW)).length, 1);
  assert.equal(networkOf("2001:db8:1:2::5"), "2001:db8:1");
});

test("nine arrows join the storm's sessions, from the one that replaced to the one it ended", () => {
  const layout = layoutOf(lanesOf(spansOf(storm(), NOW)));
  const { arrows, hidden } = arrowsOf(layout, around(BEGAN, BEGAN + 9 * PACE), 1_000, [0, 9]);
  // 7028, of the day before, is ended by 7029: the tenth arrow.
  assert.equal(arrows.length, 10);
  assert.equal(hidden, 0);
  for (const { ended, by, fromRow, toRow } of arrows) {
    assert.equal(by.id, ended.id + 1);
    assert.notEqual(fromRow, toRow);
  }
  assert.equal(arrowsOf(layout, { from: NOW, to: NOW + 1 }, 1_000, [0, 9]).arrows.length, 0);
});

test("arrows that would run together are thinned out and counted, those of one moment to other rows are not", () => {
  const layout = layoutOf(lanesOf(spansOf(storm(), NOW)));
  const far = arrowsOf(layout, { from: BEGAN - 60 * DAY, to: NOW }, 300, [0, 9]);
  assert.equal(far.arrows.length + far.hidden, 62);
  assert.ok(far.hidden > 20);
  const victims = Array.from({ length: 60 }, (_, i) =>
    bar(i * 2, i, DAY, { device_id: `d${i}`, ended_by_session_id: 1_000 }),
  );
  const killer = bar(1_000, DAY, null, { device_id: "killer" });
  const all = layoutOf(lanesOf(spansOf([...victims, killer], NOW)));
  assert.equal(arrowsOf(all, { from: 0, to: NOW }, 300, [0, 99]).arrows.length, 60);
});

test("bars outside of the view are not drawn, and those too narrow run together without one getting lost", () => {
  const spans = spansOf(storm(), NOW);
  const rows = layoutOf(lanesOf(spans)).rows;
  const close = rows.map((row) => shapesOf(row.spans, around(BEGAN, BEGAN + 9 * PACE), 1_000));
  // 7028 reaches into the view from the day before.
  assert.equal(
    close.flat().reduce((sum, shape) => sum + shape.spans.length, 0),
    11,
  );
  assert.ok(close.flat().every((shape) => shape.spans.length === 1));
  const far = rows.map((row) => shapesOf(row.spans, { from: BEGAN - 60 * DAY, to: NOW }, 1_000));
  assert.equal(
    far.flat().reduce((sum, shape) => sum + shape.spans.length, 0),
    spans.length,
  );
  assert.ok(far.flat().some((shape) => shape.spans.length > 1));
});

test("five thousand sessions on a thousand rows stay below the most that is drawn", () => {
  const rows = Array.from({ length: 5_000 }, (_, i) =>
    bar(i, i * 60_000, i * 60_000 + 30_000, {
      device_id: `d${i % 1_000}`,
      ended_by_session_id: null,
    }),
  );
  const layout = layoutOf(lanesOf(spansOf(rows, NOW)));
  assert.ok(layout.rows.length >= 1_000);
  const shapes = shapesOfRows(layout.rows.slice(0, 40), { from: 0, to: 300_000_000 }, 1_200);
  assert.ok(shapes.flat().length <= 450);
  const one = shapesOfRows(
    [{ spans: spansOf(rows, NOW) }],
    { from: 0, to: 300_000_000 },
    1_200,
    200,
  );
  assert.ok(one.flat().length <= 200);
  assert.equal(
    one.flat().reduce((sum, shape) => sum + shape.spans.length, 0),
    5_000,
  );
});

test("a dead row without an end takes one from why it is over", () => {
  const at = (state: "EXPIRED" | "IDLE") =>
    spansOf([bar(0, BEGAN, BEGAN, { state, ended_at: null })], NOW)[0]?.to;
  assert.equal(at("EXPIRED"), BEGAN + 7 * DAY);
  assert.equal(at("IDLE"), BEGAN);
  assert.equal(spansOf([bar(0, BEGAN, null), bar(0, BEGAN, null)], NOW).length, 1);
});

test("a device is named from what is known, the user agent last", () => {
  const none = {
    browser: null,
    browser_version: null,
    os: null,
    os_version: null,
    device_name: null,
  };
  const agent = "Mozilla/5.0 (Linux; Android 14; x) Chrome/120.0.6099.43 Safari/537.36 Edg/120.1";
  assert.equal(deviceWords({ ...none, user_agent: agent }), "Edge 120.1 · Android 14");
  assert.equal(
    deviceWords({
      ...none,
      browser: "Safari",
      browser_version: "17.2.1",
      os: "macOS",
      device_name: "Mac",
      user_agent: agent,
    }),
    "Mac · Safari 17.2 · macOS",
  );
  assert.equal(deviceWords({ ...none, user_agent: "curl/8.1" }), "curl/8.1");
  assert.equal(deviceWords({ ...none, user_agent: null }), "");
});
