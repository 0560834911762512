import { isObject } from "../api.ts";
import type { Store } from "../store.ts";

/** What a session goes by. */
export interface Tokens {
  access: string;
  /** Not of browsers, whose is a cookie. */
  refresh?: string | undefined;
  /** When the access token ends, in milliseconds of this device's clock, and how long it lives in all. */
  ends: number;
  life: number;
  /** Whose they are, and of which session; 0 where it is not known yet. */
  user: number;
  session: number;
}

const KEY = "tokens";

/** Where tokens are kept: a browser's in memory alone, all others in the store. */
export class Keeper {
  readonly #store: Store | undefined;
  #kept: Tokens | undefined;

  /** Without a store it is memory alone. */
  constructor(store: Store | undefined) {
    this.#store = store;
  }

  /** The store's word: another client of the same store may have renewed them. */
  get tokens(): Tokens | undefined {
    if (this.#store !== undefined) {
      const text = this.#store.get(KEY);
      // The same text is the same tokens: who compares them compares by their access token.
      this.#kept = text === undefined ? undefined : read(text);
    }
    return this.#kept;
  }

  set tokens(tokens: Tokens | undefined) {
    this.#kept = tokens;
    if (tokens === undefined) this.#store?.remove(KEY);
    else this.#store?.set(KEY, JSON.stringify(tokens));
  }
}

function read(text: string): Tokens | undefined {
  try {
    const { access, refresh, ends, life, user, session } = JSON.parse(text);
    if (typeof access !== "string" || typeof refresh !== "string") return;
    const number = (told: unknown) => Number(told) || 0;
    return {
      access,
      refresh,
      ends: number(ends),
      life: number(life),
      user: number(user),
      session: number(session),
    };
  } catch {
    return;
  }
}

/** The tokens of an answer; `undefined` where it has none. */
export function tokensOf(answer: unknown, now: number, before?: Tokens): Tokens | undefined {
  if (!isObject(answer) || typeof answer.access_token !== "string") return;
  const { access_token: access, refresh_token: refresh, expires_in: seconds } = answer;
  const life = typeof seconds === "number" && seconds > 0 ? 1000 * seconds : 0;
  return {
    access,
    refresh: typeof refresh === "string" ? refresh : undefined,
    ends: now + life,
    life,
    user: before?.user ?? 0,
    session: before?.session ?? 0,
  };
}
