import type { View } from "./view.ts";

/** How much of a moment its label says. */
export type Grain = "second" | "minute" | "day" | "month" | "year";

/** A line of the axis. */
export interface Tick {
  at: number;
  grain: Grain;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 7, 14].map((count) => count * DAY),
];
/** In months, beyond the last of the steps. */
const MONTHS = [1, 2, 3, 6, 12, 24, 60, 120];

/** Moments of the axis on round times of the browser's zone, at most one each `apart` pixels. */
export function ticksOf(view: View, width: number, apart = 90): Tick[] {
  const least = ((view.to - view.from) * apart) / Math.max(width, 1);
  const step = STEPS.find((one) => one >= least);
  return step === undefined ? monthTicks(view, least) : evenTicks(view, step);
}

function evenTicks(view: View, step: number): Tick[] {
  const midnight = new Date(view.from);
  midnight.setHours(0, 0, 0, 0);
  const base = midnight.getTime();
  const ticks: Tick[] = [];
  for (let n = Math.ceil((view.from - base) / step); base + n * step <= view.to; n += 1) {
    // From one day to the next the clocks may change: a day begins when the calendar says so.
    const at = step >= DAY ? dayAfter(midnight, (n * step) / DAY) : base + n * step;
    ticks.push({ at, grain: grainOf(at, step) });
  }
  return ticks;
}

function dayAfter(day: Date, count: number): number {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + count).getTime();
}

function grainOf(at: number, step: number): Grain {
  const date = new Date(at);
  if (date.getHours() + date.getMinutes() + date.getSeconds() === 0) return "day";
  return step < MINUTE ? "second" : "minute";
}

function monthTicks(view: View, least: number): Tick[] {
  const months = MONTHS.find((one) => one * 30 * DAY >= least) ?? 240;
  const first = new Date(view.from);
  const ticks: Tick[] = [];
  const begin = Math.ceil((first.getFullYear() * 12 + first.getMonth()) / months) * months;
  for (let month = begin; ; month += months) {
    const at = new Date(Math.floor(month / 12), month % 12, 1).getTime();
    if (at > view.to) return ticks;
    if (at >= view.from) ticks.push({ at, grain: month % 12 === 0 ? "year" : "month" });
  }
}
