import type { Client, Schemas } from "../src/index.ts";

/** What the compiler must take, and what it must not. Nothing here runs. */
export async function typed(client: Client): Promise<void> {
  const user: Schemas["PublicUser"] = await client.get("/api/v4/console/users/{user_id}", {
    params: { user_id: 7 },
  });
  const page: Schemas["Users"] = await client.get("/api/v4/console/users", {
    query: { search: user.nickname, limit: undefined },
  });
  await client.get("/api/v4/console/users");
  await client.post("/api/v4/auth/sessions/revoke-all");
  const opened: Schemas["OpenedConversation"] = await client.post("/api/v4/system/chat/sessions", {
    body: { source: "app" },
  });
  void [page, opened];
  // @ts-expect-error a parameter is missing
  await client.get("/api/v4/console/users/{user_id}");
  // @ts-expect-error there is no such path
  await client.get("/api/v4/console/nobody");
  // @ts-expect-error the path cannot be posted to
  await client.post("/api/v4/auth/verify");
  // @ts-expect-error a member of the body is missing
  await client.post("/api/v4/auth/password", { body: { old_password: "x" } });
}
