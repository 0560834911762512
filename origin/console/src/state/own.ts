import type { Schemas } from "@drawbridge/client";
import { effect, signal } from "@preact/signals";
import { client, isStaff } from "./session.ts";

/** The person who is logged in; nothing until it was read. */
export const own = signal<Schemas["PublicUser"] | undefined>(undefined);

effect(() => {
  own.value = undefined;
  if (!isStaff.value) return;
  client()
    .get("/api/v4/auth/me")
    .then((user) => {
      own.value = user;
    })
    .catch(() => undefined);
});
