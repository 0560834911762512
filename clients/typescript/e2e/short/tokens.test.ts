import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ChatState, Transport } from "../../src/index.ts";
import { KINDS, opened, setting } from "../kinds.ts";
import { enrolled, recorded, until } from "../people.ts";

/** Tokens of this system live half a minute. */
describe("tokens that end soon", { concurrency: true }, () => {
  for (const kind of KINDS) {
    test(`fifty calls of ${kind.name} with a token that has ended are one refresh`, async () => {
      const { user_id, credentials } = await enrolled("小明");
      const device = kind.device();
      const client = opened(kind, device);
      const { access_token } = await client.logIn(credentials);
      await until(() => isOver(access_token), "the token's end");
      const before = await recorded("refreshed", user_id);
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => client.get("/api/v4/auth/me")),
      );
      assert.ok(answers.every((me) => me.user_id === user_id));
      assert.equal((await recorded("refreshed", user_id)) - before, 1);
      assert.equal(client.state.status, "live");
    });

    test(`a socket of ${kind.name} outlives its token`, async () => {
      const { user_id, credentials } = await enrolled("小红");
      const device = kind.device();
      const tokens: string[] = [];
      const open: Transport["open"] = (url, token, language) => {
        tokens.push(token);
        return device.transport.open(url, token, language);
      };
      const client = opened(kind, { ...device, transport: { ...device.transport, open } });
      const states: ChatState[] = [];
      client.chat.subscribe((state) => states.push(state));
      let renewed = 0;
      client.chat.on("reauthenticated", () => {
        renewed += 1;
      });
      const before = await recorded("refreshed", user_id);
      await client.start(async () => credentials);
      client.chat.open();
      await until(() => client.chat.state === "open", "an open socket");
      await until(() => isOver(tokens[0] ?? ""), "the end of its first token");
      await until(() => renewed >= 3, "three newer ones");
      assert.equal(tokens.length, 1);
      assert.deepEqual(states, ["connecting", "open"]);
      const refreshes = (await recorded("refreshed", user_id)) - before;
      assert.ok(refreshes === renewed || refreshes === renewed + 1, `${refreshes}, ${renewed}`);
      client.chat.close();
    });
  }
});

/** Whether the server takes a token no more. */
async function isOver(token: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${setting("EDGE_URL")}/api/v4/auth/verify`, { headers });
  const { code } = (await answer.json()) as { code?: string };
  return code === "TOKEN_EXPIRED";
}
