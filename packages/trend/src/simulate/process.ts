import type { Floor, MemorySample } from '../sample.ts';
import { seeded } from './random.ts';
import type { Random } from './random.ts';

/** What a simulated program holds and does, as functions of its age. */
export interface Program {
  /** Live bytes on the heap at an age, given the requests served so far. */
  liveBytes(ageS: number, requests: number): number;
  /** External memory that is held (buffers). Default 2 MB. */
  externalBytes?(ageS: number, requests: number): number;
  /** Memory outside heap and external memory, on top of the runtime's own. Default none. */
  nativeBytes?(ageS: number, requests: number): number;
  /** Requests a second. Default 50. */
  rate?(ageS: number): number;
  /** Deviation of the noise on the floor. Default 0.1 MB. */
  noiseBytes?: number;
  /** Its autocorrelation from floor to floor. Default 0.5. */
  noiseMemory?: number;
}

/** How a program is run and watched. */
export interface Run {
  seed: number;
  durationS: number;
  /** Seconds between samples. Default 1. */
  everyS?: number;
  /** A full collection comes after about so many seconds, besides those that V8 needs. Default 2; Infinity for none. */
  collectEveryS?: number;
  heapLimitBytes?: number;
  rssLimitBytes?: number | null;
}

export const MB: number = 1048576;
const RUNTIME_BYTES = 45 * MB;
/** Garbage a request leaves in the old space. */
const GARBAGE_BYTES = 12 * 1024;
const YOUNG_BYTES = 8 * MB;

/**
 * The samples of a V8-like process: garbage piles up between full collections; one comes when the heap has grown to about
 * 1.6 times what it held after the last (at least 8 MB more), or when asked for; the floor right after it is what lives
 * plus autocorrelated noise; RSS follows the heap up at once and down slowly.
 */
export function* simulate(program: Program, run: Run): Generator<MemorySample> {
  const random: Random = seeded(run.seed);
  const everyS = run.everyS ?? 1;
  const collectEveryS = run.collectEveryS ?? 2;
  const noiseBytes = program.noiseBytes ?? 0.1 * MB;
  const memory = program.noiseMemory ?? 0.5;
  let requests = 0;
  let garbage = 0;
  let noise = 0;
  let committed = 0;
  let floor: Floor | null = null;
  let nextCollectionS = collectEveryS * random.between(0.3, 1);
  let nextSizeBytes = 30 * MB;
  for (let ageS = 0; ageS <= run.durationS; ageS += everyS) {
    const served = Math.max(0, (program.rate?.(ageS) ?? 50) * everyS * (1 + 0.1 * random.normal()));
    requests += Math.round(served);
    garbage += served * GARBAGE_BYTES;
    const live = program.liveBytes(ageS, requests);
    const external = program.externalBytes?.(ageS, requests) ?? 2 * MB;
    if (ageS >= nextCollectionS || live + garbage > nextSizeBytes) {
      noise = memory * noise + Math.sqrt(1 - memory ** 2) * noiseBytes * random.normal();
      garbage = Math.max(0, 0.2 * MB * random.next());
      const heapBytes = Math.max(MB, live + noise) + garbage;
      floor = {
        timeMs: (ageS - everyS * random.between(0, 0.9)) * 1000,
        heapBytes,
        externalBytes: external,
        arrayBuffersBytes: external / 2,
      };
      nextSizeBytes = Math.max(heapBytes + 8 * MB, heapBytes * 1.6);
      nextCollectionS = ageS + collectEveryS * random.between(0.6, 1.4);
    }
    const heapUsed = Math.max(MB, live + noise) + garbage + YOUNG_BYTES * random.next();
    committed = Math.max(heapUsed, committed - (committed - heapUsed) * 0.02 * everyS);
    yield {
      timeMs: ageS * 1000,
      floor,
      heapUsedBytes: heapUsed,
      rssBytes:
        RUNTIME_BYTES + committed + external + (program.nativeBytes?.(ageS, requests) ?? 0) + 0.5 * MB * random.next(),
      externalBytes: external,
      arrayBuffersBytes: external / 2,
      requests,
      heapLimitBytes: run.heapLimitBytes ?? 256 * MB,
      rssLimitBytes: run.rssLimitBytes ?? null,
    };
  }
}
