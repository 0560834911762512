import { compare, type Place } from "./rows.ts";

/** One list of the origin, and how far it has been read. */
export interface Source<Q> {
  query: Q;
  /** Where its next page begins; nothing before the first. */
  cursor: string | undefined;
  isDone: boolean;
  /** The last row that it gave. */
  last: Place | undefined;
}

export function source<Q>(query: Q): Source<Q> {
  return { query, cursor: undefined, isDone: false, last: undefined };
}

/** The source after a page. */
export function read<Q>(
  from: Source<Q>,
  page: readonly Place[],
  cursor: string | undefined,
): Source<Q> {
  return { ...from, cursor, isDone: cursor === undefined, last: page.at(-1) ?? from.last };
}

/** Of several lists that are shown as one, that which must be read next: the one that is least far. */
export function next<Q>(sources: readonly Source<Q>[]): number | undefined {
  let least: number | undefined;
  sources.forEach((one, index) => {
    if (one.isDone) return;
    const other = least === undefined ? undefined : sources[least];
    if (!other || isLess(one, other)) least = index;
  });
  return least;
}

function isLess<Q>(one: Source<Q>, other: Source<Q>): boolean {
  if (!other.last) return false;
  return !one.last || compare(one.last, other.last) < 0;
}

/** Whether a row may be shown: below it, rows may be missing that were not read yet. */
export function isReached<Q>(sources: readonly Source<Q>[], row: Place): boolean {
  return sources.every((one) => one.isDone || (one.last && compare(row, one.last) <= 0));
}
