import type { Floor, MemorySample } from '../sample.ts';
import { nextCollectionBytes } from './heap-growth.ts';
import { seeded } from './random.ts';
import type { Random } from './random.ts';
import { ripple } from './ripple.ts';

/** What a simulated program holds and does, as functions of its age. */
export interface Program {
  /** Live bytes on the heap at an age, given the requests served so far, all and by route. */
  liveBytes(ageS: number, requests: number, requestsByRoute: Readonly<Record<string, number>>): number;
  /** External memory that is held (buffers). Default 2 MB. */
  externalBytes?(ageS: number, requests: number): number;
  /** Memory outside heap and external memory, on top of the runtime's own. Default none. */
  nativeBytes?(ageS: number, requests: number): number;
  /** Requests a second. Default 50. */
  rate?(ageS: number): number;
  /** The share of each route of the requests at an age. Default none. */
  routes?(ageS: number): Readonly<Record<string, number>>;
  /** Noise on RSS alone (the kernel's and the allocator's habits), and how long it remembers. Default none. */
  rssNoise?: { deviationBytes: number; memoryS: number };
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
  /**
   * When V8 collects by itself: `fixed`, the default, at about 1.6 times what lived; `v8` as its own heuristics have it
   * (see heap-growth.ts), which is rarely, where little is allocated.
   */
  heapGrowth?: 'fixed' | 'v8';
  /** How long it takes until two thirds of what the heap no longer needs have gone back to the system. Default about 50. */
  giveBackS?: number;
}

/** A sample with what a process may also tell. */
export interface SimulatedSample extends MemorySample {
  /** Since the process started. */
  ageS: number;
  /** Cumulative requests of each route; empty without routes. */
  requestsByRoute: Readonly<Record<string, number>>;
}

export const MB: number = 1048576;
const RUNTIME_BYTES = 45 * MB;
/** Garbage a request leaves in the old space. */
const GARBAGE_BYTES = 12 * 1024;
const YOUNG_BYTES = 8 * MB;
/** What a full collection gets through in a second of its own time. */
const COLLECT_BYTES_PER_S = 400 * MB;

/**
 * The samples of a V8-like process: garbage piles up between full collections; one comes when the heap has grown to about
 * 1.6 times what it held after the last (at least 8 MB more), or when asked for; the floor right after it is what lives
 * plus autocorrelated noise; RSS follows the heap up at once and down slowly.
 */
export function* simulate(program: Program, run: Run): Generator<SimulatedSample> {
  const random: Random = seeded(run.seed);
  const everyS = run.everyS ?? 1;
  const collectEveryS = run.collectEveryS ?? 2;
  const noiseBytes = program.noiseBytes ?? 0.1 * MB;
  const memory = program.noiseMemory ?? 0.5;
  const heapLimitBytes = run.heapLimitBytes ?? 256 * MB;
  // Streams of their own: what one program has more than another leaves the rest of it as it was.
  const ofRss = seeded(run.seed ^ 0x5bd1e995);
  const rssNoise = program.rssNoise && ripple(ofRss, program.rssNoise.deviationBytes, program.rssNoise.memoryS);
  const byRoute = new Map<string, number>();
  let requests = 0;
  let collectedS = 0;
  let garbage = 0;
  let noise = 0;
  let committed = 0;
  let floor: Floor | null = null;
  let nextCollectionS = collectEveryS * random.between(0.3, 1);
  let nextSizeBytes = 30 * MB;
  for (let ageS = 0; ageS <= run.durationS; ageS += everyS) {
    const served = Math.max(0, (program.rate?.(ageS) ?? 50) * everyS * (1 + 0.1 * random.normal()));
    requests += Math.round(served);
    for (const [route, share] of Object.entries(program.routes?.(ageS) ?? {})) {
      byRoute.set(route, (byRoute.get(route) ?? 0) + Math.round(served * share));
    }
    const requestsByRoute = Object.fromEntries(byRoute);
    garbage += served * GARBAGE_BYTES;
    const live = program.liveBytes(ageS, requests, requestsByRoute);
    const external = program.externalBytes?.(ageS, requests) ?? 2 * MB;
    if (ageS >= nextCollectionS || live + garbage > nextSizeBytes) {
      const allocateBytesPerS = garbage / Math.max(everyS, ageS - collectedS);
      collectedS = ageS;
      noise = memory * noise + Math.sqrt(1 - memory ** 2) * noiseBytes * random.normal();
      garbage = Math.max(0, 0.2 * MB * random.next());
      const heapBytes = Math.max(MB, live + noise) + garbage;
      floor = {
        timeMs: (ageS - everyS * random.between(0, 0.9)) * 1000,
        heapBytes,
        externalBytes: external,
        arrayBuffersBytes: external / 2,
      };
      nextSizeBytes =
        run.heapGrowth === 'v8'
          ? nextCollectionBytes({
              liveBytes: heapBytes,
              heapLimitBytes,
              collectBytesPerS: COLLECT_BYTES_PER_S,
              allocateBytesPerS,
            })
          : Math.max(heapBytes + 8 * MB, heapBytes * 1.6);
      nextCollectionS = ageS + collectEveryS * random.between(0.6, 1.4);
    }
    const heapUsed = Math.max(MB, live + noise) + garbage + YOUNG_BYTES * random.next();
    const unused = committed - heapUsed;
    const given =
      run.giveBackS === undefined ? unused * 0.02 * everyS : unused * (1 - Math.exp(-everyS / run.giveBackS));
    committed = Math.max(heapUsed, committed - given);
    const native = (program.nativeBytes?.(ageS, requests) ?? 0) + Math.max(-RUNTIME_BYTES / 2, rssNoise?.(everyS) ?? 0);
    yield {
      timeMs: ageS * 1000,
      floor,
      heapUsedBytes: heapUsed,
      rssBytes: RUNTIME_BYTES + committed + external + native + 0.5 * MB * random.next(),
      externalBytes: external,
      arrayBuffersBytes: external / 2,
      requests,
      heapLimitBytes,
      rssLimitBytes: run.rssLimitBytes ?? null,
      ageS,
      requestsByRoute,
    };
  }
}
