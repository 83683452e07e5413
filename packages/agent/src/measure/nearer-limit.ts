/** What bounds this thread's memory, in bytes. */
export interface MemoryLimits {
  heapLimitBytes: number;
  /** Of the container; null where there is none. */
  rssLimitBytes: number | null;
}

/** The limit that the heap would meet first. */
export interface NearerLimit {
  kind: 'heap' | 'container';
  /** As a size of the heap: the container's limit less all that is in memory beside the heap. */
  limitBytes: number;
  /** What is left until then; 0 when it is passed. */
  roomBytes: number;
}

/**
 * Which limit a growing heap meets first: its own, or the container's. In a container of 200 MB, V8's own limit is
 * 259 MB: the heap never gets there.
 */
export function nearerLimit(limits: MemoryLimits, rssBytes: number, heapUsedBytes: number): NearerLimit {
  const { heapLimitBytes, rssLimitBytes } = limits;
  const containerBytes = rssLimitBytes === null ? Infinity : Math.max(0, rssLimitBytes - (rssBytes - heapUsedBytes));
  const kind = containerBytes < heapLimitBytes ? 'container' : 'heap';
  const limitBytes = Math.min(containerBytes, heapLimitBytes);
  return { kind, limitBytes, roomBytes: Math.max(0, limitBytes - heapUsedBytes) };
}
