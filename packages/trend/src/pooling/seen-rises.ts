/** How far processes of a service have been seen to rise, so that a rise beyond all that was ever seen can be told apart. */
import { ThinnedHistory } from '../history/thinned-history.ts';
import type { AgedRow } from './age-curve.ts';

/** What was seen of stretches of a length. */
export interface SeenRise {
  /** The farthest that the lower envelope of any process rose in one (`riseOfLows`), at that age or older. */
  readonly riseBytes: number;
  /** The most requests a second that any of them served over one; null where requests are not known. */
  readonly requestsPerS: number | null;
}

/** Saved: plain JSON. */
export interface SeenRisesState {
  readonly format: 'ebb.rises/1';
  readonly lives: readonly (readonly [process: string, numbers: readonly number[]])[];
}

/** So many lives are kept: of more, the longest. */
const MOST_LIVES = 16;
const POINTS = 46;
const BUCKET_S = 60;
/** Nothing is known with fewer stretches of that length than this, in all lives together that have reached the age. */
const LEAST_STRETCHES = 3;
/** Points stand where they stand: a stretch that is longer by so much is as long. */
const ABOUT = 1.25;
/** A stretch may reach beyond the last point by this much of its age. */
const ABOUT_ALL = 1.02;
/** An age that is less than before by no more than this is the same process', told imprecisely. */
const SLACK_S = 1;

/**
 * Remembers up to sixteen lives of processes (of the version before, as a rule), each by at most 46 of its own points: 24 KB.
 *
 * The question is not by how much such a process grows on average, but how far one has ever risen in so long, at this age or
 * later. A day in the traffic, a batch, a cache that fills, a start-up: what the earlier processes went through is in it. If the
 * new process is like them, its rise is as likely as any of theirs to be the farthest: with m lives that is a chance of
 * 1 in m + 1 at most at equal age, and the verdict asks for two and a half times the farthest, and for patience on top.
 */
export class SeenRises {
  readonly #lives = new Map<string, Life>();
  #ended = 0;

  /** Takes a row in. Of each process they come in the order of age; a younger one is another process. Never throws. */
  add({ process, ageS, bytes, requests }: AgedRow): void {
    if (!(ageS >= 0 && ageS < Number.POSITIVE_INFINITY && bytes >= 0 && bytes < Number.POSITIVE_INFINITY)) return;
    let life = this.#lives.get(process);
    if (life !== undefined && ageS < life.newestS - SLACK_S) {
      this.#lives.delete(process);
      this.#lives.set(`${process}\n${this.#ended++}`, life);
      life = undefined;
    }
    if (life === undefined) {
      this.#lives.set(process, (life = new Life()));
      if (this.#lives.size > MOST_LIVES) this.#forgetShortest(process);
    }
    life.add(ageS, bytes, requests ?? Number.NaN);
  }

  /** What was seen of stretches as long as from one age to another, at that age or older; null where too little was. */
  seen(fromS: number, toS: number): SeenRise | null {
    const lengthS = toS - fromS;
    if (!(lengthS > 0)) return null;
    let stretches = 0;
    let riseBytes = 0;
    let requestsPerS: number | null = 0;
    for (const life of this.#lives.values()) {
      if (!life.covers(fromS, toS)) continue;
      stretches += (life.newestS - fromS) / lengthS;
      riseBytes = Math.max(riseBytes, life.farthestRise(fromS, lengthS));
      const rate = life.mostRequestsPerS(fromS, lengthS);
      requestsPerS = rate === null || requestsPerS === null ? null : Math.max(requestsPerS, rate);
    }
    return stretches < LEAST_STRETCHES ? null : { riseBytes, requestsPerS };
  }

  save(): SeenRisesState {
    return { format: 'ebb.rises/1', lives: [...this.#lives].map(([process, life]) => [process, life.save()]) };
  }

  /** What was saved; null when it is no whole state of this version. */
  static restore({ format, lives }: SeenRisesState): SeenRises | null {
    if ((format as string) !== 'ebb.rises/1' || lives.length > MOST_LIVES) return null;
    const rises = new SeenRises();
    for (const [process, numbers] of lives) {
      if (numbers.length !== Life.size) return null;
      rises.#lives.set(process, new Life(Float64Array.from(numbers, (number) => number ?? Number.NaN)));
    }
    rises.#ended = lives.length;
    return rises;
  }

  #forgetShortest(but: string): void {
    let shortest: string | null = null;
    let leastS = Number.POSITIVE_INFINITY;
    for (const [name, { spanS }] of this.#lives) {
      if (name === but || spanS >= leastS) continue;
      [shortest, leastS] = [name, spanS];
    }
    if (shortest !== null) this.#lives.delete(shortest);
  }
}

/**
 * How far the lower envelope rises in a stretch: the lowest of its last third above the lowest of its first. Garbage, bursts and
 * teeth of a saw that are shorter than a third of the stretch are none. Infinitely little where a third is empty.
 */
export function riseOfLows(
  timeS: (at: number) => number,
  bytes: (at: number) => number,
  from: number,
  to: number,
  lengthS: number,
): number {
  const beganS = timeS(from);
  let [first, last] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let at = from; at < to; at++) {
    const sinceS = timeS(at) - beganS;
    if (sinceS <= lengthS / 3) first = Math.min(first, bytes(at));
    if (sinceS >= (2 * lengthS) / 3) last = Math.min(last, bytes(at));
  }
  return first < Number.POSITIVE_INFINITY && last < Number.POSITIVE_INFINITY ? last - first : Number.NEGATIVE_INFINITY;
}

/** One process, by its age. */
class Life {
  readonly #state: Float64Array;
  readonly #history: ThinnedHistory;

