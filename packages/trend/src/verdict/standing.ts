import type { ThinnedHistory } from '../history/thinned-history.ts';
import type { Track } from '../history/track.ts';
import type { Shape } from './shape.ts';

/** A leak that goes on growing at this share of its pace goes on. */
const STILL_GROWS = 0.45;
/** By this share of what it had grown a level that stands still goes up and down. */
const NOISE = 0.05;
/** A leak that gave back this share of what it had grown is none any more. */
const GIVEN_BACK = 0.5;
/** So many warm-ups, and so much of the time it had grown for, are needed to see that a leak stands still. */
const PATIENCE_WARMUPS = 9;
const PATIENCE_SHARE = 0.5;

/**
 * A leak that was told stands until there is evidence against it: a level that stands still for long although work is
 * done, or memory given back. That growth no longer looks as even as it did is none.
 */
export class StandingLeak {
  readonly #state: Float64Array;

  /** With `state` (of `StandingLeak.size` numbers, 0 at first) a leak that was told stands on. */
  constructor(state: Float64Array = new Float64Array(StandingLeak.size)) {
    this.#state = state;
  }

  static readonly size: number = 7;

  clear(): void {
    this.#state.fill(0);
  }

  /** Whether a leak was noted, and nothing has spoken against it since. */
  get isTold(): boolean {
    return this.#state[STANDS] === 1;
  }

  /** Whether it was noted so lately that it needn't be decided anew. */
  isFresh(nowS: number, warmupS: number): boolean {
    return this.isTold && nowS - this.#state[AT] < this.#patienceS(warmupS) / 2;
  }

  /** Notes a leak, each time that it is decided anew. */
  note({ points, line, spanS, perRequest }: Shape, track: Track): void {
    const state = this.#state;
    state[STANDS] = 1;
    state[AT] = track.newestS;
    state[LEVEL] = lowestSince(track, track.newestS - PATIENCE_SHARE * 0.1 * spanS);
    state[GROWN] = Math.max(0, points.bytes[points.count - 1] - points.bytes[0]);
    state[PACE] = line.slope;
    state[SPAN] = spanS;
    state[PER_REQUEST] = perRequest === null ? 0 : Math.max(0, perRequest.slope);
  }

  /** Holds what is seen against the leak that was noted: it ends when there is evidence against it. */
  hold(track: Track, warmupS: number): void {
    const state = this.#state;
    if (!this.isTold) return;
    if (track.newestBytes < state[LEVEL] - GIVEN_BACK * state[GROWN]) state[STANDS] = 0;
    const sinceS = track.newestS - state[AT];
    if (sinceS < this.#patienceS(warmupS)) return;
    // What it rose by until the last quarter began is read off the lowest level in that quarter.
    const untilS = track.newestS - sinceS / 4;
    const roseBytes = lowestSince(track, untilS) - state[LEVEL];
    const requests = requestsBetween(track, state[AT], untilS);
    const byTime = state[PACE] * (untilS - state[AT]);
    // While the traffic rests, a leak of the requests may rest.
    const expected =
      state[PER_REQUEST] > 0 && requests !== null ? Math.min(byTime, state[PER_REQUEST] * requests) : byTime;
    if (roseBytes + NOISE * state[GROWN] < STILL_GROWS * expected) state[STANDS] = 0;
  }

  #patienceS(warmupS: number): number {
    return Math.max(PATIENCE_WARMUPS * warmupS, PATIENCE_SHARE * this.#state[SPAN]);
  }
}

function lowestSince({ history }: Track, fromS: number): number {
  let lowest = Number.POSITIVE_INFINITY;
  for (let at = history.count - 1; at >= 0; at--) {
    if (history.timeS(at) < fromS && lowest < Number.POSITIVE_INFINITY) break;
    lowest = Math.min(lowest, history.bytes(at));
  }
  return lowest;
}

/** Null where requests are not told. */
function requestsBetween({ history }: Track, fromS: number, toS: number): number | null {
  const count = requestsAt(history, toS) - requestsAt(history, fromS);
  return Number.isFinite(count) ? count : null;
}

function requestsAt(history: ThinnedHistory, timeS: number): number {
  let at = history.count - 1;
  while (at > 0 && history.timeS(at) > timeS) at--;
  return history.requests(at);
}

const STANDS = 0;
const AT = 1;
const LEVEL = 2;
const GROWN = 3;
const PACE = 4;
const SPAN = 5;
const PER_REQUEST = 6;
