import type { Burst } from "./burst.ts";
import type { Lane } from "./lanes.ts";
import type { Span } from "./span.ts";

/** Two devices of which each ended sessions of the other, and how often in all. */
export interface Feud {
  one: Lane;
  other: Lane;
  count: number;
}

/** What is seen in a stretch of time: of the log-ins in it. */
export interface Summary {
  logIns: number;
  /** From the first log-in to the last, in milliseconds. */
  span: number;
  /** Of them, replaced by another of them. */
  replaced: number;
  devices: number;
  /** Of them, still live. */
  live: number;
  /** The highest risk of them, 0 to 100. */
  risk: number;
  /** The two devices that replaced each other most often. */
  feud: Feud | undefined;
}

/** The pair of lanes that replaced each other, in both directions, most often. */
function feudOf(inside: Map<number, Span>, laneOf: Map<number, Lane>): Feud | undefined {
  const counts = new Map<Lane, Map<Lane, number>>();
  for (const span of inside.values()) {
    if (span.state !== "REPLACED" || span.endedBy === undefined) continue;
    const by = laneOf.get(span.endedBy);
    const of = laneOf.get(span.id);
    if (!by || !of || by === of || !inside.has(span.endedBy)) continue;
    const row = counts.get(by) ?? new Map<Lane, number>();
    counts.set(by, row.set(of, (row.get(of) ?? 0) + 1));
  }
  let best: Feud | undefined;
  for (const [one, ended] of counts) {
    for (const [other, there] of ended) {
      const back = counts.get(other)?.get(one);
      if (back && there + back > (best?.count ?? 0)) best = { one, other, count: there + back };
    }
  }
  return best;
}

/** Sums up the log-ins from `from` to `to`, both counted in. */
export function summaryOf(lanes: readonly Lane[], from: number, to: number): Summary {
  const inside = new Map<number, Span>();
  const laneOf = new Map<number, Lane>();
  let [first, last, live, risk] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (const lane of lanes) {
    for (const span of lane.spans) {
      if (span.from < from || span.from > to) continue;
      inside.set(span.id, span);
      laneOf.set(span.id, lane);
      first = Math.min(first, span.from);
      last = Math.max(last, span.from);
      live += span.isOpen ? 1 : 0;
      risk = Math.max(risk, span.row.risk_score);
    }
  }
  const replaced = [...inside.values()].filter(
    (span) => span.state === "REPLACED" && span.endedBy !== undefined && inside.has(span.endedBy),
  );
  return {
    logIns: inside.size,
    span: inside.size > 0 ? last - first : 0,
    replaced: replaced.length,
    devices: new Set(laneOf.values()).size,
    live,
    risk,
    feud: feudOf(inside, laneOf),
  };
}

/**
 * The burst to look at first: where two devices threw each other out most often; where none did, the largest.
 * Bursts come the largest first.
 */
export function worst(bursts: readonly Burst[], lanes: readonly Lane[]): Burst | undefined {
  const wars = new Map(
    bursts.map((one) => [one, summaryOf(lanes, one.from, one.to).feud?.count ?? 0]),
  );
  return [...bursts].sort((a, b) => (wars.get(b) ?? 0) - (wars.get(a) ?? 0))[0];
}
