/**
 * A fresh floor on request, and only where the owner has allowed it (`EBB_IDLE_COLLECTIONS`): when a doubt is open, the
 * floor is old and the thread has nothing to do. A lightly loaded server may see no full collection for ten minutes,
 * and without a floor no leak is proven.
 *
 * `vm.measureMemory` has V8 mark the heap in small steps and ends, some ten seconds later, with a pause of about 20 ms
 * at 200 MB, where `gc()` would stop the thread for 260 (field notes). It is marked experimental and says so on
 * standard error; that one warning is held back, for the duration of the call.
 */
import { measureMemory } from 'node:vm';
import type { HostClock } from './clock.ts';

/** Between two requests: the doubt, not the collector, is to be settled. */
const leastDistanceMs = 120_000;
/**
 * A floor that is younger says enough. Where floors came often the judge gives them up soon after a minute, and with them what
 * it suspected: that leaves half a minute to find the service idle.
 */
const leastAgeMs = 30_000;
/** Busier than this is not idle. */
const idleUtilization = 0.1;

/** What is known when it is asked whether to collect. */
export interface IdleState {
  suspicious: boolean;
  /** Undefined where there is no floor yet. */
  floorAgeMs: number | undefined;
  activeRequests: number;
  /** Of the event loop since the last sample: 0 to 1. */
  utilization: number;
}

export class IdleCollection {
  /** How often V8 was asked. */
  asked = 0;
  readonly #clock: HostClock;
  readonly #collect: () => void;
  #askedMs = Number.NEGATIVE_INFINITY;

  /** @param collect what has V8 collect; passed in by tests */
  constructor(clock: HostClock, collect: () => void = askV8) {
    this.#clock = clock;
    this.#collect = collect;
  }

  /** Asks V8 for a full collection where that helps and hurts nobody. */
  consider({ suspicious, floorAgeMs, activeRequests, utilization }: IdleState): void {
    if (!suspicious || activeRequests > 0 || utilization > idleUtilization) return;
    if (floorAgeMs !== undefined && floorAgeMs < leastAgeMs) return;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#askedMs < leastDistanceMs) return;
    this.#askedMs = nowMs;
    this.asked += 1;
    this.#collect();
  }
}

function askV8(): void {
  const own = Object.getOwnPropertyDescriptor(process, 'emitWarning');
  if (own?.configurable !== true) return;
  try {
    Object.defineProperty(process, 'emitWarning', { ...own, value: () => undefined });
    measureMemory({ mode: 'summary', execution: 'default' }).catch(() => undefined);
  } finally {
    Object.defineProperty(process, 'emitWarning', own);
  }
}
