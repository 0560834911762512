import type { Schemas } from "@drawbridge/client";
import { fromQueue, type Row, type Rows } from "./rows.ts";

export type Queue = Schemas["Queue"];

/** Seconds after which waiting is long, and after which it is too long. */
export const LONG = 120;
export const TOO_LONG = 300;

/** How urgent somebody is who has waited for so many seconds. */
export function urgency(seconds: number): "calm" | "long" | "too_long" {
  if (seconds >= TOO_LONG) return "too_long";
  return seconds >= LONG ? "long" : "calm";
}

/**
 * Who waits, in the queue's order, and then those beyond its first hundred, as REST gave them.
 * What the rows know to be taken since does not wait, whatever a late queue says.
 */
export function waiting(queue: Queue, rows: Rows): readonly Row[] {
  const named = new Set<number>();
  const all: Row[] = [];
  for (const one of queue.waiting) {
    named.add(one.customer_service_session_id);
    const row = rows.get(one.customer_service_session_id) ?? fromQueue(one);
    if (row.status === "waiting") all.push(row);
  }
  if (queue.total <= queue.waiting.length) return all;
  const rest = [...rows.values()].filter(
    (row) => row.status === "waiting" && !named.has(row.customer_service_session_id),
  );
  return all.concat(rest.sort((a, b) => since(a) - since(b)));
}

/** Those of a queue of whom nothing else is known. */
export function unknown(queue: Queue, rows: Rows): readonly number[] {
  return queue.waiting.map((one) => one.customer_service_session_id).filter((id) => !rows.has(id));
}

/** Who came since: those of `after` who were not in `before`. */
export function arrived(before: Queue, after: Queue): readonly Schemas["Waiting"][] {
  const there = new Set(before.waiting.map((one) => one.customer_service_session_id));
  return after.waiting.filter((one) => !there.has(one.customer_service_session_id));
}

/** Since when somebody waits, in milliseconds. */
export function since(row: Row): number {
  return Date.parse(row.created_at);
}
