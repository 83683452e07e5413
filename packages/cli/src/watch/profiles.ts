import { grownSites, type AllocationProfile, type ClassCount, type GrownSite } from '@ebb/capture';

/** A profile, and what the program had done by then. */
export interface TimedProfile {
  readonly profile: AllocationProfile;
  /** On the watcher's clock. */
  readonly takenAtMs: number;
  readonly requests: number | null;
  /** Live objects by class, where they were counted. */
  readonly classes: readonly ClassCount[] | null;
}

/** The profiles of one doubt: the first and the newest are what is compared; the one before the newest says if it goes on. */
export class SeriesProfiles {
  #startPauseMs: number | null = null;
  #first: TimedProfile | null = null;
  #middle: TimedProfile | null = null;
  #last: TimedProfile | null = null;
  #firstClasses: readonly ClassCount[] | null = null;

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
    this.#firstClasses ??= profile.classes;
    if (this.#first === null) {
      this.#first = profile;
      return;
    }
    this.#middle = this.#last;
    this.#last = profile;
  }

  /** What grew from the first to the newest, and in its last step too; the most grown first. */
  grown(): GrownSite[] {
    if (this.#first === null || this.#last === null) return [];
    const grown = grownSites(this.#first.profile, this.#last.profile);
    if (this.#middle === null) return grown;
    const lately = new Set(grownSites(this.#middle.profile, this.#last.profile, 1).map(({ stack }) => stack));
    return grown.filter(({ stack }) => lately.has(stack));
  }

  /** Classes of which there are more objects than at the first count; null where they were not counted twice. */
  grownClasses(): { name: string; count: number; grownCount: number }[] | null {
    const [before, now] = [this.#firstClasses, this.#last?.classes ?? null];
    if (before === null || now === null || before === now) return null;
    const then = new Map(before.map(({ name, count }) => [name, count]));
    // What is not among those told is one of fewer objects than the last that is.
    const least = before.at(-1)?.count ?? 0;
    return now
      .map(({ name, count }) => ({ name, count, grownCount: count - (then.get(name) ?? least) }))
      .filter(({ grownCount }) => grownCount > 0)
      .sort((a, b) => b.grownCount - a.grownCount);
  }

  clear(): void {
    this.#startPauseMs = null;
    this.#first = null;
    this.#middle = null;
    this.#last = null;
    this.#firstClasses = null;
  }
}
