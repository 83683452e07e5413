import { type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { threadId } from 'node:worker_threads';
import type { Floor, SampleMessage } from '../protocol/index.ts';
import { heapLimitBytes } from './heap-limit.ts';
import type { HostClock } from './clock.ts';
import { FloorWatch } from './floor.ts';
import type { RequestsInFlight } from './requests-in-flight.ts';
import { RequestWatch } from './requests.ts';

/** How often the event loop's delay is probed; Node's timer for it is native and unref'ed. */
const delayResolutionMs = 20;

/** Gathers what a sample says, between two calls of `take`. */
export class Sampler {
  readonly requests: RequestWatch;
  readonly #clock: HostClock;
  readonly #floorWatch: FloorWatch;
  readonly #delay: IntervalHistogram;
  readonly #rssLimitBytes: number | null;
  #utilization: ReturnType<typeof performance.eventLoopUtilization>;
  #takenAtMs: number;

  /** @param rssLimitBytes the container's limit, read once: it does not change as a rule */
  /** Fixed when the thread starts. */
  readonly #heapLimitBytes = heapLimitBytes();

  constructor(clock: HostClock, rssLimitBytes: number | null, inFlight?: RequestsInFlight) {
    this.#clock = clock;
    this.#rssLimitBytes = rssLimitBytes;
    const { monotonicMs } = clock;
    this.requests = new RequestWatch(inFlight === undefined ? {} : { inFlight, monotonicMs });
    this.#floorWatch = new FloorWatch(clock);
    this.#delay = monitorEventLoopDelay({ resolution: delayResolutionMs });
    this.#delay.enable();
    this.#utilization = performance.eventLoopUtilization();
    this.#takenAtMs = this.#clock.monotonicMs();
  }

  /** One sample of this thread, now; shares and percentiles are since the last one. */
  take(droppedMessages: number): SampleMessage {
    const passedMs = this.#clock.monotonicMs() - this.#takenAtMs;
    this.#takenAtMs += passedMs;
    const memory = process.memoryUsage();
    const utilization = performance.eventLoopUtilization();
    const sinceLast = performance.eventLoopUtilization(utilization, this.#utilization);
    this.#utilization = utilization;
    const gcPauseMs = this.#floorWatch.takePauseMs();
    return {
      type: 'sample',
      pid: process.pid,
      threadId,
      sample: {
        timeMs: this.#clock.now(),
        floor: this.#floorWatch.floor,
        heapUsedBytes: memory.heapUsed,
        rssBytes: memory.rss,
        externalBytes: memory.external,
        arrayBuffersBytes: memory.arrayBuffers,
        requests: this.requests.total,
        heapLimitBytes: this.#heapLimitBytes,
        rssLimitBytes: this.#rssLimitBytes,
      },
      gcCpuShare: passedMs > 0 ? Math.min(1, gcPauseMs / passedMs) : 0,
      eventLoopDelayP99Ms: this.#takeDelayMs(),
      eventLoopUtilization: finite(sinceLast.utilization),
      requestsByRoute: this.requests.byRoute(),
      activeRequests: this.requests.active,
      droppedMessages,
    };
  }

  /** See `FloorWatch.note`. */
  noteFloor(floor: Floor): void {
    this.#floorWatch.note(floor);
  }

  stop(): void {
    this.requests.stop();
    this.#floorWatch.stop();
    this.#delay.disable();
  }

  /** The histogram holds the time from probe to probe, so a loop without delay reads one step. */
  #takeDelayMs(): number {
    const delayMs = this.#delay.percentile(99) / 1e6 - delayResolutionMs;
    this.#delay.reset();
    return Math.max(0, finite(delayMs));
  }
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
