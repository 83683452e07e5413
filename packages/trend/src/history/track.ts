import { EarlyTest } from '../growth/early-test.ts';
import { GrowthTest } from '../growth/growth-test.ts';
import { RankTest } from '../growth/rank-test.ts';
import { ThinnedHistory } from './thinned-history.ts';

/** How a track is cut: see `GrowthTest` for blocks and scales, `ThinnedHistory` for points. */
export interface TrackOptions {
  points: number;
  /** The finest blocks of the growth test, and the finest buckets of the history. */
  baseS: number;
  scales: number;
  /** Growth is proven only after so many seconds: what a start-up loads is not growth. */
  warmupS: number;
  /**
   * Whether `suspicious` may come from a handful of points, and `leak` from the order of long blocks alone: then it needs
   * points without garbage in them.
   */
  early: boolean;
}

/** A step smaller than this is nothing, whatever the series: V8's own bookkeeping moves by as much. */
const QUIET_BYTES = 16 * 1024;
/** … nor is a step below this share of the level. */
const QUIET_SHARE = 2e-4;
/** The tests have a quarter of the warm-up to pass over: in it a program mostly loads code. */
const DEAF_SHARE = 0.25;
/** Floors that come closer than this are one to the early test. */
const EARLY_DISTANCE_S = 0.75;
/** The rank test's finest blocks, in warm-ups: in so long, noise has forgotten. */
const RANKED_WARMUPS = 8;

/** One judged series in constant memory: its thinned points and its tests of growth. */
export class Track {
  readonly history: ThinnedHistory;
  readonly growth: GrowthTest;
  readonly early: EarlyTest | null;
  readonly ranks: RankTest | null;
  readonly #warmupS: number;
  readonly #state: Float64Array;

  /** With `state` (of `Track.size(options)` numbers) the track goes on where that state was left. */
  constructor(options: TrackOptions, state: Float64Array = new Float64Array(Track.size(options))) {
    const { points, baseS, scales, warmupS } = options;
    const growthAt = SCALARS + ThinnedHistory.size(points);
    const earlyAt = growthAt + GrowthTest.size(scales);
    this.#warmupS = warmupS;
    this.#state = state;
    this.history = new ThinnedHistory(points, baseS, state.subarray(SCALARS, growthAt));
    this.growth = new GrowthTest(baseS, scales, state.subarray(growthAt, earlyAt));
    const ranksAt = earlyAt + EarlyTest.size;
    this.early = options.early ? new EarlyTest(state.subarray(earlyAt, ranksAt)) : null;
    this.ranks = options.early ? new RankTest(RANKED_WARMUPS * warmupS, state.subarray(ranksAt)) : null;
  }

  static size({ points, scales, early }: TrackOptions): number {
    return (
      SCALARS + ThinnedHistory.size(points) + GrowthTest.size(scales) + (early ? EarlyTest.size + RankTest.size : 0)
    );
  }

  /** The lowest of the first few values since the warm-up ended; NaN before. */
  get startBytes(): number {
    return this.#state[START_POINTS] > 0 ? this.#state[START] : Number.NaN;
  }

  get newestS(): number {
    return this.history.count > 0 ? this.#state[NEWEST_AT] : Number.NEGATIVE_INFINITY;
  }

  get newestBytes(): number {
    return this.history.count > 0 ? this.#state[NEWEST] : Number.NaN;
  }

  clear(): void {
    this.#state.fill(0);
  }

  /** Adds a point; one at or before the newest is dropped. Pass NaN for requests that aren't known. */
  add(timeS: number, bytes: number, heapBytes: number, requests: number): void {
    const state = this.#state;
    if (this.history.count > 0 && timeS <= state[NEWEST_AT]) return;
    state[NEWEST_AT] = timeS;
    state[NEWEST] = bytes;
    this.history.add(timeS, bytes, heapBytes, requests);
    if (timeS < this.#warmupS * DEAF_SHARE) return;
    // The first half of the warm-up teaches the growth test how large the steps are, so that it can bet from then on.
    const deaf = timeS < this.#warmupS / 2;
    this.growth.add(timeS, bytes, quietBytes(bytes), !deaf);
    if (!deaf) this.ranks?.add(timeS, bytes, quietBytes(bytes));
    if (this.early !== null && timeS - this.early.newestS >= EARLY_DISTANCE_S) this.early.add(timeS, bytes);
    if (timeS < this.#warmupS || state[START_POINTS] >= 3) return;
    if (state[START_POINTS]++ === 0 || bytes < state[START]) state[START] = bytes;
  }
}

const START = 0;
const START_POINTS = 1;
const NEWEST_AT = 2;
const NEWEST = 3;
const SCALARS = 4;

/** The step that is too small to mean anything at this level. */
export function quietBytes(levelBytes: number): number {
  return Math.max(QUIET_BYTES, QUIET_SHARE * levelBytes);
}
