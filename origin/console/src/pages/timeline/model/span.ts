import type { Schemas } from "@drawbridge/client";

/** A session in time, as the picture draws it. Times are milliseconds since 1970. */
export interface Span {
  id: number;
  from: number;
  /** Its end, or now. */
  to: number;
  /** Whether it still lives: its bar has no end. */
  isOpen: boolean;
  state: Schemas["State"];
  /** The session that ended it. */
  endedBy: number | undefined;
  row: Schemas["Bar"];
}

type Row = Schemas["Bar"];

/** When a dead row stopped: what it says, or what follows from why it is over. */
function endOf(row: Row, now: number): number {
  if (row.ended_at) return Date.parse(row.ended_at);
  if (row.state === "EXPIRED") return Math.min(Date.parse(row.expires_at), now);
  return Date.parse(row.state === "IDLE" ? row.last_activity : row.updated_at);
}

/** Rows as spans, oldest first; what comes twice is taken once. */
export function spansOf(rows: readonly Row[], now: number): Span[] {
  const seen = new Map<number, Span>();
  for (const row of rows) {
    const from = Date.parse(row.created_at);
    const isOpen = row.state === "live";
    seen.set(row.authentication_session_id, {
      id: row.authentication_session_id,
      from,
      to: Math.max(from, isOpen ? now : endOf(row, now)),
      isOpen,
      state: row.state,
      endedBy: row.ended_by_session_id ?? undefined,
      row,
    });
  }
  return [...seen.values()].sort((a, b) => a.from - b.from || a.id - b.id);
}
