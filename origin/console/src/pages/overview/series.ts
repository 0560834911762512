/** Numbers over time; `null` where nothing is known. */
export type Values = readonly (number | null)[];

/** What a series of numbers says, for those who do not see it. */
export interface Extent {
  sum: number;
  least: number;
  most: number;
  /** Index of the most. */
  mostAt: number;
  last: number;
}

/** The extent of a series; nothing where nothing is known. */
export function extentOf(values: Values): Extent | undefined {
  let found: Extent | undefined;
  values.forEach((value, index) => {
    if (value === null) return;
    found ??= { sum: 0, least: value, most: value, mostAt: index, last: value };
    found.sum += value;
    found.least = Math.min(found.least, value);
    if (value > found.most) {
      found.most = value;
      found.mostAt = index;
    }
    found.last = value;
  });
  return found;
}

/** Counts of points as counts a minute, to one place. */
export function perMinute(values: Values, stepSeconds: number): (number | null)[] {
  const minutes = Math.max(stepSeconds, 1) / 60;
  return values.map((value) => (value === null ? null : Math.round((value / minutes) * 10) / 10));
}
