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
  readonly #state: Float64Array;

  /** With `state` (of `SampleClock.size` numbers) the clock goes on where that state was left. */
  constructor(state?: Float64Array) {
    this.#state = state ?? new Float64Array(SampleClock.size);
  }

  static readonly size: number = 7;

  /** The newest sample's time on the mended clock; NaN before the first. */
  get nowMs(): number {
    return this.#state[SEEN] === 0 ? Number.NaN : this.#state[LAST];
  }

  /** Moves a time of the process onto the mended clock. */
  mend(timeMs: number): number {
    return timeMs + this.#state[OFFSET];
  }

  arrive(timeMs: number): Arrival {
    const state = this.#state;
    if (state[SEEN] === 0) {
      state[SEEN] = 1;
      state[FIRST] = state[LAST] = timeMs;
      state[INTERVAL] = 1000;
      return 'next';
    }
    const mended = timeMs + state[OFFSET];
    if (mended <= state[LAST]) return this.#setBack(timeMs, mended) ? 'next' : 'ignored';
    state[BEHIND_COUNT] = 0;
    const elapsedMs = mended - state[LAST];
    const gap = elapsedMs > Math.max(GAP_MS, state[LAST] - state[FIRST]);
    if (gap) state[FIRST] = mended;
    else state[INTERVAL] += (elapsedMs - state[INTERVAL]) / 8;
    state[LAST] = mended;
    return gap ? 'gap' : 'next';
  }

  #setBack(timeMs: number, mended: number): boolean {
    const state = this.#state;
    if (mended === state[LAST]) return false;
    state[BEHIND_COUNT] = state[BEHIND_COUNT] > 0 && timeMs > state[BEHIND] ? state[BEHIND_COUNT] + 1 : 1;
    state[BEHIND] = timeMs;
    if (state[BEHIND_COUNT] < SET_BACK_SAMPLES) return false;
    state[LAST] += state[INTERVAL];
    state[OFFSET] = state[LAST] - timeMs;
    state[BEHIND_COUNT] = 0;
    return true;
  }
}

const SEEN = 0;
const FIRST = 1;
const LAST = 2;
const OFFSET = 3;
const INTERVAL = 4;
const BEHIND_COUNT = 5;
const BEHIND = 6;
