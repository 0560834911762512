import type { Events, Outgoing, Schemas } from "@drawbridge/client";

/** A message as REST gives it, which is also how the page keeps it. */
export type Message = Schemas["Message"];

/** How far a message has come, from `waiting` (no line) to `read`, or `failed`. */
export type Mark = "waiting" | "sending" | "sent" | "delivered" | "read" | "failed";

/** What a conversation's history is made of. */
export type Item =
  | { kind: "day"; key: string; at: number }
  | { kind: "unread"; key: string }
  | { kind: "message"; key: string; message: Message; isFirst: boolean }
  | { kind: "outgoing"; key: string; outgoing: Outgoing };

const RANK: Record<Schemas["MessageStatus"], number> = {
  sending: 0,
  sent: 1,
  delivered: 2,
  read: 3,
};
/** Messages of one sender in this time stand together, in milliseconds. */
const TOGETHER = 180_000;

function further(one: Message, other: Message): Message {
  return RANK[one.status] >= RANK[other.status] ? one : other;
}

/** Both, by `seq`, each once; a message's status never goes back. */
export function merge(have: readonly Message[], more: readonly Message[]): readonly Message[] {
  if (more.length === 0) return have;
  const bySeq = new Map(have.map((one) => [one.seq, one]));
  let isAppended = true;
  let last = have.at(-1)?.seq ?? 0;
  for (const one of more) {
    const known = bySeq.get(one.seq);
    bySeq.set(one.seq, known ? further(known, one) : one);
    if (!known && one.seq < last) isAppended = false;
    last = Math.max(last, one.seq);
  }
  const all = [...bySeq.values()];
  return isAppended ? all : all.sort((a, b) => a.seq - b.seq);
}

/** The end of the list that has no gap. */
export function tail(messages: readonly Message[]): readonly Message[] {
  let first = messages.length - 1;
  while (first > 0 && messages[first - 1]?.seq === (messages[first]?.seq ?? 0) - 1) first -= 1;
  return first > 0 ? messages.slice(first) : messages;
}

/** A message that a socket brought. */
export function fromEvent(event: Events["new_message"]): Message {
  const isSystem = event.message_type === "system";
  const bySide = event.sender_type === "admin" ? "admin_client" : "user_client";
  return {
    chat_message_id: event.chat_message_id,
    customer_service_session_id: event.customer_service_session_id,
    seq: event.seq,
    sender: { user_id: event.sender_id, nickname: event.sender_name },
    sender_type: event.sender_type,
    message_source: isSystem ? "system" : bySide,
    content: event.content,
    message_type: event.message_type,
    metadata: event.metadata,
    status: "sent",
    created_at: event.created_at,
    updated_at: event.created_at,
    reply_to_id: event.reply_to_id,
    temp_message_id: event.temp_message_id,
  };
}

/** The messages with those of `ids` as far as `status`, where they were not yet. */
export function withStatus(
  messages: readonly Message[],
  ids: readonly number[],
  status: Schemas["MessageStatus"],
): readonly Message[] {
  const named = new Set(ids);
  return changed(messages, status, (one) => named.has(one.chat_message_id));
}

/** The messages with everything read that `reader` was sent, up to `seq`. */
export function withRead(
  messages: readonly Message[],
  reader: Schemas["SenderType"],
  seq: number,
): readonly Message[] {
  return changed(messages, "read", (one) => one.sender_type !== reader && one.seq <= seq);
}

function changed(
  messages: readonly Message[],
  status: Schemas["MessageStatus"],
  fits: (one: Message) => boolean,
): readonly Message[] {
  let isSame = true;
  const after = messages.map((one) => {
    if (!fits(one) || RANK[one.status] >= RANK[status]) return one;
    isSame = false;
    return { ...one, status };
  });
  return isSame ? messages : after;
}

/** What is still on its way: stored messages are told apart by the sender's own id. */
export function onTheWay(
  messages: readonly Message[],
  outgoing: readonly Outgoing[],
): readonly Outgoing[] {
  if (outgoing.length === 0) return outgoing;
  const stored = new Set(messages.map((one) => one.temp_message_id));
  return outgoing.filter((one) => !stored.has(one.temp_message_id));
}

/** The history as it is read: days, the line above what is new, messages, and what is on its way. */
export function items(
  messages: readonly Message[],
  outgoing: readonly Outgoing[],
  unreadFrom: number | undefined,
): readonly Item[] {
  const all: Item[] = [];
  let day = "";
  let before: Message | undefined;
  for (const message of messages) {
    const at = Date.parse(message.created_at);
    const itsDay = new Date(at).toDateString();
    if (itsDay !== day) all.push({ kind: "day", key: `day ${message.seq}`, at });
    if (message.seq === unreadFrom) all.push({ kind: "unread", key: "unread" });
    const isFirst =
      itsDay !== day || message.seq === unreadFrom || !areTogether(before, message, at);
    // The key is the sender's own id where there is one: what was on its way stays in its place.
    const key = message.temp_message_id ?? `seq ${message.seq}`;
    all.push({ kind: "message", key, message, isFirst });
    day = itsDay;
    before = message;
  }
  for (const one of onTheWay(messages, outgoing)) {
    all.push({ kind: "outgoing", key: one.temp_message_id, outgoing: one });
  }
  return all;
}

function areTogether(before: Message | undefined, message: Message, at: number): boolean {
  return (
    before !== undefined &&
    before.sender_type === message.sender_type &&
    before.sender.user_id === message.sender.user_id &&
    before.message_source === message.message_source &&
    at - Date.parse(before.created_at) < TOGETHER
  );
}

/** How far a message of one's own has come. */
export function markOf(item: Extract<Item, { kind: "message" | "outgoing" }>): Mark {
  if (item.kind === "message") return item.message.status;
  return item.outgoing.state;
}
