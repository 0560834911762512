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

/** More are not looked for. */
const MOST = 12;

/**
 * The densest crowd of log-ins among those from index `low` to below `high`: the most within ten minutes, the
 * latest of equals, and what goes on at the same pace before and after. Indices of its first and last.
 */
function densest(at: readonly number[], low: number, high: number): [number, number] | undefined {
  let best: [first: number, last: number] = [low, low - 1];
  for (let first = low, last = low; last < high; last += 1) {
    while (time(at, last) - time(at, first) > TOGETHER) first += 1;
    if (last - first >= best[1] - best[0]) best = [first, last];
  }
  let [first, last] = best;
  if (last - first + 1 < FEWEST) return undefined;
  let pace = 0;
  for (let i = first; i < last; i += 1) pace = Math.max(pace, time(at, i + 1) - time(at, i));
  while (first > low && time(at, first) - time(at, first - 1) <= pace) first -= 1;
  while (last + 1 < high && time(at, last + 1) - time(at, last) <= pace) last += 1;
  return [first, last];
}

/** All crowds of log-ins, the largest first, the latest of equals. Spans come oldest first. */
export function burstsOf(spans: readonly Span[]): Burst[] {
  const at = spans.map((span) => span.from);
  const found: Burst[] = [];
  const stretches: [number, number][] = [[0, at.length]];
  for (let next = stretches.pop(); next; next = stretches.pop()) {
    const [low, high] = next;
    const burst = high - low >= FEWEST ? densest(at, low, high) : undefined;
    if (!burst) continue;
    const [first, last] = burst;
    found.push({ from: time(at, first), to: time(at, last), count: last - first + 1 });
    stretches.push([low, first], [last + 1, high]);
  }
  return found.sort((a, b) => b.count - a.count || b.from - a.from).slice(0, MOST);
}

function time(at: readonly number[], index: number): number {
  return at[index] ?? 0;
}
