import type { MemorySample } from '../sample.ts';

/** A sample in which every number is either sound or null. */
export interface Reading {
  timeMs: number;
  floor: { timeMs: number; heapBytes: number; totalBytes: number } | null;
  /** Heap in use plus external memory, garbage included. */
  usedBytes: number | null;
  rssBytes: number | null;
  requests: number | null;
  heapLimitBytes: number | null;
  rssLimitBytes: number | null;
}

/** cgroup v1 writes "no limit" as about 9.2e18, and Node rounds v2's to 1.8e19: beyond a petabyte there is no limit. */
const UNLIMITED_BYTES = 2 ** 50;

/** Takes the sound numbers out of a sample; null when its time is not one. */
export function readSample(sample: MemorySample): Reading | null {
  const timeMs = sample.timeMs;
  if (typeof timeMs !== 'number' || !Number.isFinite(timeMs)) return null;
  const heapUsed = sound(sample.heapUsedBytes);
  return {
    timeMs,
    floor: readFloor(sample),
    usedBytes: heapUsed === null ? null : heapUsed + outsideHeap(sample),
    rssBytes: positive(sample.rssBytes),
    requests: sound(sample.requests),
    heapLimitBytes: positive(sample.heapLimitBytes),
    rssLimitBytes: positive(sample.rssLimitBytes),
  };
}

function readFloor(sample: MemorySample): Reading['floor'] {
  const floor = sample.floor;
  if (!floor || !Number.isFinite(floor.timeMs)) return null;
  const heapBytes = sound(floor.heapBytes);
  if (heapBytes === null) return null;
  return {
    // A floor from the future is a clock's slip: it was known by the time of the sample.
    timeMs: Math.min(floor.timeMs, sample.timeMs),
    heapBytes,
    totalBytes: heapBytes + outsideHeap(floor),
  };
}

/** Node counts array buffers into external memory, but updates the two at different moments. */
function outsideHeap(of: { externalBytes: number; arrayBuffersBytes: number }): number {
  return Math.max(sound(of.externalBytes) ?? 0, sound(of.arrayBuffersBytes) ?? 0);
}

function sound(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 && value < UNLIMITED_BYTES ? value : null;
}

function positive(value: unknown): number | null {
  const number = sound(value);
  return number === 0 ? null : number;
}
