const FIRST = 1_000;
const LONGEST = 30_000;

/** The pause before try `failures + 1`, in milliseconds: it doubles, and is spread so that not all come at once. */
export function pause(failures: number, random: () => number): number {
  return Math.min(FIRST * 2 ** failures, LONGEST) * (0.5 + random());
}
