import type { Schemas } from "../codes.ts";
import type { Store } from "../store.ts";

const ID = "device_id";
const TOKEN = "device_token";

/** What a device says of itself in each log-in; its token is kept after a log-out, too. */
export class Device {
  readonly #store: Store;
  readonly #random: () => number;
  readonly #name: string | undefined;

  constructor(store: Store, random: () => number, name: string | undefined) {
    this.#store = store;
    this.#random = random;
    this.#name = name;
  }

  /** The members of a log-in. */
  form(client_type: Schemas["ClientType"]): Schemas["DeviceForm"] {
    const form: Schemas["DeviceForm"] = { client_type, device_id: this.#id() };
    const token = this.#store.get(TOKEN);
    if (token !== undefined) form.device_token = token;
    if (this.#name !== undefined) form.device_name = this.#name;
    return form;
  }

  /** Keeps the proof that a log-in gave. */
  keep(token: string): void {
    this.#store.set(TOKEN, token);
  }

  /** Made once, and for ever. */
  #id(): string {
    const known = this.#store.get(ID);
    if (known !== undefined) return known;
    const made = identifier(this.#random);
    this.#store.set(ID, made);
    return made;
  }
}

/** Twenty-four random characters. */
export function identifier(random: () => number): string {
  let made = "";
  while (made.length < 24) made += Math.floor(random() * 36).toString(36);
  return made;
}