  constructor(state: Float64Array = new Float64Array(Life.size)) {
    this.#state = state;
    this.#history = new ThinnedHistory(POINTS, BUCKET_S, state);
  }

  static readonly size: number = ThinnedHistory.size(POINTS);

  /** The age at its last point. */
  get newestS(): number {
    const { count } = this.#history;
    return count === 0 ? Number.NEGATIVE_INFINITY : this.#history.timeS(count - 1);
  }

  get spanS(): number {
    return this.#history.count === 0 ? 0 : this.newestS - this.#history.timeS(0);
  }

  add(ageS: number, bytes: number, requests: number): void {
    if (ageS >= this.newestS) this.#history.add(ageS, bytes, bytes, requests);
  }

  /** Whether it was seen from one age to another. */
  covers(fromS: number, toS: number): boolean {
    const { count } = this.#history;
    return count > 0 && this.#history.timeS(0) <= fromS + (toS - fromS) / 8 && this.newestS >= toS;
  }

  farthestRise(fromS: number, lengthS: number): number {
    const history = this.#history;
    const [timeS, bytes] = [(at: number): number => history.timeS(at), (at: number): number => history.bytes(at)];
    let farthest = 0;
    for (let from = 0; from < history.count; from++) {
      const beganS = history.timeS(from);
      // The last point before that age is of it: points of an old life stand far apart where it was young.
      if (beganS < fromS && from + 1 < history.count && history.timeS(from + 1) <= fromS) continue;
      if (beganS + lengthS > ABOUT_ALL * this.newestS) break;
      let to = from;
      while (to < history.count && history.timeS(to) <= beganS + lengthS) to++;
      if (to < history.count && history.timeS(to - 1) < beganS + (2 * lengthS) / 3) to++;
      farthest = Math.max(farthest, riseOfLows(timeS, bytes, from, to, lengthS));
    }
    return farthest;
  }

  /** Over half of such a length or more: over less a rate is noise. */
  mostRequestsPerS(fromS: number, lengthS: number): number | null {
    const history = this.#history;
    let most: number | null = null;
    for (let from = 0; from < history.count; from++) {
      const beganS = history.timeS(from);
      if (beganS < fromS) continue;
      for (let to = from + 1; to < history.count; to++) {
        const spanS = history.timeS(to) - beganS;
        if (spanS > ABOUT * lengthS) break;
        const rate = (history.requests(to) - history.requests(from)) / spanS;
        if (spanS >= lengthS / 2 && rate >= 0) most = Math.max(most ?? 0, rate);
      }
    }
    return most;
  }

  save(): number[] {
    return [...this.#state];
  }
}
