import type { Schemas } from "@drawbridge/client";
import type { Layout } from "./lanes.ts";
import { type View, xOf } from "./view.ts";

/** Kinds of events that are worth a mark. */
export type MarkKind = "refresh" | "renewal" | "failure" | "alert" | "reuse";

/** What stands at a moment of a row; several of a kind that are too close are one. */
export interface Mark {
  kind: MarkKind;
  x: number;
  /** Row of the picture; `undefined`: of no session, above them all. */
  row: number | undefined;
  events: Schemas["Recorded"][];
}

const KINDS: Record<string, MarkKind> = {
  refreshed: "refresh",
  session_renewed: "renewal",
  login_failed: "failure",
  login_blocked: "failure",
  login_refused: "failure",
  password_change_failed: "failure",
  security_alert: "alert",
  device_claim_refused: "alert",
};

/** Closer marks of one kind are one, in pixels. */
const APART = 7;

/** What kind of mark an event is, where it is one. */
export function kindOf(event: Schemas["Recorded"]): MarkKind | undefined {
  if (event.event === "session_ended" && JSON.stringify(event.detail).includes("REUSE_DETECTED")) {
    return "reuse";
  }
  return KINDS[event.event];
}

/** An event that is worth a mark, read once. */
export interface Note {
  at: number;
  kind: MarkKind;
  event: Schemas["Recorded"];
}

/** What of the events is worth a mark, oldest first. */
export function notesOf(events: readonly Schemas["Recorded"][]): Note[] {
  const notes: Note[] = [];
  for (const event of events) {
    const kind = kindOf(event);
    if (kind) notes.push({ at: Date.parse(event.created_at), kind, event });
  }
  return notes.sort((a, b) => a.at - b.at);
}

/** Marks in the view. Notes come oldest first. */
export function marksOf(notes: readonly Note[], layout: Layout, view: View, width: number): Mark[] {
  const marks: Mark[] = [];
  const last = new Map<string, Mark>();
  for (const { at, kind, event } of notes) {
    if (at < view.from || at > view.to) continue;
    const session = event.authentication_session_id;
    const row = session === null ? undefined : layout.rowOf.get(session);
    const x = xOf(at, view, width);
    const key = `${kind} ${row ?? "-"}`;
    const before = last.get(key);
    if (before && x - before.x < APART) {
      before.events.push(event);
      continue;
    }
    const mark = { kind, x, row, events: [event] };
    last.set(key, mark);
    marks.push(mark);
  }
  return marks;
}
