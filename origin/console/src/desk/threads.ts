import { type Signal, signal } from "@preact/signals";
import { client } from "../state/session.ts";
import { change, isMine, opened, rows } from "./state.ts";
import { type Message, merge, tail } from "./thread.ts";

const MESSAGES = "/api/v4/console/customer-service/sessions/{customer_service_session_id}/messages";
/** Messages of a page. */
const LIMIT = 50;
/** Conversations whose history is kept. */
const MOST = 12;

/** The history of a conversation, as far as it was read. */
export interface Thread {
  messages: readonly Message[];
  hasOlder: boolean;
  state: "loading" | "ready" | "failed";
  isLoadingOlder: boolean;
  /** `seq` of the first that was unread when the conversation was opened. */
  unreadFrom: number | undefined;
  failed: string | undefined;
}

const NOTHING: Thread = {
  messages: [],
  hasOlder: false,
  state: "loading",
  isLoadingOlder: false,
  unreadFrom: undefined,
  failed: undefined,
};

const threads = new Map<number, Signal<Thread>>();
const readUpTo = new Map<number, number>();

/** The history of a conversation; empty before it is opened. */
export function thread(id: number): Signal<Thread> {
  const known = threads.get(id) ?? signal(NOTHING);
  threads.delete(id);
  threads.set(id, known);
  for (const other of threads.keys()) {
    if (threads.size <= MOST) break;
    if (other !== opened.peek()) threads.delete(other);
  }
  return known;
}

/** Adds messages to a history that is being kept. */
export function add(id: number, messages: readonly Message[]): void {
  set(id, (one) => {
    const all = tail(merge(one.messages, messages));
    return { ...one, messages: all, hasOlder: one.hasOlder || (all[0]?.seq ?? 1) > 1 };
  });
}

/** Changes a history that is being kept. */
export function set(id: number, how: (thread: Thread) => Thread): void {
  const known = threads.get(id);
  if (known) known.value = how(known.value);
}

async function page(id: number, before?: number): Promise<readonly Message[]> {
  const answer = await client().get(MESSAGES, {
    params: { customer_service_session_id: id },
    query: { limit: LIMIT, ...(before === undefined ? {} : { before }) },
  });
  return answer.messages;
}

/** Reads the newest messages, and has the rest come as it is written. */
export async function open(id: number): Promise<void> {
  const kept = thread(id);
  kept.value = { ...kept.value, failed: undefined };
  try {
    await readNewest(id);
  } catch (error) {
    const failed = error instanceof Error ? error.message : "";
    set(id, (one) => ({ ...one, state: one.state === "ready" ? "ready" : "failed", failed }));
  }
}

/** Reads the newest messages anew: marks and messages that no event brought. */
export async function readNewest(id: number): Promise<void> {
  const newest = await page(id);
  const isFirstTime = threads.get(id)?.peek().state !== "ready";
  set(id, (one) => {
    const messages = tail(merge(one.messages, newest));
    return {
      ...one,
      messages,
      hasOlder: (messages[0]?.seq ?? 1) > 1,
      state: "ready",
      unreadFrom: isFirstTime ? firstUnread(messages) : one.unreadFrom,
    };
  });
  const last = threads.get(id)?.peek().messages.at(-1);
  if (opened.peek() === id) client().chat.follow(id, last?.seq ?? 0);
}

function firstUnread(messages: readonly Message[]): number | undefined {
  return messages.find((one) => one.sender_type === "user" && one.status !== "read")?.seq;
}

/** Reads a page of what was written before. */
export async function older(id: number): Promise<void> {
  const now = threads.get(id)?.peek();
  const first = now?.messages[0];
  if (!now || !first || !now.hasOlder || now.isLoadingOlder) return;
  set(id, (one) => ({ ...one, isLoadingOlder: true }));
  try {
    const before = await page(id, first.chat_message_id);
    set(id, (one) => {
      const messages = tail(merge(one.messages, before));
      return { ...one, messages, hasOlder: before.length > 0 && (messages[0]?.seq ?? 1) > 1 };
    });
  } catch {
    // Scrolling up asks again.
  }
  set(id, (one) => ({ ...one, isLoadingOlder: false }));
}

/** The end of a conversation is in front of the agent: what the user wrote there is read. */
export function seen(id: number): void {
  const row = rows.peek().get(id);
  if (!row || !isMine(row)) return;
  const last = threads
    .get(id)
    ?.peek()
    .messages.findLast((one) => one.sender_type === "user");
  if (!last) return;
  change(id, (one) => (one.unread_count === 0 ? one : { ...one, unread_count: 0 }));
  if ((readUpTo.get(id) ?? 0) >= last.seq) return;
  if (last.status !== "read" || row.unread_count > 0) {
    client().chat.markRead(id, last.chat_message_id);
  }
  readUpTo.set(id, last.seq);
}

/** Takes what was marked on a line that is gone as not marked. */
export function forgetMarks(): void {
  readUpTo.clear();
}

/** Forgets all histories. */
export function forgetThreads(): void {
  threads.clear();
  readUpTo.clear();
}
