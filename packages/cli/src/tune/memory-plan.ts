/** The heap's limit and the container's, from what was measured: pure. */

/** What was measured of the service as it is today, under load. */
export interface MeasuredMemory {
  readonly peakRssBytes: number;
  /** The heap at the moment of that peak. */
  readonly heapBytes: number;
  /** Live memory after a full collection, under load. */
  readonly floorBytes: number | null;
  readonly heapLimitBytes: number;
  /** Null where there is no container with a limit, and none was given. */
  readonly containerLimitBytes: number | null;
  /** CPU cores that it used at the most. */
  readonly cpuCores: number;
}

/** What follows from it. */
export interface MemoryPlan {
  /** For `--max-old-space-size`, in MB; null where no limit is known that it could be held against. */
  readonly maxOldSpaceMb: number | null;
  /** Outside of the heap: code, stacks, buffers, malloc. */
  readonly outsideBytes: number;
  readonly requestBytes: number;
  readonly limitBytes: number;
  readonly requestMillicores: number;
  readonly reasons: readonly string[];
}

const MB = 2 ** 20;
/** Left of the container beside the heap's limit and what lies outside it: what was not measured. */
const spareShare = 0.1;
/** A container gets so much more than its peak. */
const headroom = 1.5;

/** Computes the plan. The container is the one that is there; where there is none, one is proposed. */
export function planMemory(measured: MeasuredMemory): MemoryPlan {
  const { peakRssBytes, heapBytes, floorBytes, heapLimitBytes, containerLimitBytes, cpuCores } = measured;
  const outsideBytes = Math.max(0, peakRssBytes - heapBytes);
  const requestBytes = roundUp(peakRssBytes * 1.1);
  const limitBytes = containerLimitBytes ?? roundUp(peakRssBytes * headroom);
  const roomBytes = limitBytes * (1 - spareShare) - outsideBytes;
  const maxOldSpaceMb = Math.floor(roomBytes / MB / 8) * 8;
  const needed = floorBytes ?? heapBytes;
  const mb = (bytes: number): string => `${Math.round(bytes / MB)} MB`;
  const reasons = [
    `${mb(peakRssBytes)} resident at the peak under load: ${mb(heapBytes)} of heap and ${mb(outsideBytes)} beside it`,
    containerLimitBytes === null
      ? `no limit of a container is known; ${mb(limitBytes)} would be the peak and half as much again`
      : `the container ends at ${mb(containerLimitBytes)}, and V8's heap today at ${mb(heapLimitBytes)}` +
        (heapLimitBytes + outsideBytes > containerLimitBytes
          ? ': the kernel would kill it before V8 collects harder'
          : ''),
    `a tenth of the container is left for what was not measured`,
  ];
  const fits = maxOldSpaceMb * MB > needed * 1.2;
  if (!fits) reasons.push(`the container is too small: ${mb(needed)} are alive under load`);
  return {
    maxOldSpaceMb: fits ? maxOldSpaceMb : null,
    outsideBytes,
    requestBytes,
    limitBytes,
    requestMillicores: Math.max(10, Math.ceil(cpuCores * 110) * 10),
    reasons,
  };
}

/** To whole 16 MB. */
function roundUp(bytes: number): number {
  return Math.ceil(bytes / (16 * MB)) * 16 * MB;
}
