import type { Schemas } from "@drawbridge/client";

type Timeline = Schemas["Timeline"];

/** What was read of a user's timeline. */
export interface Story {
  sessions: Schemas["Bar"][];
  /** Oldest first. */
  events: Schemas["Recorded"][];
  /** Whether there is more, older than all of this, that was not read. */
  hasMore: boolean;
}

/** The most sessions of one picture. */
export const MOST_SESSIONS = 5_000;
/** Calls for one picture: a page may be full of events and hold few sessions that are new. */
const MOST_CALLS = 16;
/** What one answer holds at most. */
const PAGE = { sessions: 500, events: 1_000 };

/** Where the next page ends: there is no gap before it, whichever of its two lists was cut. */
function nextEnd(page: Timeline): number {
  const oldest = (times: string[], most: number) =>
    times.length >= most ? Date.parse(times[0] ?? "") + 1 : Number.NEGATIVE_INFINITY;
  return Math.max(
    oldest(
      page.sessions.map((one) => one.created_at),
      PAGE.sessions,
    ),
    oldest(
      page.events.map((one) => one.created_at),
      PAGE.events,
    ),
  );
}

/**
 * Reads a user's timeline from its newest page backwards, until it is all there or there is enough. `ask` answers
 * what was before `to`; `seen` hears of each page.
 */
export async function readStory(
  ask: (to: string | undefined) => Promise<Timeline>,
  seen: (story: Story) => void,
): Promise<void> {
  const sessions = new Map<number, Schemas["Bar"]>();
  const events = new Map<number, Schemas["Recorded"]>();
  let to: string | undefined;
  for (let call = 1; ; call += 1) {
    const page = await ask(to);
    const before = sessions.size + events.size;
    for (const one of page.sessions) sessions.set(one.authentication_session_id, one);
    for (const one of page.events) events.set(one.audit_event_id, one);
    const end = nextEnd(page);
    const isStuck = sessions.size + events.size === before || !Number.isFinite(end);
    const isDone = !page.truncated;
    const isEnough = sessions.size >= MOST_SESSIONS || call >= MOST_CALLS || isStuck;
    seen({
      sessions: [...sessions.values()],
      events: [...events.values()].sort(
        (a, b) => Date.parse(a.created_at) - Date.parse(b.created_at),
      ),
      hasMore: !isDone,
    });
    if (isDone || isEnough) return;
    to = new Date(end).toISOString();
  }
}
