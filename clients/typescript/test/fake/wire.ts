import type { Position, Wire } from "../../src/index.ts";
import type { FakeServer } from "./server.ts";

/** Messages of a conversation that one `resume` brings. */
const MOST = 50;

/** A socket's far end. Frames take a turn each way, so that either side may be gone before they arrive. */
export class FakeWire implements Wire {
  opened?: () => void;
  heard?: (text: string) => void;
  closed?: (code: number) => void;
  readonly frames: { event: string; data: Record<string, unknown>; ack?: number }[] = [];
  pings = 0;
  /** Whether it still hears. */
  isDeaf = false;
  readonly #server: FakeServer;
  readonly url: string;
  token: string;
  isOver = false;

  constructor(server: FakeServer, url: string, token: string) {
    this.#server = server;
    this.url = url;
    this.token = token;
    queueMicrotask(() => {
      if (!server.sends() || server.judge(token) !== undefined) return this.cut(1006);
      this.opened?.();
      const greeting = {
        user_id: server.user,
        is_admin: false,
        socket_id: "s",
        server_time: new Date(Date.now() + 5_000).toISOString(),
      };
      this.event("connection_established", greeting);
      this.event("connected", greeting);
    });
  }

  send(text: string): void {
    queueMicrotask(() => {
      if (!this.isOver && !this.isDeaf) this.#take(text);
    });
  }

  close(): void {
    this.cut(1000);
  }

  /** The connection ends. */
  cut(code: number): void {
    if (this.isOver) return;
    this.isOver = true;
    this.closed?.(code);
  }

  event(event: string, data: unknown): void {
    this.text(JSON.stringify({ event, data }));
  }

  text(text: string): void {
    queueMicrotask(() => {
      if (!this.isOver) this.heard?.(text);
    });
  }

  #take(text: string): void {
    if (text === "ping") {
      this.pings += 1;
      return this.text("pong");
    }
    const frame = JSON.parse(text);
    this.frames.push(frame);
    if (this.#server.atFrame?.(this, frame.event) === false) return;
    const answer = (data: unknown) => this.text(JSON.stringify({ ack: frame.ack, data }));
    if (frame.event === "send_message") this.#sent(frame.data, answer);
    else if (frame.event === "resume") this.#resume(frame.data.conversations, answer);
    else if (frame.event === "reauthenticate") {
      this.token = frame.data.token;
      answer({ expires_at: "" });
    } else if (frame.ack !== undefined) answer({ status: "accepted" });
  }

  refuse(ack: number | undefined, code: string): void {
    this.text(JSON.stringify({ ack, error: { code, message: `${code}!` } }));
  }

  #sent(data: Record<string, unknown>, answer: (data: unknown) => void): void {
    const conversation = Number(data.customer_service_session_id);
    const temp = String(data.temp_message_id);
    const row = this.#server.store(conversation, String(data.content), this.#server.user, temp);
    answer({ status: "sending" });
    this.event("message_sent", row);
  }

  #resume(asked: Position[], answer: (data: unknown) => void): void {
    const reached: Position[] = [];
    for (const { customer_service_session_id: conversation, seq } of asked) {
      const rows = this.#server.stored.get(conversation) ?? [];
      const sent = rows.slice(seq, seq + MOST);
      for (const row of sent) {
        const isOwn = row.sender_id === this.#server.user;
        this.event(isOwn ? "message_sent" : "new_message", row);
      }
      const end = { customer_service_session_id: conversation, seq: seq + sent.length };
      if (end.seq < rows.length) this.event("resume_truncated", end);
      reached.push(end);
    }
    answer({ conversations: reached });
    this.event("resumed", { conversations: reached });
  }
}
