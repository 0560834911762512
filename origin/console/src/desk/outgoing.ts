import type { Outgoing } from "@drawbridge/client";
import { signal } from "@preact/signals";

/** What is on its way, or failed. */
export const outgoing = signal<readonly Outgoing[]>([]);

/** A message that was begun and not sent, and what it answers. */
export interface Draft {
  text: string;
  reply: { chat_message_id: number; name: string; content: string } | undefined;
}

/** Drafts by conversation; they end with the page. */
const drafts = new Map<number, Draft>();

/** The draft of a conversation. */
export function draft(id: number): Draft {
  return drafts.get(id) ?? { text: "", reply: undefined };
}

/** Keeps the draft of a conversation. */
export function keepDraft(id: number, what: Draft): void {
  if (what.text === "" && !what.reply) drafts.delete(id);
  else drafts.set(id, what);
}

let owner = 0;

/** Whose drafts these are from now on: they last over a log-in of the same person, and no other sees them. */
export function ownDrafts(user_id: number): void {
  if (user_id !== owner) drafts.clear();
  owner = user_id;
}
