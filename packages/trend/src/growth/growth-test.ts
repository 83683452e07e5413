import { worth } from './bet.ts';

/**
 * Does a series grow? A sequential test that may be looked at after every sample.
 *
 * 1. Time is cut into blocks of `baseS` × 2^k seconds, k = 0 … scales − 1. A block's value is the lowest floor in it, and
 *    a block without a floor is left out.
 * 2. At each scale the steps between the values of neighbouring blocks are bet on, with a stake chosen before the step is
 *    seen (a share of the running root mean square of the steps). The bet is fair when the step is symmetric about a
 *    centre at or below zero, given the past (`worth`, with the proof). So what the bets that begin at step j make of one,
 *    E_j, is a nonnegative supermartingale that starts at one: a test martingale.
 * 3. Growth may begin at any time. S = Σ w_j E_j over all beginnings j so far, with weights that sum to one (half of it for
 *    growth from the start, 1/(2j(j + 1)) for step j), is a test martingale as well, in constant memory:
 *    S ← (S + w_j) · worth. So is the mean over two stakes. By Ville's inequality it reaches c, at any time *ever*, with
 *    probability at most 1/c (Ville 1939; Shafer and Vovk, "Game-Theoretic Foundations for Probability and Finance", 2019;
 *    a mixture over beginnings is what Shin, Ramdas, Rinaldo, "E-detectors", 2024, call a weighted e-detector).
 * 4. The scales share the error by a union bound (a third for the finest, the rest evenly). `proof` has paid for all of it.
 *
 * The noise model on which the bound rests: without growth, the steps between blocks are symmetric about zero (or less)
 * given the past. A random walk obeys it exactly, and is the worst case; noise that returns to a level (white, or
 * autocorrelated by 0.9) has steps that cancel and falls far short of the bound. A sawtooth's one great fall costs more
 * than its many small rises gain, and a single leap up gains less than a doubling. What breaks the model is growth that
 * ends: warm-up, a cache that fills, a ramp of traffic. Against these the verdict has its own guards, which only ever take
 * a verdict away, so that they leave the bound as it is.
 *
 * `add` folds a value into the finest block that is open, a constant few operations; when that block ends, its value is
 * folded into the next coarser one, and so on: two blocks end for each of the finest, on average. Nothing is allocated.
 */
export class GrowthTest {
  readonly #baseS: number;
  readonly #scales: number;
  /** One row a scale, see the column numbers below; then the number of the finest block that is open. */
  readonly #state: Float64Array;
  readonly #openAt: number;

  /** With `state` (of `GrowthTest.size(scales)` numbers) the test goes on where that state was left. */
  constructor(baseS: number, scales: number, state: Float64Array = new Float64Array(GrowthTest.size(scales))) {
    this.#baseS = baseS;
    this.#scales = scales;
    this.#state = state;
    this.#openAt = scales * WIDTH;
  }

  static size(scales: number): number {
    return scales * WIDTH + 1;
  }

  clear(): void {
    this.#state.fill(0);
  }

