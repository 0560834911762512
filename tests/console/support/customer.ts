/** A user with the mini-program open: writes, reads, and hears by a socket of the edge. */

import { EDGE, ORIGIN, Person, type Account } from "./system.ts";

interface Frame {
  event: string;
  data: Record<string, unknown>;
}

const SESSIONS = "/api/v4/system/chat/sessions";

export class Customer {
  /** Everything that was heard, in its order. */
  readonly heard: Frame[] = [];
  readonly person: Person;
  /** The open conversation. */
  readonly conversation: number;
  #socket: WebSocket | undefined;
  #waiting: (() => void)[] = [];

  private constructor(person: Person, conversation: number) {
    this.person = person;
    this.conversation = conversation;
  }

  /** Logs in and begins a conversation that nobody has; one that is open is closed before. */
  static async begin(account: Account): Promise<Customer> {
    const person = await Person.logIn(account);
    const before = await person.post(SESSIONS);
    await person.post(`${SESSIONS}/${before.data.customer_service_session_id}/close`);
    const now = await person.post(SESSIONS);
    if (!now.data.is_new) throw new Error("the conversation is an old one");
    return new Customer(person, now.data.customer_service_session_id as number);
  }

  /** Opens a socket. */
  async connect(): Promise<void> {
    const url = `${EDGE.replace(/^http/, "ws")}/api/v4/chat/socket`;
    const socket = new WebSocket(url, ["bearer", this.person.token]);
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(String(data)) as Frame;
      if (frame.event) this.heard.push(frame);
      for (const wake of this.#waiting.splice(0)) wake();
    };
    await this.hears("connection_established");
  }

  disconnect(): void {
    this.#socket?.close();
  }

  /** Sends a frame. */
  emit(event: string, data: object): void {
    const customer_service_session_id = this.conversation;
    this.#socket?.send(JSON.stringify({ event, data: { customer_service_session_id, ...data } }));
  }

  /** Waits for an event. */
  async hears(event: string, fits: (data: Frame["data"]) => boolean = () => true): Promise<Frame["data"]> {
    const until = Date.now() + 20_000;
    for (;;) {
      const found = this.heard.find((frame) => frame.event === event && fits(frame.data));
      if (found) return found.data;
      if (Date.now() > until) throw new Error(`${event} was not heard`);
      await new Promise<void>((wake) => {
        this.#waiting.push(wake);
        setTimeout(wake, 500);
      });
    }
  }

  /** Writes by REST. */
  async write(content: string): Promise<void> {
    const path = `${SESSIONS}/${this.conversation}/messages`;
    const said = await this.person.post(path, { content, temp_message_id: crypto.randomUUID() });
    if (said.status >= 300) throw new Error(`${said.status} ${said.code}`);
  }

  /** The same at the origin itself: the edge may be down. */
  async writeToOrigin(content: string): Promise<void> {
    await this.#atOrigin("messages", { content, temp_message_id: crypto.randomUUID() });
  }

  /** Ends the conversation, at the origin itself. */
  async closeAtOrigin(): Promise<void> {
    await this.#atOrigin("close", {});
  }

  async #atOrigin(what: string, body: object): Promise<void> {
    const answer = await fetch(`${ORIGIN}${SESSIONS}/${this.conversation}/${what}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${this.person.token}` },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${what}: ${answer.status} ${await answer.text()}`);
  }

  /** Ends the conversation. */
  async close(): Promise<void> {
    this.disconnect();
    await this.person.post(`${SESSIONS}/${this.conversation}/close`);
  }

  /** All messages, as the origin has them, the oldest first. */
  async stored(): Promise<{ content: string; seq: number; sender_type: string }[]> {
    const all = await this.person.get(`${SESSIONS}/${this.conversation}/messages?limit=100`);
    return (all.data.messages as { content: string; seq: number; sender_type: string }[]).reverse();
  }
}
