import type { Track } from '../history/track.ts';
import type { Decision } from './decide.ts';

/** A leak that goes on growing at this share of its pace goes on. */
const STILL_GROWS = 0.35;
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

  /** Notes a leak, each time that it is decided anew. */
  note({ shape }: Decision, track: Track): void {
    const state = this.#state;
    const { points, line, spanS, perRequest } = shape;
    state[STANDS] = 1;
    state[AT] = track.newestS;
    state[LEVEL] = lowestSince(track, track.newestS - PATIENCE_SHARE * 0.1 * spanS);
    state[GROWN] = Math.max(0, points.bytes[points.count - 1] - points.bytes[0]);
    state[PACE] = line.slope;
    state[SPAN] = spanS;
    state[PER_REQUEST] = perRequest === null ? 0 : Math.max(0, perRequest.slope);
  }

  /** Whether the leak that was noted goes on, as far as can be seen. False where none was. */
  stands(track: Track, warmupS: number): boolean {
    const state = this.#state;
    if (state[STANDS] === 0) return false;
    const sinceS = track.newestS - state[AT];
    if (track.newestBytes < state[LEVEL] - GIVEN_BACK * state[GROWN]) return this.#ends();
    if (sinceS < Math.max(PATIENCE_WARMUPS * warmupS, PATIENCE_SHARE * state[SPAN])) return true;
    const roseBytes = lowestSince(track, track.newestS - sinceS / 4) - state[LEVEL];
    const requests = requestsSince(track, state[AT]);
    const byTime = state[PACE] * sinceS;
    // While the traffic rests, a leak of the requests may rest.
    const expected =
      state[PER_REQUEST] > 0 && requests !== null ? Math.min(byTime, state[PER_REQUEST] * requests) : byTime;
    return roseBytes + NOISE * state[GROWN] >= STILL_GROWS * expected || this.#ends();
  }

  #ends(): false {
    this.#state[STANDS] = 0;
    return false;
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
function requestsSince({ history }: Track, fromS: number): number | null {
  const newest = history.count - 1;
  let at = newest;
  while (at > 0 && history.timeS(at) > fromS) at--;
  const count = history.requests(newest) - history.requests(at);
  return Number.isFinite(count) ? count : null;
}

const STANDS = 0;
const AT = 1;
const LEVEL = 2;
const GROWN = 3;
const PACE = 4;
const SPAN = 5;
const PER_REQUEST = 6;
