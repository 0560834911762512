import type { Code, Schemas } from "../codes.ts";

/** Data of `message_sent` and `new_message`. */
export interface Message {
  chat_message_id: number;
  customer_service_session_id: number;
  /** Its place in the conversation, gapless from 1. */
  seq: number;
  temp_message_id: string | null;
  sender_id: number | null;
  sender_type: Schemas["SenderType"];
  sender_name: string;
  content: string;
  message_type: Schemas["MessageType"];
  reply_to_id: number | null;
  metadata: unknown;
  created_at: string;
  timestamp: string;
}

/** How far someone has come in a conversation. */
export interface Position {
  customer_service_session_id: number;
  seq: number;
}

/** Data of `connection_established`. */
export interface Greeting {
  user_id: number;
  is_admin: boolean;
  socket_id: string;
  server_time: string;
}

/** Data of `conversation_updated`. */
export interface ConversationUpdate {
  customer_service_session_id: number;
  change: "waiting" | "accepted" | "transferred" | "closed";
  status: Schemas["ConversationStatus"];
  admin: Schemas["ConversationAdmin"] | null;
  close_reason: string | null;
  /** Grows with each change: what comes late undoes nothing. */
  version: number;
  last_seq: number;
  updated_at: string;
}

/** Data of `security_alert`. */
export interface SecurityAlert {
  causes: Schemas["Cause"][];
  /** 0 to 100. */
  risk_score: number;
  authentication_session_id: number;
  client_type: Schemas["ClientType"];
  device_name: string | null;
  device_type: string | null;
  browser: string | null;
  os: string | null;
  login_ip: string | null;
  country: string | null;
  city: string | null;
  occurred_at: string;
}

/** What the server sends (docs/chat.md). */
export interface Events {
  connection_established: Greeting;
  connected: Greeting;
  message_sent: Message;
  new_message: Message;
  message_failed: {
    temp_message_id: string | null;
    code: Code;
    message: string;
    fields?: Schemas["FieldError"][];
  };
  message_status: {
    customer_service_session_id: number;
    chat_message_ids: number[];
    status: Schemas["MessageStatus"];
  };
  messages_read: {
    customer_service_session_id: number;
    chat_message_id: number;
    seq: number;
    user_id: number;
    reader_type: Schemas["SenderType"];
  };
  typing: { customer_service_session_id: number; user_id: number; is_typing: boolean };
  presence: { user_id: number; is_online: boolean; last_seen: string };
  conversation_updated: ConversationUpdate;
  queue_updated: Schemas["Queue"];
  resumed: { conversations: Position[] };
  resume_truncated: Position;
  session_expiring: { expires_at: string };
  reauthenticated: { expires_at: string };
  session_invalidated: { code: Code; message: string };
  security_alert: SecurityAlert;
  error: { code: Code; message: string };
}

/** Members that an event must have, by type; `key` is a positive whole number, `list` an array. */
type Shape<T> = { [N in keyof T]?: "key" | "number" | "string" | "boolean" | "list" };

const MESSAGE: Shape<Message> = {
  chat_message_id: "key",
  customer_service_session_id: "key",
  seq: "key",
  content: "string",
};
const GREETING: Shape<Greeting> = { user_id: "key", server_time: "string" };
const REFUSAL: Shape<Events["error"]> = { code: "string", message: "string" };

const SHAPES: { readonly [E in keyof Events]: Shape<Events[E]> } = {
  connection_established: GREETING,
  connected: GREETING,
  message_sent: MESSAGE,
  new_message: MESSAGE,
  message_failed: REFUSAL,
  message_status: {
    customer_service_session_id: "key",
    chat_message_ids: "list",
    status: "string",
  },
  messages_read: { customer_service_session_id: "key", chat_message_id: "key", seq: "key" },
  typing: { customer_service_session_id: "key", user_id: "key", is_typing: "boolean" },
  presence: { user_id: "key", is_online: "boolean" },
  conversation_updated: {
    customer_service_session_id: "key",
    status: "string",
    version: "number",
    last_seq: "number",
  },
  queue_updated: { total: "number", waiting: "list" },
  resumed: { conversations: "list" },
  resume_truncated: { customer_service_session_id: "key", seq: "number" },
  session_expiring: { expires_at: "string" },
  reauthenticated: { expires_at: "string" },
  session_invalidated: REFUSAL,
  security_alert: { causes: "list", risk_score: "number" },
  error: REFUSAL,
};

/** An event and its data. */
export type AnyEvent = { [E in keyof Events]: { event: E; data: Events[E] } }[keyof Events];

/** An event that this client knows, with the members that it must have; anything else is `undefined`. */
export function readEvent(event: unknown, data: unknown): AnyEvent | undefined {
  if (typeof event !== "string" || !Object.keys(SHAPES).includes(event)) return;
  if (typeof data !== "object" || data === null) return;
  const shape: Record<string, string> = SHAPES[event as keyof Events];
  const isWhole = Object.entries(shape).every(([name, type]) =>
    fits((data as Record<string, unknown>)[name], type),
  );
  return isWhole ? ({ event, data } as AnyEvent) : undefined;
}

function fits(value: unknown, type: string): boolean {
  if (type === "key") return Number.isSafeInteger(value) && (value as number) > 0;
  if (type === "list") return Array.isArray(value);
  return typeof value === type;
}
