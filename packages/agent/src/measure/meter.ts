/** Measures this thread: a sample for the judge every few seconds, and all the rest once an export. */
import { getHeapStatistics } from 'node:v8';
import type { Judgement, MemorySample } from '@ebb/trend';
import type { HostClock } from '../host/clock.ts';
import { FloorWatch } from '../host/floor.ts';
import { heapLimitBytes } from '../host/heap-limit.ts';
import { RequestWatch, type RequestWatchOptions } from '../host/requests.ts';
import type { Clients } from './clients.ts';
import { EventLoopWatch } from './event-loop.ts';
import { heapSpaces } from './heap-spaces.ts';
import type { Measurement, ProcessMeasurement } from './measurement.ts';
import type { NativeMemory } from './native-memory.ts';
import { nearerLimit } from './nearer-limit.ts';
import { RequestDurations } from './request-durations.ts';
import { activeResources } from './resources.ts';

/** What a meter needs from the agent. */
export interface MeterOptions {
  clock: HostClock;
  /** The container's limit, read once: it does not change as a rule. */
  rssLimitBytes: number | null;
  /** Servers whose requests are not the program's. */
  ownServers: { has(server: object): boolean };
  /** Only the main thread tells what is of the whole process. */
  isMainThread: boolean;
  /** Where to keep which requests are in flight. */
  inFlight?: NonNullable<RequestWatchOptions['inFlight']> | undefined;
  /** Where to count distinct clients. */
  clients?: Clients | undefined;
}

/** What a measurement holds that the meter does not know by itself. */
export interface Told {
  judgement: Judgement;
  native: NativeMemory | undefined;
  /** What the heaps of the worker threads take, and how many they are. */
  workers: { count: number; knownBytes: number };
  listenerWarnings: number;
  droppedExports: number;
}

export class Meter {
  readonly requests: RequestWatch;
  readonly #options: MeterOptions;
  readonly #durations = new RequestDurations();
  readonly #floorWatch: FloorWatch;
  readonly #eventLoop = new EventLoopWatch();
  readonly #startedMs: number;
  readonly #heapLimitBytes = heapLimitBytes();
  #measuredMs: number;
  #pausedMs = 0;
  #native: NonNullable<MemorySample['native']> | null = null;

  constructor(options: MeterOptions) {
    const { clock, ownServers, inFlight, clients } = options;
    this.#options = options;
    this.#startedMs = clock.now();
    this.#measuredMs = clock.monotonicMs();
    this.#floorWatch = new FloorWatch(clock);
    this.requests = new RequestWatch({
      ownServers,
      monotonicMs: clock.monotonicMs,
      durations: this.#durations,
      ...(inFlight === undefined ? {} : { inFlight }),
      ...(clients === undefined ? {} : { clients }),
    });
  }

  /** What was read of the memory outside heap and buffers: every sample tells it until the next is read. */
  noteNative(memory: NativeMemory | undefined): void {
    this.#native =
      memory === undefined
        ? null
        : {
            mallocBytes: memory.mainHeapBytes + memory.arenaBytes,
            mappedBytes: memory.fileBytes + memory.stackBytes,
          };
  }

  /** What the judge wants to know; some ten microseconds. */
  sample(): MemorySample {
    const { clock, rssLimitBytes } = this.#options;
    const { heapUsed, heapTotal, rss, external, arrayBuffers } = process.memoryUsage();
    return {
      timeMs: clock.now(),
      floor: this.#floorWatch.floor,
      heapUsedBytes: heapUsed,
      rssBytes: rss,
      externalBytes: external,
      arrayBuffersBytes: arrayBuffers,
      requests: this.requests.total,
      heapLimitBytes: this.#heapLimitBytes,
      rssLimitBytes,
      heapTotalBytes: heapTotal,
      native: this.#native,
    };
  }

  /** How long collections have stopped this thread so far. */
  get gcPausedMs(): number {
    return this.#floorWatch.allPauseMs;
  }

  /** Everything, once an export; shares and delays are since the last one. */
  measure(told: Told): Measurement {
    const { clock, isMainThread } = this.#options;
    const nowMs = clock.monotonicMs();
    const passedMs = nowMs - this.#measuredMs;
    this.#measuredMs = nowMs;
    const pausedMs = this.#floorWatch.allPauseMs;
    const sincePausedMs = pausedMs - this.#pausedMs;
    this.#pausedMs = pausedMs;
    const sample = this.sample();
    const heapPhysicalBytes = getHeapStatistics().total_physical_size;
    return {
      timeMs: sample.timeMs,
      startedMs: this.#startedMs,
      sample,
      judgement: told.judgement,
      heapPhysicalBytes,
      heapSpaces: heapSpaces(),
      nearerLimit: nearerLimit(sample, sample.rssBytes, sample.heapUsedBytes),
      process: isMainThread ? wholeProcess(sample, heapPhysicalBytes, told) : undefined,
      gcDurations: this.#floorWatch.durations,
      gcShare: passedMs > 0 ? Math.min(1, sincePausedMs / passedMs) : 0,
      eventLoop: this.#eventLoop.take(),
      resources: activeResources(),
      requests: this.#durations.series(),
      activeRequests: this.requests.active,
      listenerWarnings: told.listenerWarnings,
      droppedExports: told.droppedExports,
    };
  }

  /** How many keys and series are kept: what must not grow with the program's work. */
  get kept(): { series: number; collectionKinds: number } {
    return { series: this.#durations.size, collectionKinds: this.#floorWatch.durations.size };
  }

  stop(): void {
    this.requests.stop();
    this.#floorWatch.stop();
    this.#eventLoop.stop();
  }
}

function wholeProcess(sample: MemorySample, heapPhysicalBytes: number, told: Told): ProcessMeasurement {
  const { user, system } = process.cpuUsage();
  const known = heapPhysicalBytes + sample.externalBytes + told.workers.knownBytes;
  return {
    rssBytes: sample.rssBytes,
    cpuUserSeconds: user / 1e6,
    cpuSystemSeconds: system / 1e6,
    uptimeSeconds: process.uptime(),
    nativeBytes: Math.max(0, sample.rssBytes - known),
    native: told.native,
    workers: told.workers.count,
  };
}
