import type { Schemas } from "@drawbridge/client";
import { deviceWords, networkOf } from "./device.ts";
import type { Span } from "./span.ts";

/** The sessions of one device of one client type. */
export interface Lane {
  key: string;
  clientType: Schemas["ClientType"];
  device: string;
  /** Addresses that it was seen at, the newest first. */
  ips: string[];
  place: string;
  spans: Span[];
}

/** A line of the picture: sessions of a lane that do not overlap. */
export interface Row {
  lane: Lane;
  /** Which of the lane's lines, from 0. */
  line: number;
  spans: Span[];
}

/**
 * Which device it was: by the id that the client sent, else by user agent and network, as the service itself judges.
 */
function keyOf({ row }: Span): string {
  const device = row.device_id ?? `${row.user_agent ?? ""}|${networkOf(row.login_ip)}`;
  return `${row.client_type}|${device}`;
}

function laneOf(key: string, spans: Span[]): Lane {
  const newest = spans.at(-1) as Span;
  const ips = spans.map((span) => span.row.login_ip).filter((ip) => ip !== null);
  const { country, city } = newest.row;
  return {
    key,
    clientType: newest.row.client_type,
    device: deviceWords(newest.row),
    ips: [...new Set(ips.reverse())],
    place: [city, country].filter(Boolean).join(", "),
    spans,
  };
}

/** A lane a device. First those with sessions in `first`, then by the newest log-in. Spans come oldest first. */
export function lanesOf(spans: readonly Span[], first?: { from: number; to: number }): Lane[] {
  const byKey = new Map<string, Span[]>();
  for (const span of spans) {
    const key = keyOf(span);
    const there = byKey.get(key);
    if (there) there.push(span);
    else byKey.set(key, [span]);
  }
  const rank = ({ spans }: Lane) =>
    first && spans.some(({ from }) => from >= first.from && from <= first.to) ? 0 : 1;
  const newest = ({ spans }: Lane) => spans.at(-1)?.from ?? 0;
  return [...byKey]
    .map(([key, spans]) => laneOf(key, spans))
    .sort((a, b) => rank(a) - rank(b) || newest(b) - newest(a) || (a.key < b.key ? -1 : 1));
}

/** Lines of a lane: each session on the first that is free when it begins. */
function linesOf(lane: Lane): Row[] {
  const rows: Row[] = [];
  const free: number[] = [];
  for (const span of lane.spans) {
    let line = free.findIndex((at) => at <= span.from);
    if (line < 0) line = free.length;
    free[line] = span.to;
    rows[line] ??= { lane, line, spans: [] };
    rows[line]?.spans.push(span);
  }
  return rows;
}

/** All lines of the picture, and where each session is. */
export interface Layout {
  rows: Row[];
  /** Index of a session's row, by its id. */
  rowOf: Map<number, number>;
  /** Every session by its id. */
  byId: Map<number, Span>;
}

/** Lines of all lanes from above to below. */
export function layoutOf(lanes: readonly Lane[]): Layout {
  const rows = lanes.flatMap(linesOf);
  const rowOf = new Map<number, number>();
  const byId = new Map<number, Span>();
  rows.forEach((row, index) => {
    for (const span of row.spans) {
      rowOf.set(span.id, index);
      byId.set(span.id, span);
    }
  });
  return { rows, rowOf, byId };
}
