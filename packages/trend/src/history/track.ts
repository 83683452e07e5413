import { GrowthTest } from '../growth/growth-test.ts';
import { ThinnedHistory } from './thinned-history.ts';

/** How a track is cut: see `GrowthTest` for blocks and scales. */
export interface TrackOptions {
  points: number;
  baseS: number;
  scales: number;
  /** The growth test begins after so many seconds: what a start-up loads is not growth. */
  warmupS: number;
}

/** A step smaller than this is nothing, whatever the series: V8's own bookkeeping moves by as much. */
const QUIET_BYTES = 16 * 1024;
/** … nor is a step below this share of the level. */
const QUIET_SHARE = 2e-4;

/** One judged series in constant memory: its thinned points and its growth test. */
export class Track {
  readonly history: ThinnedHistory;
  readonly growth: GrowthTest;
  readonly #warmupS: number;
  /** The lowest value since the warm-up ended, in its first few points; NaN before. */
  startBytes: number = Number.NaN;
  newestS: number = Number.NEGATIVE_INFINITY;
  newestBytes: number = Number.NaN;
  #startPoints = 0;

  constructor(options: TrackOptions) {
    this.history = new ThinnedHistory(options.points);
    this.growth = new GrowthTest(options.baseS, options.scales);
    this.#warmupS = options.warmupS;
  }

  clear(): void {
    this.history.clear();
    this.growth.clear();
    this.startBytes = Number.NaN;
    this.newestS = Number.NEGATIVE_INFINITY;
    this.newestBytes = Number.NaN;
    this.#startPoints = 0;
  }

  /** Adds a point; one at or before the newest is dropped. */
  add(timeS: number, bytes: number, heapBytes: number, requests: number | null): void {
    if (timeS <= this.newestS) return;
    this.newestS = timeS;
    this.newestBytes = bytes;
    this.history.add(timeS, bytes, heapBytes, requests ?? Number.NaN);
    // The second half of the warm-up teaches the growth test how large the steps are, so that it can bet from the start.
    if (timeS >= this.#warmupS / 2) this.growth.add(timeS, bytes, quietBytes(bytes), timeS >= this.#warmupS);
    if (timeS < this.#warmupS) return;
    if (this.#startPoints++ < 3) this.startBytes = this.#startPoints === 1 ? bytes : Math.min(bytes, this.startBytes);
  }
}

/** The step that is too small to mean anything at this level. */
export function quietBytes(levelBytes: number): number {
  return Math.max(QUIET_BYTES, QUIET_SHARE * levelBytes);
}
