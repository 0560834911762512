/** The stretch of time that is looked at, in milliseconds since 1970. */
export interface View {
  from: number;
  to: number;
}

/** Nothing shorter is shown, in milliseconds. */
const SHORTEST = 1_000;

/** The view within its limits, as long as it was where it can be. */
export function clamp(view: View, limits: View): View {
  const room = limits.to - limits.from;
  const length = Math.min(Math.max(view.to - view.from, SHORTEST), Math.max(room, SHORTEST));
  const middle = (view.from + view.to) / 2;
  const from = Math.min(Math.max(middle - length / 2, limits.from), limits.to - length);
  return { from, to: from + length };
}

/** Closer (`factor` under 1) or further, about a point of it: 0 is its beginning, 1 its end. */
export function zoom(view: View, factor: number, at: number, limits: View): View {
  const length = view.to - view.from;
  const room = Math.max(limits.to - limits.from, SHORTEST);
  const next = Math.min(Math.max(length * factor, SHORTEST), room);
  const still = view.from + length * at;
  const from = Math.min(Math.max(still - next * at, limits.from), limits.to - next);
  return { from, to: from + next };
}

/** Earlier or later by a part of its length. */
export function pan(view: View, part: number, limits: View): View {
  const step = (view.to - view.from) * part;
  return clamp({ from: view.from + step, to: view.to + step }, limits);
}

/** A stretch with some room on both sides, in parts of its length. */
export function around(from: number, to: number, room = 0.06, least = 10_000): View {
  const space = Math.max((to - from) * room, least);
  return { from: from - space, to: to + space };
}

/** Where a moment is, in pixels. */
export function xOf(at: number, view: View, width: number): number {
  return ((at - view.from) / (view.to - view.from)) * width;
}
