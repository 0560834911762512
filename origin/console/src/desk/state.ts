import type { ChatState } from "@drawbridge/client";
import { computed, signal } from "@preact/signals";
import { session } from "../state/session.ts";
import { type Queue, waiting } from "./queue.ts";
import { type Row, type Rows, type Tab, withUpdate } from "./rows.ts";

/** Every conversation that the page knows. */
export const rows = signal<Rows>(new Map());
/** Who waits, as the socket said last. */
export const queue = signal<Queue>({ total: 0, waiting: [] });
/** What the list below the queue shows. */
export const tab = signal<Tab>("mine");
/** What is searched for; it takes the place of the tabs. */
export const searched = signal("");
/** The conversation in front of the agent. */
export const opened = signal<number | undefined>(undefined);
/** The line to the edge. */
export const line = signal<ChatState>("closed");
/** Since when there is no line, in milliseconds; nothing while there is one. */
export const lostAt = signal<number | undefined>(undefined);
/** Users that were heard of, and whether they are there. */
export const presence = signal<ReadonlyMap<number, { is_online: boolean; last_seen: string }>>(
  new Map(),
);
/** Conversations whose user types. */
export const typing = signal<ReadonlySet<number>>(new Set());
/** Agents that were heard of, by key. */
export const colleagues = signal<ReadonlyMap<number, string>>(new Map());

/** Key of the person who is logged in; 0 for nobody. */
export const me = computed(() => (session.value.status === "live" ? session.value.user_id : 0));

/** Who waits, the most urgent first. */
export const waitingRows = computed(() => waiting(queue.value, rows.value));
/** How many wait. */
export const waitingCount = computed(() =>
  Math.max(
    waitingRows.value.length,
    queue.value.total > queue.value.waiting.length ? queue.value.total : 0,
  ),
);
/** Messages that nobody has read in the agent's own conversations. */
export const unreadCount = computed(() => {
  let count = 0;
  for (const row of rows.value.values()) if (isMine(row)) count += row.unread_count;
  return count;
});

/** Whether a conversation is open and the person's own. */
export function isMine(row: Row): boolean {
  return row.status !== "closed" && row.admin?.user_id === me.value;
}

/** Whether the person may act on a conversation: its agent may, and an admin. */
export function mayAct(row: Row): boolean {
  const now = session.value;
  return isMine(row) || (row.status !== "closed" && now.status === "live" && now.role === "admin");
}

/** Changes one row, where it is known. */
export function change(id: number, how: (row: Row) => Row): void {
  const row = rows.value.get(id);
  if (!row) return;
  const after = how(row);
  if (after !== row) rows.value = new Map(rows.value).set(id, after);
}

/** What the origin answered to a change of a conversation. */
export function took(told: {
  customer_service_session_id: number;
  status: Row["status"];
  version: number;
  updated_at: string;
  admin: Row["admin"];
}): void {
  const update = { ...told, change: "accepted" as const, close_reason: null, last_seq: 0 };
  change(told.customer_service_session_id, (row) => withUpdate(row, update));
}

/** Notes an agent's name. */
export function heard(admin: Row["admin"]): void {
  if (!admin || colleagues.value.get(admin.user_id) === admin.nickname) return;
  colleagues.value = new Map(colleagues.value).set(admin.user_id, admin.nickname);
}

/** Forgets everything: another person may log in. */
export function forget(): void {
  rows.value = new Map();
  queue.value = { total: 0, waiting: [] };
  presence.value = new Map();
  typing.value = new Set();
  colleagues.value = new Map();
  searched.value = "";
  tab.value = "mine";
  lostAt.value = undefined;
}
