import type { Span } from "./span.ts";
import type { View } from "./view.ts";

/** How many log-ins fall into each of so many equal parts of a time. */
export function histogram(spans: readonly Span[], of: View, columns: number): number[] {
  const counts = new Array<number>(Math.max(columns, 0)).fill(0);
  const length = of.to - of.from;
  for (const { from } of spans) {
    const index = Math.floor(((from - of.from) / length) * columns);
    if (counts[index] !== undefined) counts[index] += 1;
  }
  return counts;
}
