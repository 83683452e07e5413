/** How often, and who hears of what went wrong. */
export interface RoundsOptions {
  everyMs: number;
  /** Told when a round failed; the next one tries again. */
  onError: (error: unknown) => void;
}

/**
 * Does the same work again and again until it is stopped. A round that takes longer than the time between two is not
 * overtaken by the next: that one is left out.
 */
export class Rounds {
  readonly #timer: NodeJS.Timeout;
  #run: Promise<void> | null = null;

  constructor(work: () => Promise<void>, { everyMs, onError }: RoundsOptions) {
    this.#timer = setInterval(() => {
      this.#run ??= work()
        .catch(onError)
        .finally(() => {
          this.#run = null;
        });
    }, everyMs).unref();
  }

  /** Begins nothing more, at once, and resolves when a round under way has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#run;
  }
}
