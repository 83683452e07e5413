const MB = 1048576;
/** The share of its time that a program is to keep for itself: V8's target mutator utilisation. */
const TARGET_UTILISATION = 0.97;
const SMALLEST_STEP_BYTES = 8 * MB;

/**
 * How large the heap may grow before V8's next full collection, after one that left `liveBytes`. V8 lets it grow by a
 * factor that follows from how fast it collects and how fast the program allocates (the faster, the larger: the program is
 * to keep its share of the time), within bounds that follow from the heap's limit; by a step at least, and at most half of
 * the way to that limit.
 *
 * After V8's `MemoryController` (src/heap/heap-controller.cc), 64-bit.
 */
export function nextCollectionBytes(input: {
  liveBytes: number;
  heapLimitBytes: number;
  collectBytesPerS: number;
  allocateBytesPerS: number;
}): number {
  const { liveBytes, heapLimitBytes } = input;
  const factor = growingFactor(input.collectBytesPerS / Math.max(1, input.allocateBytesPerS), heapLimitBytes);
  const wished = Math.max(liveBytes * factor, liveBytes + SMALLEST_STEP_BYTES);
  return Math.min(wished, (liveBytes + Math.max(liveBytes, heapLimitBytes)) / 2);
}

function growingFactor(speedRatio: number, heapLimitBytes: number): number {
  const largest = largestFactor(heapLimitBytes);
  const a = speedRatio * (1 - TARGET_UTILISATION);
  const b = a - TARGET_UTILISATION;
  const factor = a < b * largest ? a / b : largest;
  return Math.min(largest, Math.max(1.1, factor));
}

/** 4 from a limit of 2 GB on; between 1.3 and 2 below. */
function largestFactor(heapLimitBytes: number): number {
  const megabytes = heapLimitBytes / MB;
  if (megabytes >= 2048) return 4;
  return 1.3 + (0.7 * Math.max(0, megabytes - 256)) / (2048 - 256);
}
