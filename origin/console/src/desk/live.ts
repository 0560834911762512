import type { Events } from "@drawbridge/client";
import { client } from "../state/session.ts";
import { alarm } from "./alarm.ts";
import { catchUp, forgetLists, more, readNewer, refreshWaiting } from "./lists.ts";
import { outgoing, ownDrafts } from "./outgoing.ts";
import { poll } from "./poll.ts";
import { arrived, unknown } from "./queue.ts";
import { withMessage, withUpdate } from "./rows.ts";
import * as state from "./state.ts";
import { fromEvent, withRead, withStatus } from "./thread.ts";
import * as threads from "./threads.ts";

/** How long "is typing" stands without being said again, in milliseconds. */
const TYPING = 6_000;

const typers = new Map<number, ReturnType<typeof setTimeout>>();
let ends: (() => void)[] = [];
let isFirstQueue = true;
let isAtEnd = true;

/** Says whether the end of the open conversation is in front of the agent. */
export function atEnd(is: boolean): void {
  isAtEnd = is;
  if (is && state.opened.peek() !== undefined) look();
}

/** Marks as read what the agent looks at. */
export function look(): void {
  const id = state.opened.peek();
  if (id !== undefined && isLookedAt(id)) threads.seen(id);
}

function isLookedAt(id: number): boolean {
  return state.opened.peek() === id && isAtEnd && !document.hidden && document.hasFocus();
}

/** Opens the line, and keeps the desk as it tells. Once a log-in. */
export function begin(): void {
  end();
  const { chat } = client();
  ownDrafts(state.me.peek());
  isFirstQueue = true;
  ends = [
    chat.on("message_sent", message),
    chat.on("new_message", message),
    chat.on("message_status", ({ customer_service_session_id: id, chat_message_ids, status }) =>
      threads.set(id, (one) => ({
        ...one,
        messages: withStatus(one.messages, chat_message_ids, status),
      })),
    ),
    chat.on("messages_read", messagesRead),
    chat.on("typing", ({ customer_service_session_id: id, user_id, is_typing }) => {
      if (user_id !== state.me.peek()) typed(id, is_typing);
    }),
    chat.on("presence", ({ user_id, is_online, last_seen }) => {
      state.presence.value = new Map(state.presence.value).set(user_id, { is_online, last_seen });
    }),
    chat.on("conversation_updated", updated),
    chat.on("queue_updated", queued),
    chat.on("resume_truncated", ({ customer_service_session_id: id }) => void threads.open(id)),
    chat.onOutgoing(() => {
      outgoing.value = [...chat.outgoing];
    }),
    chat.subscribe(lineIs),
    poll(),
    () => chat.close(),
  ];
  addEventListener("focus", look);
  document.addEventListener("visibilitychange", look);
  outgoing.value = [...chat.outgoing];
  chat.open();
  lineIs(chat.state);
  void more("mine");
}

/** Closes the line and forgets what it told. */
export function end(): void {
  for (const one of ends) one();
  ends = [];
  removeEventListener("focus", look);
  document.removeEventListener("visibilitychange", look);
  for (const timer of typers.values()) clearTimeout(timer);
  typers.clear();
  state.forget();
  forgetLists();
  threads.forgetThreads();
  outgoing.value = [];
}

function lineIs(now: typeof state.line.value): void {
  const before = state.line.peek();
  state.line.value = now;
  if (now === "waiting" && state.lostAt.peek() === undefined) state.lostAt.value = Date.now();
  if (now !== "open" || before === "open") return;
  const lost = state.lostAt.peek();
  state.lostAt.value = undefined;
  if (lost === undefined) return;
  threads.forgetMarks();
  // A minute more, for clocks that differ and changes that were under way.
  void catchUp(lost + (client().skew ?? 0) - 60_000);
  const id = state.opened.peek();
  if (id !== undefined) void threads.readNewest(id).then(look, () => undefined);
}

function message(event: Events["new_message"]): void {
  const id = event.customer_service_session_id;
  threads.add(id, [fromEvent(event)]);
  const isLooked = isLookedAt(id);
  if (event.sender_type === "user") typed(id, false);
  if (state.rows.peek().has(id)) state.change(id, (row) => withMessage(row, event, isLooked));
  else readNewer(id);
  if (isLooked) threads.seen(id);
  else if (event.sender_type === "user") {
    const row = state.rows.peek().get(id);
    if (!row || row.status === "waiting" || state.isMine(row)) {
      alarm(event.sender_name, event.message_type === "text" ? event.content : "", id);
    }
  }
}

function messagesRead(event: Events["messages_read"]): void {
  const { customer_service_session_id: id, reader_type, seq } = event;
  threads.set(id, (one) => ({ ...one, messages: withRead(one.messages, reader_type, seq) }));
  if (reader_type !== "admin") return;
  state.change(id, (row) => (seq >= row.last_seq ? { ...row, unread_count: 0 } : row));
}

function updated(update: Events["conversation_updated"]): void {
  const id = update.customer_service_session_id;
  state.heard(update.admin);
  if (state.rows.peek().has(id)) state.change(id, (row) => withUpdate(row, update));
  else readNewer(id);
  if (state.opened.peek() === id) look();
  if (update.change !== "transferred" || update.admin?.user_id !== state.me.peek()) return;
  alarm(state.rows.peek().get(id)?.user.nickname ?? "", "", id);
}

function queued(queue: Events["queue_updated"]): void {
  const came = arrived(state.queue.peek(), queue);
  state.queue.value = queue;
  if (unknown(queue, state.rows.peek()).length > 0) refreshWaiting();
  const first = came[0];
  if (first && !isFirstQueue) alarm(first.user.nickname, "", first.customer_service_session_id);
  isFirstQueue = false;
}

function typed(id: number, is: boolean): void {
  clearTimeout(typers.get(id));
  typers.delete(id);
  const now = new Set(state.typing.peek());
  if (is) {
    now.add(id);
    typers.set(
      id,
      setTimeout(() => typed(id, false), TYPING),
    );
  } else if (!now.delete(id)) return;
  state.typing.value = now;
}
