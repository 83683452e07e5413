import type { NativePartsHistory } from './history/native-parts.ts';
import type { Track } from './history/track.ts';
import type { Usual } from './verdict/lasting.ts';
import type { StandingLeak } from './verdict/standing.ts';
import type { AllThresholds } from './verdict/thresholds.ts';

/** Where a judge keeps what it knows beside its tracks: places in one array of numbers, so that it can be saved whole. */

/** What stands before a saved state; the version changes with what the numbers mean. */
export const STATE_VERSION = 3;
export const HEADER = 2;

export const BORN = 0;
export const BORN_AT = 1;
export const SOURCE = 2;
export const NEWS = 3;
export const FLOOR_AT = 4;
export const FLOOR_HEAP = 5;
export const FLOOR_INTERVAL = 6;
export const REQUESTS = 7;
export const LOWEST_USED = 8;
export const LOWEST_RSS = 9;
export const PEAK_USED = 10;
export const CHUNK = 11;
export const CHUNK_USED = 12;
export const CHUNK_OTHER = 13;
export const HEAP_LIMIT = 14;
export const RSS_LIMIT = 15;
export const RSS = 16;
export const JUDGED_AT = 17;
/** When it is decided next whether it leaks. */
export const DECIDE_AT = 18;
/** 1 while memory outside the heap was found to outgrow the rest when that was last decided. */
export const NATIVE_TOLD = 19;
export const SCALARS = 20;

/** What is judged: the heap, or RSS because nothing else is told; 0 while nothing is known. */
export const BY_HEAP = 1;
export const BY_RSS = 2;

export const NO_NEWS = 0;
export const AFTER_GAP = 1;
export const AFTER_RESTART = 2;
/** In words, by code. */
export const NEWS_TOLD: readonly (string | undefined)[] = [
  undefined,
  'nothing was heard for longer than the series had lasted: judged anew since then',
  'the process was restarted: judged anew since then',
];

/** All that a judge knows, for those who decide. */
export interface Known {
  readonly warmupS: number;
  readonly thresholds: AllThresholds;
  readonly scalars: Float64Array;
  /** The floor after collections, or RSS where nothing else is known. */
  readonly floors: Track;
  /** The lower envelope of the memory in use. */
  readonly envelope: Track;
  /** What RSS holds beyond heap and buffers. */
  readonly native: Track;
  /** … and what that consists of. */
  readonly parts: NativePartsHistory;
  readonly standing: StandingLeak;
  /** What processes like this one usually grow by; null where that isn't known. */
  readonly usual: Usual | null;
}
