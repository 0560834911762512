/** Clients that talk with a fake server, in one conversation. */
import assert from "node:assert/strict";
import { ApiError, Client, type ClientOptions, memoryStore } from "../../src/index.ts";
import { dice, until } from "./clock.ts";
import type { FakeServer } from "./server.ts";

export const URL = "https://api.example.com";
export const TALK = 5;
export const CREDENTIALS = { mobile: "13800000000", password: "secret" };
export const logIn = async () => CREDENTIALS;

export function clientOf(server: FakeServer, options: Partial<ClientOptions> = {}): Client {
  return new Client({
    url: URL,
    transport: server,
    clientType: "mini_program",
    store: memoryStore(),
    random: dice(1),
    ...options,
  });
}

/** A client that is logged in, with its socket open. */
export async function talking(
  server: FakeServer,
  options: Partial<ClientOptions> = {},
): Promise<Client> {
  const client = clientOf(server, options);
  client.chat.open();
  await client.start(logIn);
  await until(() => client.chat.state === "open", "an open socket");
  return client;
}

/** What a client is told of the conversation. */
export function heard(client: Client): string[] {
  const contents: string[] = [];
  for (const event of ["message_sent", "new_message"] as const) {
    client.chat.on(event, ({ content }) => contents.push(content));
  }
  return contents;
}

export const contents = (server: FakeServer) =>
  (server.stored.get(TALK) ?? []).map((row) => row.content);
export const draft = (content: string) => ({ customer_service_session_id: TALK, content });

/** The error that a call ends with. */
export async function refusalOf(call: Promise<unknown>): Promise<ApiError> {
  const error = await call.then(
    () => assert.fail("it was not refused"),
    (refusal: unknown) => refusal,
  );
  assert.ok(error instanceof ApiError, String(error));
  return error;
}