  /**
   * Adds a floor; times must not fall. `quietBytes` is the step that is too small to mean anything; without `bets` the
   * test only learns how large the steps are.
   */
  add(timeS: number, bytes: number, quietBytes: number, bets: boolean): void {
    const state = this.#state;
    const block = Math.floor(timeS / this.#baseS) + 1; // 0 is no block yet
    const open = state[this.#openAt];
    if (block === open) {
      if (bytes >= state[LOWEST]) return;
    } else {
      if (open !== 0) this.#end(open - 1, block - 1, quietBytes, bets);
      state[this.#openAt] = block;
    }
    state[LOWEST] = bytes;
    state[LOWEST_AT] = timeS;
    state[HOLDS] = 1;
  }

  /** Whether the bets have made this much of one at any scale, open blocks left out: `strongest`, without logarithms. */
  reaches(worth: number): boolean {
    const state = this.#state;
    for (let scale = 0; scale < this.#scales; scale++) {
      const row = scale * WIDTH;
      if (this.#shareOf(scale) * (state[row + CAPITAL] + state[row + CAPITAL + 1]) >= 2 * worth) return true;
    }
    return false;
  }

  /** The strongest evidence at any scale, open blocks left out. O(scales). */
  strongest(): GrowthEvidence {
    const state = this.#state;
    const best: GrowthEvidence = {
      proof: Number.NEGATIVE_INFINITY,
      sinceS: 0,
      peakBeforeBytes: 0,
      blockS: this.#baseS,
    };
    for (let scale = 0; scale < this.#scales; scale++) {
      const row = scale * WIDTH;
      const proof = Math.log((this.#shareOf(scale) * (state[row + CAPITAL] + state[row + CAPITAL + 1])) / 2);
      if (!(proof > best.proof)) continue;
      const stake = state[row + DETECTED] >= state[row + DETECTED + 1] ? 0 : 1;
      best.proof = proof;
      best.sinceS = state[row + DETECTED + stake] > 1 ? state[row + SINCE + stake] : state[row + BEFORE_AT];
      best.peakBeforeBytes = state[row + PEAK + stake];
      best.blockS = this.#baseS * 2 ** scale;
    }
    return best;
  }

  #shareOf(scale: number): number {
    return scale === 0 ? FINEST_SHARE : (1 - FINEST_SHARE) / (this.#scales - 1);
  }

  /** Time goes on from one finest block to another: ends every block that it leaves, at all scales. */
  #end(from: number, to: number, quietBytes: number, bets: boolean): void {
    const state = this.#state;
    for (let row = 0; ; row += WIDTH) {
      this.#close(row, quietBytes, bets);
      state[row + HOLDS] = 0;
      const upper = row + WIDTH;
      if (upper === this.#openAt) return;
      if (state[upper + HOLDS] === 0 || state[row + LOWEST] < state[upper + LOWEST]) {
        state[upper + HOLDS] = 1;
        state[upper + LOWEST] = state[row + LOWEST];
        state[upper + LOWEST_AT] = state[row + LOWEST_AT];
      }
      from = Math.floor(from / 2);
      to = Math.floor(to / 2);
      if (from === to) return;
    }
  }

  #close(row: number, quietBytes: number, bets: boolean): void {
    const state = this.#state;
    const before = state[row + BEFORE];
    const lowest = state[row + LOWEST];
    if (state[row + BLOCKS] > 0) {
      const step = lowest - before;
      const steps = state[row + BLOCKS];
      if (bets && steps > 1) {
        const start = ++state[row + BETS];
        const weight = start === 1 ? 0.5 : 0.5 / (start * (start - 1));
        const perSpread = step / Math.max(quietBytes, Math.sqrt(state[row + SQUARE]));
        for (let stake = 0; stake < STAKES.length; stake++) {
          const factor = worth(STAKES[stake] * perSpread);
          const capital = (state[row + CAPITAL + stake] + weight) * factor;
          state[row + CAPITAL + stake] = capital < RICH ? capital : RICH;
          this.#detect(row, stake, factor, before);
        }
      }
      state[row + SQUARE] += (step * step - state[row + SQUARE]) / (steps < MEMORY_STEPS ? steps : MEMORY_STEPS);
    }
    state[row + BLOCKS]++;
    if (lowest > state[row + TOP]) state[row + TOP] = lowest;
    state[row + BEFORE] = lowest;
    state[row + BEFORE_AT] = state[row + LOWEST_AT];
  }

  /** When did the growth begin? Where the best of all beginnings lies: the bets that start anew whenever they have lost all. */
  #detect(row: number, stake: number, factor: number, before: number): void {
    const state = this.#state;
    const was = state[row + DETECTED + stake];
    const detected = Math.max(1, was) * factor;
    if (detected > 1) {
      if (was <= 1) {
        state[row + SINCE + stake] = state[row + BEFORE_AT];
        state[row + PEAK + stake] = Math.max(before, state[row + TOP]);
      }
      state[row + DETECTED + stake] = detected < RICH ? detected : RICH;
    } else {
      state[row + DETECTED + stake] = 1;
      state[row + PEAK + stake] = state[row + TOP];
    }
  }
}

/** What the bets have made of one. */
export interface GrowthEvidence {
  /** A natural logarithm; reaches ln(1/α) ever, without growth, with probability at most α. */
  proof: number;
  /** Since when the series grows, at the scale that shows it best. */
  sinceS: number;
  /** The highest value before that. */
  peakBeforeBytes: number;
  /** The length of that scale's blocks. */
  blockS: number;
}

/** Stakes as shares of the steps' root mean square: large for steady growth, small for noisy growth. */
const STAKES = [2, 0.5];
/** The finest scale's share of the error: steady growth shows there first. */
const FINEST_SHARE = 1 / 3;
/** The running mean square of the steps remembers about so many. */
const MEMORY_STEPS = 6;
/** Capital beyond this proves nothing more, and stays finite. */
const RICH = 1e250;

/** Whether anything was seen in the block that is open. */
const HOLDS = 0;
const LOWEST = 1;
const LOWEST_AT = 2;
const BEFORE = 3;
const BEFORE_AT = 4;
const BLOCKS = 5;
const BETS = 6;
const SQUARE = 7;
const CAPITAL = 8;
const DETECTED = 10;
const SINCE = 12;
const PEAK = 14;
/** The highest of the blocks so far. */
const TOP = 16;
const WIDTH = 17;
