/** What the clock makes of a sample's time. */
export type Arrival = 'next' | 'ignored' | 'gap';

/** So many samples in a row, each later than the one before and all behind the newest, mean that the clock was set back. */
const SET_BACK_SAMPLES = 5;
/** A gap is a hole too wide to draw a line across: over an hour, and over the time seen so far. */
const GAP_MS = 3_600_000;

/**
 * Brings the samples' times into one rising order, in constant memory.
 *
 * A sample at or before the newest one is ignored. Five such in a row in good order mean that the clock was set back:
 * from then on it is moved forward, so that time goes on where it stopped. A gap of over an hour that is also longer
 * than the whole series so far (also a clock that was set forward) tells that what came before is no longer comparable.
 */
export class SampleClock {
  #firstMs = Number.NaN;
  #lastMs = Number.NaN;
  #offsetMs = 0;
  #intervalMs = 1000;
  #behindCount = 0;
  #behindMs = Number.NaN;

  /** The newest sample's time on the mended clock; NaN before the first. */
  get nowMs(): number {
    return this.#lastMs;
  }

  /** Moves a time of the process onto the mended clock. */
  mend(timeMs: number): number {
    return timeMs + this.#offsetMs;
  }

  arrive(timeMs: number): Arrival {
    if (Number.isNaN(this.#lastMs)) {
      this.#firstMs = this.#lastMs = timeMs;
      return 'next';
    }
    const mended = timeMs + this.#offsetMs;
    if (mended <= this.#lastMs) {
      if (!this.#setBack(timeMs, mended)) return 'ignored';
      return 'next';
    }
    this.#behindCount = 0;
    this.#behindMs = Number.NaN;
    const elapsedMs = mended - this.#lastMs;
    const gap = elapsedMs > Math.max(GAP_MS, this.#lastMs - this.#firstMs);
    if (gap) this.#firstMs = mended;
    else this.#intervalMs += (elapsedMs - this.#intervalMs) / 8;
    this.#lastMs = mended;
    return gap ? 'gap' : 'next';
  }

  #setBack(timeMs: number, mended: number): boolean {
    if (mended === this.#lastMs) return false;
    this.#behindCount = timeMs > this.#behindMs ? this.#behindCount + 1 : 1;
    this.#behindMs = timeMs;
    if (this.#behindCount < SET_BACK_SAMPLES) return false;
    this.#lastMs += this.#intervalMs;
    this.#offsetMs = this.#lastMs - timeMs;
    this.#behindCount = 0;
    this.#behindMs = Number.NaN;
    return true;
  }
}
