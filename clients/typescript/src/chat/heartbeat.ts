const EVERY = 25_000;
const PATIENCE = 10_000;

/** Says `ping`, and notices when nothing comes back. */
export class Heartbeat {
  readonly #ping: () => void;
  readonly #lost: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ping: () => void, lost: () => void) {
    this.#ping = ping;
    this.#lost = lost;
    this.alive();
  }

  /** Something was heard. */
  alive(): void {
    this.stop();
    this.#timer = setTimeout(() => {
      this.#ping();
      this.#timer = setTimeout(this.#lost, PATIENCE);
    }, EVERY);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
