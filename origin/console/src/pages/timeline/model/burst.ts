import type { Span } from "./span.ts";

/** A crowd of log-ins. Times are milliseconds since 1970. */
export interface Burst {
  /** First log-in. */
  from: number;
  /** Last log-in. */
  to: number;
  count: number;
}

/** Log-ins that are this close, in milliseconds, are looked at together. */
const TOGETHER = 600_000;
/** Fewer are no burst. */
const FEWEST = 3;

/**
 * The densest crowd of log-ins: the most within ten minutes, the latest of equals, and what goes on at the same
 * pace before and after. Spans come oldest first.
 */
export function densest(spans: readonly Span[]): Burst | undefined {
  const at = spans.map((span) => span.from);
  let best: [first: number, last: number] = [0, -1];
  for (let first = 0, last = 0; last < at.length; last += 1) {
    while (time(at, last) - time(at, first) > TOGETHER) first += 1;
    if (last - first >= best[1] - best[0]) best = [first, last];
  }
  let [first, last] = best;
  if (last - first + 1 < FEWEST) return undefined;
  let pace = 0;
  for (let i = first; i < last; i += 1) pace = Math.max(pace, time(at, i + 1) - time(at, i));
  while (first > 0 && time(at, first) - time(at, first - 1) <= pace) first -= 1;
  while (last + 1 < at.length && time(at, last + 1) - time(at, last) <= pace) last += 1;
  return { from: time(at, first), to: time(at, last), count: last - first + 1 };
}

function time(at: readonly number[], index: number): number {
  return at[index] ?? 0;
}
