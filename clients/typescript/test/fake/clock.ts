import { mock } from "node:test";

/** A clock that goes only when it is told to, for timers and `Date` alike. */
export function stopped(): void {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.parse("2026-11-21T08:00:00Z") });
}

/** Lets everything run that waits for nothing but its turn. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((done) => setImmediate(done));
}

/** Lets so many milliseconds pass, a little at a time. */
export async function pass(millis: number): Promise<void> {
  await settled();
  for (let left = millis; left > 0; left -= 100) {
    mock.timers.tick(Math.min(100, left));
    await settled();
  }
}

/** Lets time pass until something is so. */
export async function until(is: () => boolean, what: string, millis = 600_000): Promise<void> {
  await settled();
  for (let left = millis; !is(); left -= 100) {
    if (left <= 0) throw new Error(`never: ${what}`);
    mock.timers.tick(100);
    await settled();
  }
}

/** Numbers that look random and are the same again for the same seed (mulberry32). */
export function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
