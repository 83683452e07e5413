import type { NativeParts } from '../history/native-parts.ts';
import type { MemorySample } from '../sample.ts';

/** A sample in which every number is either sound or NaN. */
export interface Reading {
  timeMs: number;
  floorTimeMs: number;
  floorHeapBytes: number;
  /** Heap and external memory. */
  floorBytes: number;
  /** Heap in use plus external memory, garbage included. */
  usedBytes: number;
  rssBytes: number;
  requests: number;
  heapLimitBytes: number;
  rssLimitBytes: number;
}

/** A reading of nothing, for `readSample` to write into. */
export function emptyReading(): Reading {
  return {
    timeMs: Number.NaN,
    floorTimeMs: Number.NaN,
    floorHeapBytes: Number.NaN,
    floorBytes: Number.NaN,
    usedBytes: Number.NaN,
    rssBytes: Number.NaN,
    requests: Number.NaN,
    heapLimitBytes: Number.NaN,
    rssLimitBytes: Number.NaN,
  };
}

/** cgroup v1 writes "no limit" as about 9.2e18, and Node rounds v2's to 1.8e19: beyond a petabyte there is no limit. */
const UNLIMITED_BYTES = 2 ** 50;

/** Writes the sound numbers of a sample into a reading, so that a million of them leave no garbage; false when its time is none. */
export function readSample(sample: MemorySample, reading: Reading): boolean {
  const timeMs = sample.timeMs;
  if (typeof timeMs !== 'number' || !Number.isFinite(timeMs)) return false;
  reading.timeMs = timeMs;
  readFloor(sample, reading);
  reading.usedBytes = sound(sample.heapUsedBytes) + outsideHeap(sample);
  reading.rssBytes = positive(sample.rssBytes);
  reading.requests = sound(sample.requests);
  reading.heapLimitBytes = positive(sample.heapLimitBytes);
  reading.rssLimitBytes = positive(sample.rssLimitBytes);
  return true;
}

/** What a sample tells of the parts of native memory. */
export function readNativeParts({ heapTotalBytes, heapUsedBytes, native }: MemorySample): NativeParts {
  return {
    mallocBytes: sound(native?.mallocBytes),
    mallocInUseBytes: sound(native?.mallocInUseBytes),
    heapUnusedBytes: Math.max(0, sound(heapTotalBytes) - sound(heapUsedBytes)),
    mappedBytes: sound(native?.mappedBytes),
  };
}

function readFloor({ floor, timeMs }: MemorySample, reading: Reading): void {
  const heapBytes = floor !== null && Number.isFinite(floor.timeMs) ? sound(floor.heapBytes) : Number.NaN;
  reading.floorHeapBytes = heapBytes;
  if (floor === null || Number.isNaN(heapBytes)) {
    reading.floorTimeMs = reading.floorBytes = Number.NaN;
    return;
  }
  // A floor from the future is a clock's slip: it was known by the time of the sample.
  reading.floorTimeMs = Math.min(floor.timeMs, timeMs);
  reading.floorBytes = heapBytes + outsideHeap(floor);
}

/** Node counts array buffers into external memory, but updates the two at different moments. */
function outsideHeap(of: { externalBytes: number; arrayBuffersBytes: number }): number {
  const externalBytes = sound(of.externalBytes);
  const buffersBytes = sound(of.arrayBuffersBytes);
  return Math.max(Number.isNaN(externalBytes) ? 0 : externalBytes, Number.isNaN(buffersBytes) ? 0 : buffersBytes);
}

function sound(value: unknown): number {
  return typeof value === 'number' && value >= 0 && value < UNLIMITED_BYTES ? value : Number.NaN;
}

function positive(value: unknown): number {
  const number = sound(value);
  return number === 0 ? Number.NaN : number;
}
