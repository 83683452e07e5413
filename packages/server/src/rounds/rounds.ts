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
  readonly #work: () => Promise<void>;
  readonly #onError: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  #run: Promise<void> | null = null;
  #isAsked = false;
  #isStopped = false;

  constructor(work: () => Promise<void>, { everyMs, onError }: RoundsOptions) {
    this.#work = work;
    this.#onError = onError;
    this.#timer = setInterval(() => this.#begin(), everyMs).unref();
  }

  /** Begins a round now, or right after the one under way, which may have looked already at what there is to do now. */
  soon(): void {
    this.#isAsked = true;
    this.#begin();
  }

  /** Begins nothing more, at once, and resolves when a round under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#run;
  }

  #begin(): void {
    if (this.#run !== null || this.#isStopped) return;
    this.#isAsked = false;
    this.#run = this.#work()
      .catch(this.#onError)
      .finally(() => {
        this.#run = null;
        if (this.#isAsked) this.#begin();
      });
  }
}
