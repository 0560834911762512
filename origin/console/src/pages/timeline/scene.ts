import type { Signal } from "@preact/signals";
import type { Layout } from "./model/lanes.ts";
import type { Note } from "./model/marks.ts";
import type { Span } from "./model/span.ts";
import type { View } from "./model/view.ts";

/** All that the parts of the picture share. */
export interface Scene {
  /** The lanes that are shown. */
  layout: Layout;
  /** Every session there is, shown or not, by its id. */
  all: ReadonlyMap<number, Span>;
  notes: readonly Note[];
  view: Signal<View>;
  /** As far as one can go. */
  limits: View;
  now: number;
  /** Under the pointer, or focused. */
  hovered: Signal<number | undefined>;
  /** Shown in the panel. */
  pinned: Signal<number | undefined>;
}

/** Where things stand, in pixels. */
export interface Measures {
  /** Of the picture, without the labels. */
  width: number;
  rowHeight: number;
  barHeight: number;
  /** From a row's top to its bars. */
  barTop: number;
  /** Rows that are drawn: the first, and the one after the last. */
  rows: [number, number];
}

/** How high rows are: few are high, so that one sees them from afar. */
export function measure(rows: number, isNarrow: boolean): Omit<Measures, "width" | "rows"> {
  const rowHeight = rows <= 4 ? 84 : rows <= 10 ? 52 : 34;
  if (isNarrow) {
    const height = rowHeight + 18;
    return { rowHeight: height, barHeight: Math.min(rowHeight - 14, 40), barTop: 26 };
  }
  const barHeight = rows <= 4 ? 40 : rows <= 10 ? 28 : 22;
  return { rowHeight, barHeight, barTop: (rowHeight - barHeight) / 2 };
}

/** Whether a session is the one looked at, or ended it, or was ended by it. */
export function isNear(span: Span, looked: Span | undefined): boolean {
  if (!looked) return true;
  return span.id === looked.id || span.endedBy === looked.id || looked.endedBy === span.id;
}
