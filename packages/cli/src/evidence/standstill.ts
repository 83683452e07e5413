import type { EvidenceEvent } from './events.ts';
import type { Pace } from './pace.ts';

/** Where a series stood at one of the snapshots that confirmed a leak. */
export interface Waymark {
  readonly atMs: number;
  readonly floorBytes: number | null;
  readonly requests: number | null;
}

/**
 * Watches a confirmed leak for the two things that refute it: what had piled up was given back, or memory stood still
 * for long while the work went on. A program without work stands still too, and that refutes nothing.
 */
export class StandstillWatch {
  readonly #pace: Pace;
  readonly #first: Waymark | undefined;
  readonly #last: Waymark | undefined;
  #calmSince: { nowMs: number; requests: number | null } | null = null;
  #calmBusy = 0;
  #calmSamples = 0;
  #busyBefore: number | null = null;
  #lowFloorId: number | null = null;

  constructor(pace: Pace, waymarks: readonly Waymark[]) {
    this.#pace = pace;
    this.#first = waymarks[0];
    this.#last = waymarks.at(-1);
  }

  /** Returns why the leak is refuted, or null while it stands. */
  observe(sample: Extract<EvidenceEvent, { kind: 'sample' }>): string | null {
    return this.#givenBack(sample) ?? this.#stoodStill(sample);
  }

  #givenBack(sample: Extract<EvidenceEvent, { kind: 'sample' }>): string | null {
    const [first, last] = [this.#first?.floorBytes ?? null, this.#last?.floorBytes ?? null];
    if (sample.floor === null || first === null || last === null || last <= first) return null;
    if (sample.nowMs - sample.floor.ageMs <= (this.#last?.atMs ?? 0)) return null;
    if (sample.floor.bytes > first + 0.3 * (last - first)) {
      this.#lowFloorId = null;
      return null;
    }
    if (this.#lowFloorId === null || this.#lowFloorId === sample.floor.id) {
      this.#lowFloorId = sample.floor.id; // one floor may be a chance: the next one tells
      return null;
    }
    return 'the memory that had piled up was given back';
  }

  #stoodStill(sample: Extract<EvidenceEvent, { kind: 'sample' }>): string | null {
    if (sample.suspicious || (sample.verdict !== 'clean' && sample.verdict !== 'bounded')) {
      this.#calmSince = null;
      // How busy the program is while it leaks: the measure for later.
      this.#busyBefore = this.#busyBefore === null ? sample.busyShare : 0.9 * this.#busyBefore + 0.1 * sample.busyShare;
      return null;
    }
    if (this.#calmSince === null) {
      this.#calmSince = { nowMs: sample.nowMs, requests: sample.requests };
      this.#calmBusy = 0;
      this.#calmSamples = 0;
    }
    this.#calmBusy += sample.busyShare;
    this.#calmSamples++;
    const calmMs = sample.nowMs - this.#calmSince.nowMs;
    if (calmMs < this.#pace.retractMs || !this.#workWentOn(sample.requests, calmMs)) return null;
    return 'memory stood still although the work went on';
  }

  #workWentOn(requests: number | null, calmMs: number): boolean {
    const [first, last] = [this.#first, this.#last];
    const servedThen = (last?.requests ?? 0) - (first?.requests ?? 0);
    if (first !== undefined && last !== undefined && servedThen > 0 && last.atMs > first.atMs) {
      const servedNow = (requests ?? 0) - (this.#calmSince?.requests ?? 0);
      return servedNow / calmMs >= 0.3 * (servedThen / (last.atMs - first.atMs));
    }
    const busyNow = this.#calmBusy / Math.max(1, this.#calmSamples);
    return this.#busyBefore !== null && busyNow >= 0.3 * this.#busyBefore;
  }
}
