/** What a process held just after a full collection: live bytes, without garbage. */
export interface Floor {
  /** When the collection ended, on the same clock as the sample's `timeMs`. */
  timeMs: number;
  /** Live bytes on the JavaScript heap. */
  heapBytes: number;
  /** `process.memoryUsage().external`; array buffers are part of it. */
  externalBytes: number;
  /** `process.memoryUsage().arrayBuffers`. */
  arrayBuffersBytes: number;
}

/**
 * What a process tells about its memory once an interval. Nothing has to be regular or complete:
 * a number that is NaN, infinite or negative counts as missing, a sample that is older than the one before is dropped.
 */
export interface MemorySample {
  timeMs: number;
  /** The newest post-GC floor, null before the first; the same floor may be told again and again. */
  floor: Floor | null;
  heapUsedBytes: number;
  rssBytes: number;
  externalBytes: number;
  arrayBuffersBytes: number;
  /** Requests since the process started; a count that falls means that the process is another one. */
  requests: number | null;
  heapLimitBytes: number;
  /** The container's limit, null when there is none. */
  rssLimitBytes: number | null;
}
