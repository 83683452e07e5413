import { enoughWork } from './enough-work.ts';
import { stepAfter, type Pace } from './pace.ts';

/** Profiles that are compared: with the third, growth must have gone on in two steps. */
const PROFILES = 3;
/** So many where the first ones are too near to each other for a slow growth to show, each twice as far from the last. */
const MOST_PROFILES = 6;

/** What is known of the program at one moment. */
interface Moment {
  readonly nowMs: number;
  readonly requests: number | null;
}

/**
 * When to take the profiles that stand alone, because no snapshot can be had: at distances as snapshots have them, with
 * work between them.
 */
export class ProfileSteps {
  readonly #pace: Pace;
  readonly #taken: Moment[] = [];
  #pauseMs = Infinity;
  #asked = false;
  #telling = false;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  get taken(): number {
    return this.#taken.length;
  }

  get of(): number {
    return Math.max(PROFILES, this.done ? this.taken : this.taken + 1);
  }

  get done(): boolean {
    return this.#taken.length >= (this.#telling ? PROFILES : MOST_PROFILES);
  }

  /** Whether the one to be taken now is the first, or may be the last. */
  get atEnd(): boolean {
    return this.#taken.length === 0 || this.#taken.length >= PROFILES - 1;
  }

  /** One is being taken. */
  get asked(): boolean {
    return this.#asked;
  }

  ask(): void {
    this.#asked = true;
  }

  /** @param telling whether something has grown in the profiles so far, beyond the error of sampling */
  took(moment: Moment, pauseMs: number, telling: boolean): void {
    this.#asked = false;
    this.#telling = telling;
    this.#taken.push(moment);
    this.#pauseMs = pauseMs;
  }

  /** `idle`: no work came for so long that there is nothing to wait for; `work`: some is missing still. */
  due({ nowMs, requests }: Moment): 'now' | 'later' | 'work' | 'idle' {
    const last = this.#taken.at(-1);
    if (this.#asked) return 'later';
    if (last === undefined) return 'now';
    const elapsedMs = nowMs - last.nowMs;
    const stepMs = stepAfter(this.#pauseMs, this.#pace) * 2 ** Math.max(0, this.taken - PROFILES + 1);
    if (elapsedMs < stepMs) return 'later';
    if (enoughWork({ requests, since: last.requests, elapsedMs }, this.#pace)) return 'now';
    return elapsedMs < this.#pace.idleMs ? 'work' : 'idle';
  }
}
