import { type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks';

/**
 * How often the event loop's delay is probed. Node's timer for it is native and unref'ed, but wakes an idle process: at
 * 20 ms it took 2.5 ms of CPU a second.
 */
const resolutionMs = 50;

/** How late the event loop was since the last look, and how busy; times in seconds. */
export interface EventLoop {
  delayMinSeconds: number;
  delayMaxSeconds: number;
  delayMeanSeconds: number;
  delayStddevSeconds: number;
  delayP50Seconds: number;
  delayP90Seconds: number;
  delayP99Seconds: number;
  /** Since the last look: 0 (idle) to 1 (saturated). */
  utilization: number;
  /** Since the thread started. */
  activeSeconds: number;
  idleSeconds: number;
}

/** Watches the event loop of this thread until it is stopped. */
export class EventLoopWatch {
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs });
  #utilization = performance.eventLoopUtilization();

  constructor() {
    this.#delay.enable();
  }

  /** What was since the last call; delays begin anew. */
  take(): EventLoop {
    const now = performance.eventLoopUtilization();
    const since = performance.eventLoopUtilization(now, this.#utilization);
    this.#utilization = now;
    const loop: EventLoop = {
      // An empty histogram's least is larger than its most.
      delayMinSeconds: this.#delay.max > 0 ? delay(this.#delay.min) : 0,
      delayMaxSeconds: delay(this.#delay.max),
      delayMeanSeconds: delay(this.#delay.mean),
      delayStddevSeconds: finite(this.#delay.stddev / 1e9),
      delayP50Seconds: delay(this.#delay.percentile(50)),
      delayP90Seconds: delay(this.#delay.percentile(90)),
      delayP99Seconds: delay(this.#delay.percentile(99)),
      utilization: finite(since.utilization),
      activeSeconds: finite(now.active / 1e3),
      idleSeconds: finite(now.idle / 1e3),
    };
    this.#delay.reset();
    return loop;
  }

  stop(): void {
    this.#delay.disable();
  }
}

/** The histogram holds the time from probe to probe, so a loop without delay reads one step. */
function delay(nanoseconds: number): number {
  return Math.max(0, finite(nanoseconds / 1e9 - resolutionMs / 1e3));
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
