import { locale, words } from "../i18n/index.ts";

const DAY = 86_400_000;

type Shape = "today" | "recent" | "old" | "full" | "clock" | "day" | "day_of_year";

const SHAPES: Record<Shape, Intl.DateTimeFormatOptions> = {
  today: { hour: "2-digit", minute: "2-digit" },
  recent: { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" },
  old: { year: "numeric", month: "2-digit", day: "2-digit" },
  full: { dateStyle: "medium", timeStyle: "medium" },
  clock: { hour: "2-digit", minute: "2-digit" },
  day: { month: "long", day: "numeric", weekday: "short" },
  day_of_year: { year: "numeric", month: "long", day: "numeric", weekday: "short" },
};

/** Formats cost more to make than to use. */
const made = new Map<string, Intl.DateTimeFormat>();

/** A way to write moments in the reader's language, made once. */
export function timeFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale.value + JSON.stringify(options);
  let format = made.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(locale.value, options);
    made.set(key, format);
  }
  return format;
}

function written(at: string | number, shape: Shape): string {
  return timeFormat(SHAPES[shape]).format(new Date(at));
}

/** A moment as people say it: the time today, the date before. */
export function shortTime(at: string | number, now: number = Date.now()): string {
  const moment = new Date(at);
  if (moment.toDateString() === new Date(now).toDateString()) return written(at, "today");
  return written(at, Math.abs(now - moment.getTime()) < 300 * DAY ? "recent" : "old");
}

/** A moment to the second, with its date. */
export function fullTime(at: string | number): string {
  return written(at, "full");
}

/** The time of a day. */
export function clockTime(at: string | number): string {
  return written(at, "clock");
}

/** A day, with its year where that is another one. */
export function dayName(at: string | number, now: number = Date.now()): string {
  const isThisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return written(at, isThisYear ? "day" : "day_of_year");
}

/** A length of time in its two largest units: `2 h 5 min`. */
export function duration(seconds: number): string {
  const { units } = words.value.shell;
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), units.d],
    [Math.floor(seconds / 3_600) % 24, units.h],
    [Math.floor(seconds / 60) % 60, units.min],
    [Math.floor(seconds) % 60, units.s],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return `0 ${units.s}`;
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}
