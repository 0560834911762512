import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Client, Message, Schemas } from "../src/index.ts";
import { type Device, KINDS, type Kind, opened, setting } from "./kinds.ts";
import { enrolled, known, network, until } from "./people.ts";

/** Messages of each side. */
const EACH = 200;

/** Somebody in a conversation, whose program dies now and then. */
class Party {
  readonly kind: Pick<Kind, "clientType">;
  readonly device: Device;
  readonly sent: string[] = [];
  /** What was handed on, over all lives of the program. */
  readonly got: Message[] = [];
  client: Client;
  conversation = 0;

  constructor(kind: Pick<Kind, "clientType">, device: Device) {
    this.kind = kind;
    this.device = device;
    this.client = this.#begun();
  }

  #begun(): Client {
    const client = opened(this.kind, this.device, { url: setting("PROXY_URL") });
    for (const event of ["message_sent", "new_message"] as const) {
      client.chat.on(event, (message) => {
        if (message.customer_service_session_id !== this.conversation) return;
        this.got.push(message);
      });
    }
    client.chat.open();
    return client;
  }

  follow(conversation: number): void {
    this.conversation = conversation;
    this.client.chat.follow(conversation, this.got.at(-1)?.seq ?? 0);
  }

  say(content: string): void {
    this.sent.push(content);
    this.client.chat.send({ customer_service_session_id: this.conversation, content });
  }

  /** The program ends, and is started again: nothing is left of it but the device. */
  async restart(): Promise<void> {
    this.client.chat.close();
    this.client = this.#begun();
    this.follow(this.conversation);
    await until(async () => (await this.client.start()).status === "live", "live again");
  }
}

describe("flight mode", () => {
  for (const [index, kind] of KINDS.entries()) {
    test(`${kind.name} loses and doubles nothing of what goes both ways`, async () => {
      const { credentials } = await enrolled(kind.name);
      const user = new Party(kind, kind.device());
      await user.client.logIn(credentials);
      // The agent is one person in two places: a browser for one conversation, an app for the other.
      const place = { clientType: index === 0 ? "web" : "app" } as const;
      const agent = new Party(place, kind.device());
      await agent.client.logIn(known("AGENT"));

      const { customer_service_session_id: conversation } = await user.client.post(
        "/api/v4/system/chat/sessions",
        { body: { source: "mobile" } },
      );
      await agent.client.post(
        "/api/v4/console/customer-service/sessions/{customer_service_session_id}/accept",
        { params: { customer_service_session_id: conversation } },
      );
      for (const party of [user, agent]) party.follow(conversation);

      for (let at = 0; at < EACH; at += 1) {
        user.say(`user ${at}`);
        agent.say(`agent ${at}`);
        await new Promise((done) => setTimeout(done, 20));
        if (at === 60) await user.restart();
        if (at === 120) await agent.restart();
        if (at % 40 === 20) {
          await network("cut");
          const isAway = () => [user, agent].every(({ client }) => client.chat.state !== "open");
          await until(isAway, "nobody online");
          await new Promise((done) => setTimeout(done, 200));
          await network("mend");
        }
      }
      // Once more, while what was written is still on its way, with the program dead meanwhile.
      await network("cut");
      user.client.chat.close();
      await network("mend");
      await user.restart();

      const isDone = () =>
        [user, agent].every(
          ({ client, got }) => client.chat.outgoing.length === 0 && got.length >= 2 * EACH,
        );
      await until(isDone, `all there: ${user.got.length} and ${agent.got.length}`);
      for (const party of [user, agent]) party.client.chat.close();

      const history = await whole(user.client, conversation);
      assert.equal(history.length, 2 * EACH);
      for (const party of [user, agent]) {
        // Each once, and in order.
        const facts = ({ seq, content, chat_message_id }: Message | Schemas["Message"]) =>
          `${seq} ${chat_message_id} ${content}`;
        assert.deepEqual(party.got.map(facts), history.map(facts));
        const side = party === user ? "user" : "admin";
        const written = history.filter(({ sender_type }) => sender_type === side);
        assert.deepEqual(
          written.map(({ content }) => content),
          party.sent,
        );
      }
    });
  }
});

/** The history by REST, oldest first. */
async function whole(client: Client, conversation: number): Promise<Schemas["Message"][]> {
  const rows: Schemas["Message"][] = [];
  for (let page = 1; ; page += 1) {
    const { messages, pagination } = await client.get(
      "/api/v4/system/chat/sessions/{customer_service_session_id}/messages",
      { params: { customer_service_session_id: conversation }, query: { page, limit: 100 } },
    );
    rows.push(...messages);
    if (page >= pagination.total_pages) return rows.sort((a, b) => a.seq - b.seq);
  }
}
