import type { NativeKind } from './verdict/native-kind.ts';

/**
 * What a memory series does.
 *
 * - `clean`: it does not grow.
 * - `warming`: it grows, but slower and slower, or it is too young for a verdict.
 * - `bounded`: it grew, and has levelled off.
 * - `leak`: it goes on growing in step with time or with the requests.
 * - `native`: RSS grows beyond the heap, external memory and array buffers.
 */
export type Verdict = 'clean' | 'warming' | 'bounded' | 'leak' | 'native';

/** How fast the floor grows, and when it meets the limit. */
export interface Trend {
  /** Theil–Sen slope of the floor (of the memory outside the heap, when the verdict is `native`); 0 before there are two points. */
  bytesPerSecond: number;
  /** About 95 %: Sen's interval with its variance inflated for autocorrelation; [-Infinity, Infinity] while nothing is known. */
  interval: [number, number];
  /** Slope of the floor against the cumulative requests; null without requests. */
  bytesPerRequest: number | null;
  /** Its interval of about 95 %, as `interval`; null as `bytesPerRequest`, and while it is unknown. */
  bytesPerRequestInterval?: [number, number] | null;
  /** Until the nearer limit, by the slope; null when the floor doesn't grow. */
  secondsToLimit: number | null;
  /** By the slope's interval, soonest first; the second is Infinity when the interval reaches down to zero. */
  secondsToLimitInterval: [number, number] | null;
  /**
   * The time to the limit as a distribution, given that growth goes on: with a chance of one in ten it is met before `p10`,
   * with nine in ten before `p90` (Infinity when the slope may be none). Null as `secondsToLimit`.
   */
  secondsToLimitQuantiles?: { p10: number; p50: number; p90: number } | null;
  /** The limit that is met first: the heap's, or the container's. 0 when neither is known. */
  limitBytes: number;
}

/** What the judge says after a sample. */
export interface Judgement {
  verdict: Verdict;
  /** Growth that is worth evidence (a snapshot, a collection) now: early and sensitive, and sometimes wrong. */
  suspicious: boolean;
  trend: Trend;
  /** Sentences with numbers, the most telling first. */
  evidence: string[];
  /** The level at which growth that is over, or that slows down, will stand; null when nothing points to one. */
  settlesAtBytes?: number | null;
  /** What grows, when the verdict is `native`, as far as the samples tell; null else. */
  nativeKind?: NativeKind | null;
  /** What would have to be seen for another verdict. */
  wouldChange?: string;
}
