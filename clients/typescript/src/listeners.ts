/** Who wants to be told of something. */
export class Listeners<T> {
  readonly #all = new Set<(told: T) => void>();

  add(listener: (told: T) => void): () => void {
    this.#all.add(listener);
    return () => void this.#all.delete(listener);
  }

  /** Tells all; what a listener throws is reported as any uncaught error is, and disturbs nobody. */
  tell(told: T): void {
    for (const listener of [...this.#all]) {
      try {
        listener(told);
      } catch (error) {
        setTimeout(() => {
          throw error;
        });
      }
    }
  }
}
