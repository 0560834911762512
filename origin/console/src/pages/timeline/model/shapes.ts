import type { Span } from "./span.ts";
import { type View, xOf } from "./view.ts";

/** What is drawn for one session, or for several that are too close to be told apart. Pixels. */
export interface Shape {
  x: number;
  width: number;
  /** One of them is a bar; more are a crowd. */
  spans: Span[];
}

/** Narrower bars run together with their neighbours, in pixels. */
const NARROW = 4;

/** The first of those sorted by it whose end is not before `at`. */
function firstEnding(spans: readonly Span[], at: number): number {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle]?.to ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Shapes of a row's sessions, which do not overlap, oldest first: those in the view alone, cut at its edges. Bars
 * narrower than 4 pixels that are closer than `cell` pixels run together.
 */
export function shapesOf(
  spans: readonly Span[],
  view: View,
  width: number,
  cell = NARROW,
): Shape[] {
  const shapes: Shape[] = [];
  for (let i = firstEnding(spans, view.from); i < spans.length; i += 1) {
    const span = spans[i] as Span;
    if (span.from > view.to) break;
    const x = Math.max(xOf(span.from, view, width), -8);
    const end = Math.min(xOf(span.to, view, width), width + 8);
    const last = shapes.at(-1);
    const isNarrow = end - x < NARROW;
    if (last && isNarrow && last.width < cell && x - last.x < cell) {
      last.spans.push(span);
      last.width = Math.max(last.width, end - last.x);
    } else {
      shapes.push({ x, width: Math.max(end - x, 2), spans: [span] });
    }
  }
  return shapes;
}

/** Shapes of several rows, in cells as wide as it takes to stay below `most` in all. */
export function shapesOfRows(
  rows: readonly { spans: readonly Span[] }[],
  view: View,
  width: number,
  most = 450,
): Shape[][] {
  for (let cell = NARROW; ; cell *= 2) {
    const shapes = rows.map((row) => shapesOf(row.spans, view, width, cell));
    const count = shapes.reduce((sum, one) => sum + one.length, 0);
    if (count <= most || cell > width) return shapes;
  }
}
