import { ApiError } from "../error.ts";
import type { Parts } from "./session.ts";
import { type Tokens, tokensOf } from "./tokens.ts";

/** New tokens for old: one refresh at a time, however many want one. */
export class Refresh {
  readonly #parts: Parts;
  readonly #keep: (tokens: Tokens) => void;
  #running: Promise<string> | undefined;

  constructor(parts: Parts, keep: (tokens: Tokens) => void) {
    this.#parts = parts;
    this.#keep = keep;
  }

  /** An access token other than `stale`. */
  instead(stale: string | undefined): Promise<string> {
    this.#running ??= this.#parts
      .lock(() => this.#trade(stale))
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async #trade(stale: string | undefined): Promise<string> {
    const { keeper, clientType, now } = this.#parts;
    const kept = keeper.tokens;
    // While this one waited for its turn, another client of the same store has had one.
    if (kept !== undefined && kept.access !== stale) return kept.access;
    if (clientType !== "web" && kept?.refresh === undefined) {
      throw new ApiError("TOKEN_MISSING", { message: "nobody is logged in", status: 401 });
    }
    const tokens = tokensOf(await this.#ask(kept?.refresh), now(), kept);
    if (tokens === undefined || (clientType !== "web" && tokens.refresh === undefined)) {
      throw new ApiError("NETWORK", { message: "no tokens", status: 200 });
    }
    this.#keep(tokens);
    return tokens.access;
  }

  /** A lost answer is asked for once more, at once: soon it would count as theft. */
  async #ask(refresh_token: string | undefined): Promise<unknown> {
    const ask = () =>
      this.#parts.api.call("POST", "/api/v4/auth/refresh", { body: { refresh_token } });
    try {
      return await ask();
    } catch (error) {
      if (error instanceof ApiError && error.code === "NETWORK" && error.status === 0) return ask();
      throw error;
    }
  }
}
