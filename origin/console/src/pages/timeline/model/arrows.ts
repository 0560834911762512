import type { Layout } from "./lanes.ts";
import type { Span } from "./span.ts";
import { type View, xOf } from "./view.ts";

/** From the session that ended another to the one that it ended. */
export interface Arrow {
  ended: Span;
  by: Span;
  x: number;
  /** Rows of the picture. */
  fromRow: number;
  toRow: number;
}

/** Arrows of the view, and how many are left out because they stand too close. */
export interface Arrows {
  arrows: Arrow[];
  hidden: number;
}

/** More are thinned out. */
const MANY = 40;
/** How far apart arrows between the same two rows stay then, in pixels. */
const APART = 9;
/** More are never drawn. */
const MOST = 200;

/** Arrows in the view that begin or end in the rows `first` to `last`, or pass them. */
export function arrowsOf(
  layout: Layout,
  view: View,
  width: number,
  [first, last]: [number, number],
): Arrows {
  const all: Arrow[] = [];
  for (const ended of layout.byId.values()) {
    if (ended.endedBy === undefined || ended.to < view.from || ended.to > view.to) continue;
    const by = layout.byId.get(ended.endedBy);
    const toRow = layout.rowOf.get(ended.id);
    if (!by || toRow === undefined) continue;
    const fromRow = layout.rowOf.get(by.id) ?? toRow;
    if (Math.max(fromRow, toRow) < first || Math.min(fromRow, toRow) > last) continue;
    all.push({ ended, by, x: xOf(ended.to, view, width), fromRow, toRow });
  }
  if (all.length <= MANY) return { arrows: all, hidden: 0 };
  all.sort((a, b) => a.x - b.x);
  const before = new Map<string, number>();
  const kept = all.filter(({ x, fromRow, toRow }) => {
    const rows = `${Math.min(fromRow, toRow)} ${Math.max(fromRow, toRow)}`;
    if (x - (before.get(rows) ?? Number.NEGATIVE_INFINITY) < APART) return false;
    before.set(rows, x);
    return true;
  });
  const step = Math.ceil(kept.length / MOST);
  const arrows = kept.filter((_, index) => index % step === 0);
  return { arrows, hidden: all.length - arrows.length };
}
