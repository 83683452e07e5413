import { enoughWork } from './enough-work.ts';
import { stepAfter, type Pace } from './pace.ts';

/** Profiles that are compared: with the third, growth must have gone on in two steps. */
const PROFILES = 3;

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

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  get taken(): number {
    return this.#taken.length;
  }

  get of(): number {
    return PROFILES;
  }

  get done(): boolean {
    return this.#taken.length >= PROFILES;
  }

  /** Whether the one to be taken now is the first or the last. */
  get atEnd(): boolean {
    return this.#taken.length === 0 || this.#taken.length === PROFILES - 1;
  }

  /** One is being taken. */
  get asked(): boolean {
    return this.#asked;
  }

  ask(): void {
    this.#asked = true;
  }

  took(moment: Moment, pauseMs: number): void {
    this.#asked = false;
    this.#taken.push(moment);
    this.#pauseMs = pauseMs;
  }

  /** `idle`: no work came for so long that there is nothing to wait for; `work`: some is missing still. */
  due({ nowMs, requests }: Moment): 'now' | 'later' | 'work' | 'idle' {
    const last = this.#taken.at(-1);
    if (this.#asked) return 'later';
    if (last === undefined) return 'now';
    const elapsedMs = nowMs - last.nowMs;
    if (elapsedMs < stepAfter(this.#pauseMs, this.#pace)) return 'later';
    if (enoughWork({ requests, since: last.requests, elapsedMs }, this.#pace)) return 'now';
    return elapsedMs < this.#pace.idleMs ? 'work' : 'idle';
  }
}
