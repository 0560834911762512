import { locale, words } from "../i18n/index.ts";

const DAY = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

/** A way to write moments in the reader's language. Making one is dear, so each is made once. */
export function timeFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale.value + JSON.stringify(options);
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(locale.value, options);
    formats.set(key, format);
  }
  return format;
}

/** A moment as people say it: the time today, the date before. */
export function shortTime(at: string | number, now: number = Date.now()): string {
  const moment = new Date(at);
  const isToday = moment.toDateString() === new Date(now).toDateString();
  const isRecent = Math.abs(now - moment.getTime()) < 300 * DAY;
  const options: Intl.DateTimeFormatOptions = isToday
    ? { hour: "2-digit", minute: "2-digit" }
    : isRecent
      ? { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" }
      : { year: "numeric", month: "2-digit", day: "2-digit" };
  return timeFormat(options).format(moment);
}

/** A moment to the second, with its date. */
export function fullTime(at: string | number): string {
  return timeFormat({ dateStyle: "medium", timeStyle: "medium" }).format(new Date(at));
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
