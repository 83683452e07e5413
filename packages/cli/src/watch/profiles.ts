import type { AllocationProfile } from '@ebb/capture';

/** A profile, and what the program had done by then. */
export interface TimedProfile {
  readonly profile: AllocationProfile;
  /** On the watcher's clock. */
  readonly takenAtMs: number;
  readonly requests: number | null;
}

/** The profiles of one doubt: the first and the newest are what is compared. */
export class SeriesProfiles {
  #startPauseMs: number | null = null;
  #first: TimedProfile | null = null;
  #last: TimedProfile | null = null;

  /** Whether allocations are being sampled. */
  get running(): boolean {
    return this.#startPauseMs !== null;
  }

  /** The two ends; null before there are two. */
  get span(): { first: TimedProfile; last: TimedProfile } | null {
    return this.#first === null || this.#last === null ? null : { first: this.#first, last: this.#last };
  }

  started(pauseMs: number): void {
    this.#startPauseMs = pauseMs;
  }

  /** What the start took, once: it belongs to the first profile. */
  takeStartPause(): number {
    const pauseMs = this.#startPauseMs ?? 0;
    this.#startPauseMs = 0;
    return pauseMs;
  }

  add(profile: TimedProfile): void {
    if (this.#first === null) this.#first = profile;
    else this.#last = profile;
  }

  clear(): void {
    this.#startPauseMs = null;
    this.#first = null;
    this.#last = null;
  }
}
