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
  /** What V8 holds for its heap, in use or not: `process.memoryUsage().heapTotal`. */
  heapTotalBytes?: number | null;
  /** What is known of the memory outside heap and buffers; the same may be told again and again. */
  native?: NativeMemory | null;
}

/** Memory outside heap and buffers by kind, as far as it is told: any of it may be missing. */
export interface NativeMemory {
  /** malloc's main heap and its arenas, as far as they are in RAM. */
  mallocBytes?: number | null;
  /** What is in use of that (`mallinfo2`: `uordblks` and `hblkhd`). */
  mallocInUseBytes?: number | null;
  /** Files and stacks. */
  mappedBytes?: number | null;
}
