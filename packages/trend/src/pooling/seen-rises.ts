/** How far processes of a service have been seen to rise, so that a rise beyond all that was ever seen can be told apart. */
import { AgedHistory } from '../history/aged-history.ts';
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
  readonly format: 'ebb.rises/2';
  readonly lives: readonly (readonly [process: string, numbers: readonly (number | null)[]])[];
}

/** So many lives are kept: of more, the longest. */
const MOST_LIVES = 16;
/** Nothing is known with fewer stretches of that length than this, in all lives together that have reached the age. */
const LEAST_STRETCHES = 3;
/** Points stand where they stand: a stretch that is longer by so much is as long. */
const ABOUT = 1.25;
/** A stretch may reach beyond the last point by this much of its age. */
const ABOUT_ALL = 1.02;
/** An age that is less than before by no more than this is the same process', told imprecisely. */
const SLACK_S = 1;
/** A process of this age is what it will be. */
const SETTLED_S = AgedHistory.keptS / 2;

/**
 * Remembers up to sixteen lives of processes (of the version before, as a rule), the first four days of each by its own points
 * (`AgedHistory`): 4 KB for two days of a process, 8 KB for four.
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

  /**
   * What was seen of stretches as long as from one age to another, at that age or older; null where too little was. Of an age
   * of more than two days: from two days to four, for what comes later is not kept.
   */
  seen(soughtFromS: number, soughtToS: number): SeenRise | null {
    const lengthS = soughtToS - soughtFromS;
    if (!(lengthS > 0)) return null;
    const fromS = Math.min(soughtFromS, SETTLED_S);
    const toS = fromS + lengthS;
    let stretches = 0;
    let riseBytes = 0;
    let requestsPerS: number | null = 0;
    for (const life of this.#lives.values()) {
      if (!life.covers(fromS, toS)) continue;
      stretches += (life.seenUntilS - fromS) / lengthS;
      riseBytes = Math.max(riseBytes, life.farthestRise(fromS, lengthS));
      const rate = life.mostRequestsPerS(fromS, lengthS);
      requestsPerS = rate === null || requestsPerS === null ? null : Math.max(requestsPerS, rate);
    }
    return stretches < LEAST_STRETCHES ? null : { riseBytes, requestsPerS };
  }

  save(): SeenRisesState {
    return { format: 'ebb.rises/2', lives: [...this.#lives].map(([process, life]) => [process, life.save()]) };
  }

  /** What was saved; null when it is no whole state of this version. */
  static restore({ format, lives }: SeenRisesState): SeenRises | null {
    if ((format as string) !== 'ebb.rises/2' || lives.length > MOST_LIVES) return null;
    const rises = new SeenRises();
    for (const [process, numbers] of lives) {
      const life = Life.restore(numbers);
      if (life === null) return null;
      rises.#lives.set(process, life);
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
  readonly #history: AgedHistory;
  #newestS = Number.NEGATIVE_INFINITY;

  constructor(history = new AgedHistory()) {
    this.#history = history;
    if (history.count > 0) this.#newestS = history.ageS(history.count - 1);
  }

  /** The age up to which it is known. */
  get seenUntilS(): number {
    return Math.min(this.#newestS, AgedHistory.keptS);
  }

  /** The age at its last row. */
  get newestS(): number {
    return this.#newestS;
  }

  get spanS(): number {
    return this.#history.count === 0 ? 0 : this.seenUntilS - this.#history.ageS(0);
  }

  add(ageS: number, bytes: number, requests: number): void {
    if (ageS < this.#newestS) return;
    this.#newestS = ageS;
    this.#history.add(ageS, bytes, requests);
  }

  /** Whether it was seen from one age to another. */
  covers(fromS: number, toS: number): boolean {
    const { count } = this.#history;
    return count > 0 && this.#history.ageS(0) <= fromS + (toS - fromS) / 8 && this.seenUntilS >= toS;
  }

  farthestRise(fromS: number, lengthS: number): number {
    const history = this.#history;
    const [ageS, bytes] = [(at: number): number => history.ageS(at), (at: number): number => history.bytes(at)];
    let farthest = 0;
    for (let from = 0; from < history.count; from++) {
      const beganS = history.ageS(from);
      // The last point before that age is of it.
      if (beganS < fromS && from + 1 < history.count && history.ageS(from + 1) <= fromS) continue;
      if (beganS + lengthS > ABOUT_ALL * this.seenUntilS) break;
      let to = from;
      while (to < history.count && history.ageS(to) <= beganS + lengthS) to++;
      if (to < history.count && history.ageS(to - 1) < beganS + (2 * lengthS) / 3) to++;
      farthest = Math.max(farthest, riseOfLows(ageS, bytes, from, to, lengthS));
    }
    return farthest;
  }

  /** Over half of such a length or more: over less a rate is noise. */
  mostRequestsPerS(fromS: number, lengthS: number): number | null {
    const history = this.#history;
    let most: number | null = null;
    for (let from = 0; from < history.count; from++) {
      const beganS = history.ageS(from);
      if (beganS < fromS) continue;
      for (let to = from + 1; to < history.count; to++) {
        const spanS = history.ageS(to) - beganS;
        if (spanS > ABOUT * lengthS) break;
        const rate = (history.requests(to) - history.requests(from)) / spanS;
        if (spanS >= lengthS / 2 && rate >= 0) most = Math.max(most ?? 0, rate);
      }
    }
    return most;
  }

  save(): (number | null)[] {
    return this.#history.save().map((number) => (Number.isNaN(number) ? null : number));
  }

  static restore(numbers: readonly (number | null)[]): Life | null {
    const history = AgedHistory.restore(numbers);
    return history === null ? null : new Life(history);
  }
}
