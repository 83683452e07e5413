/** Where a judge keeps what it knows beside its tracks: places in one array of numbers, so that it can be saved whole. */

/** What stands before a saved state; the version changes with what the numbers mean. */
export const STATE_VERSION = 2;
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
export const SCALARS = 18;

/** What is judged: nothing is known yet, the heap, or RSS because nothing else is told. */
export const UNKNOWN = 0;
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
export const ONLY_RSS: string =
  'judged by RSS alone, which holds garbage, caches and what the allocator keeps: less sure than by the floor after collections';
