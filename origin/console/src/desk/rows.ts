import type { Events, Schemas } from "@drawbridge/client";

type Told = Schemas["ConversationSummary"];

/** A conversation of the list. */
export interface Row extends Told {
  /** `updated_at`, in milliseconds. */
  at: number;
  /** Of the newest change that is in it; 0 for one that REST gave, which says none. */
  version: number;
  /** `seq` of the newest message that was counted; 0 where that is not known. */
  last_seq: number;
}

/** Rows by key. */
export type Rows = ReadonlyMap<number, Row>;

/** What the list below the queue shows. */
export type Tab = "mine" | "active" | "closed";

export function toRow(told: Told): Row {
  return { ...told, at: Date.parse(told.updated_at), version: 0, last_seq: 0 };
}

/** A row of what the queue tells of one that waits. */
export function fromQueue(told: Schemas["Waiting"]): Row {
  return toRow({
    customer_service_session_id: told.customer_service_session_id,
    user: told.user,
    priority: told.priority,
    source: told.source,
    status: "waiting",
    status_display: "",
    unread_count: 0,
    created_at: told.waiting_since,
    updated_at: told.last_message_at ?? told.waiting_since,
    admin: null,
    last_message: null,
    last_message_at: told.last_message_at,
  });
}

/** The rows with those that REST gave; what a socket told since is not undone. */
export function put(rows: Rows, told: readonly Row[]): Rows {
  if (told.length === 0) return rows;
  const all = new Map(rows);
  for (const one of told) {
    const known = all.get(one.customer_service_session_id);
    all.set(one.customer_service_session_id, known ? newer(known, one) : one);
  }
  return all;
}

function newer(known: Row, told: Row): Row {
  if (known.at > told.at) return known;
  return { ...told, version: known.version, last_seq: known.last_seq };
}

/** The row after a message. `isSeen`: it is in front of the agent now. */
export function withMessage(row: Row, event: Events["new_message"], isSeen: boolean): Row {
  if (event.seq <= row.last_seq) return row;
  const isCounted = row.last_message && row.last_message.chat_message_id >= event.chat_message_id;
  const isNew = event.sender_type === "user" && !isSeen && !isCounted;
  return {
    ...row,
    last_seq: event.seq,
    at: Math.max(row.at, Date.parse(event.created_at)),
    unread_count: isSeen ? 0 : row.unread_count + (isNew ? 1 : 0),
    last_message_at: event.created_at,
    last_message: {
      chat_message_id: event.chat_message_id,
      content: event.content,
      sender_type: event.sender_type,
      created_at: event.created_at,
    },
  };
}

/** The row after a change of its status or agent; what comes late undoes nothing. */
export function withUpdate(row: Row, update: Events["conversation_updated"]): Row {
  if (update.version <= row.version) return row;
  return {
    ...row,
    version: update.version,
    status: update.status,
    admin: update.admin,
    at: Math.max(row.at, Date.parse(update.updated_at)),
  };
}

/** Whether a row belongs below a tab. */
export function isOf(row: Row, tab: Tab, me: number): boolean {
  if (tab === "closed") return row.status === "closed";
  if (row.status !== "assigned" && row.status !== "active") return false;
  return tab === "active" || row.admin?.user_id === me;
}

/** Negative where `one` stands above: the latest changed first, ties by key. */
export function compare(one: Place, other: Place): number {
  return other.at - one.at || other.customer_service_session_id - one.customer_service_session_id;
}

/** What decides where a row stands. */
export type Place = Pick<Row, "at" | "customer_service_session_id">;

/** Whether a text that was searched for is in a row: what the origin looks for, too. */
export function isFound(row: Row, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  return (
    wanted === "" ||
    row.user.nickname.toLowerCase().startsWith(wanted) ||
    (row.user.mobile ?? "").startsWith(wanted) ||
    String(row.user.user_id) === wanted ||
    String(row.customer_service_session_id) === wanted
  );
}
