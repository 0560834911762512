/** The part of a list that is in the page: from `start` up to and without `end`. */
export interface Part {
  start: number;
  end: number;
}

/** Rows that the page holds at most: a history of any length costs no more. */
export const MOST = 240;
/** How far one step goes. */
const STEP = 80;

/** The last rows. */
export function atEnd(length: number): Part {
  return { start: Math.max(0, length - MOST), end: length };
}

/** A step towards the beginning. */
export function earlier(part: Part): Part {
  const start = Math.max(0, part.start - STEP);
  return { start, end: Math.min(part.end, start + MOST) };
}

/** A step towards the end. */
export function later(part: Part, length: number): Part {
  const end = Math.min(length, part.end + STEP);
  return { start: Math.max(part.start, end - MOST), end };
}
