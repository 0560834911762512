import { ApiError, type Schemas } from "@drawbridge/client";
import { client } from "../state/session.ts";
import { readNewer } from "./lists.ts";
import { change, heard, took } from "./state.ts";

const OF_ONE = "/api/v4/console/customer-service/sessions/{customer_service_session_id}";

/** How an act went. */
export type Outcome =
  | { is: "done" }
  /** Somebody else was faster, or it is over: who has it now. */
  | { is: "taken"; by: string | undefined; status: string }
  | { is: "failed"; message: string };

async function act(
  id: number,
  work: () => Promise<Schemas["ConversationState"]>,
): Promise<Outcome> {
  try {
    took(await work());
    return { is: "done" };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code !== "CONFLICT") return { is: "failed", message: error.message };
    const now = (error.details ?? {}) as { status?: Schemas["ConversationStatus"] } & {
      admin?: Schemas["ConversationAdmin"] | null;
    };
    heard(now.admin ?? null);
    const { status } = now;
    if (status) change(id, (row) => ({ ...row, status, admin: now.admin ?? null }));
    readNewer(id);
    return { is: "taken", by: now.admin?.nickname, status: status ?? "" };
  }
}

/** Takes a conversation that waits. */
export function accept(id: number): Promise<Outcome> {
  const params = { customer_service_session_id: id };
  return act(id, () => client().post(`${OF_ONE}/accept`, { params }));
}

/** Hands a conversation to another agent. */
export function transfer(id: number, admin_id: number): Promise<Outcome> {
  const params = { customer_service_session_id: id };
  return act(id, () => client().post(`${OF_ONE}/transfer`, { params, body: { admin_id } }));
}

/** Ends a conversation. */
export function close(id: number, reason: string): Promise<Outcome> {
  const params = { customer_service_session_id: id };
  const body = reason ? { reason } : {};
  return act(id, () => client().post(`${OF_ONE}/close`, { params, body }));
}

/** Agents and admins who can be handed a conversation; an agent may not list them, and gets nothing. */
export async function staff(): Promise<Schemas["PublicUser"][]> {
  const path = "/api/v4/console/users";
  const both = await Promise.all(
    (["agent", "admin"] as const).map((role) =>
      client().get(path, { query: { role, status: "active", limit: 100 } }),
    ),
  );
  return both.flatMap((one) => one.users);
}
