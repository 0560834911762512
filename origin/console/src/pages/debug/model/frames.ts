/** What went over a line, or happened to it. */
export interface Frame {
  key: number;
  /** Milliseconds since 1970. */
  at: number;
  way: "in" | "out" | "note";
  /** Without any token. */
  text: string;
  /** Pings and pongs, which say nothing new. */
  isHeartbeat: boolean;
}

/** More are forgotten, the oldest first. */
export const MOST_FRAMES = 500;
/** Longer text is cut, in characters. */
const LONGEST = 8_000;

const JWT = /eyJ[\w-]{4,}\.[\w-]+\.[\w-]*/g;

/** Text without the token, nor any other that looks like one. */
export function masked(text: string, token: string): string {
  const plain = token ? text.replaceAll(token, "‹token›") : text;
  const short = plain.replace(JWT, "‹token›");
  return short.length > LONGEST ? `${short.slice(0, LONGEST)}…` : short;
}

/** Whether it is nothing but a sign of life. */
export function isHeartbeat(text: string): boolean {
  return text === "ping" || text === "pong" || text === "2" || text === "3";
}

/** A list with one more, of bounded length. */
export function added(frames: readonly Frame[], frame: Omit<Frame, "key">): Frame[] {
  const key = (frames.at(-1)?.key ?? 0) + 1;
  return [...frames.slice(-(MOST_FRAMES - 1)), { ...frame, key }];
}
