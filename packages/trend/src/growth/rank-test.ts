/**
 * Does a series grow slowly? A sequential test for growth so slow that noise hides each of its steps.
 *
 * 1. Time is cut into blocks of `blockS` × 2^k seconds, k = 0 … 2; a block's value is the lowest floor in it.
 * 2. Each new block is ranked among those before it, and the rank is bet on. Without growth all ranks are equally likely:
 *    a bet that pays b(r) for rank r of n, with Σ b(r) = n, is fair, and what the bets make of one is a test martingale
 *    (a conformal one: Vovk, Gammerman, Shafer, "Algorithmic Learning in a Random World", 2nd edition, 2022, chapter 8).
 *    b(r) is in proportion to r^-1.5, and to r^-3, half of the capital on each: growth makes records.
 *    What is higher than an earlier block by less than a step that means nothing ranks below it, which only ever costs.
 * 3. After fourteen blocks the comparison begins anew with the newest, and the capital stays: the ranks of one comparison
 *    tell nothing of those of the next. Growth may begin at any block, at the price that `GrowthTest` states; the
 *    scales share the error by a union bound. So `proof` reaches ln(1/α) *ever*, without growth, with a probability of
 *    at most α (Ville's inequality).
 *
 * The noise model on which the bound rests: without growth the blocks' values are exchangeable, which is to say that the
 * noise has forgotten one block when the next begins. Blocks are therefore long (eight warm-ups and more: 80 minutes of a
 * service). `GrowthTest` does without this assumption, and pays for that: each of its steps wins a doubling at most, where
 * the n-th record in a row wins up to n here. Noise that drifts for longer than a block, and the rising half of a day, break
 * the model; ten blocks that each stand above all the others are needed until something is proven, and the guards of the
 * verdict come on top.
 *
 * `add` is constant in time but for the end of a block; nothing is allocated.
 */
export class RankTest {
  readonly #blockS: number;
  readonly #state: Float64Array;

  /** With `state` (of `RankTest.size` numbers) the test goes on where that state was left. */
  constructor(blockS: number, state: Float64Array = new Float64Array(RankTest.size)) {
    this.#blockS = blockS;
    this.#state = state;
  }

  static get size(): number {
    return SHARES.length * WIDTH;
  }

  /** Adds a floor; times must not fall. `quietBytes` is the step that is too small to mean anything. */
  add(timeS: number, bytes: number, quietBytes: number): void {
    const state = this.#state;
    let block = Math.floor(timeS / this.#blockS) + 1; // 0 is no block yet
    for (let row = 0; row < state.length; row += WIDTH) {
      if (block !== state[row + BLOCK]) {
        if (state[row + BLOCK] !== 0) this.#close(row, quietBytes);
        state[row + BLOCK] = block;
        state[row + LOWEST] = bytes;
      } else if (bytes < state[row + LOWEST]) state[row + LOWEST] = bytes;
      block = (block + (block % 2)) / 2;
    }
  }

  /** A natural logarithm, at the scale that shows growth best: see above. */
  get proof(): number {
    const state = this.#state;
    let best = 0;
    for (let scale = 0; scale < SHARES.length; scale++) {
      const at = scale * WIDTH + CAPITAL;
      best = Math.max(best, (SHARES[scale] * (state[at] + state[at + 1])) / 2);
    }
    return Math.log(best);
  }

  #close(row: number, quietBytes: number): void {
    const state = this.#state;
    const lowest = state[row + LOWEST];
    let kept = state[row + KEPT];
    if (kept > 0) {
      let rank = 1;
      for (let nth = 0; nth < kept; nth++) if (state[row + LOWS + nth] >= lowest - quietBytes) rank++;
      const start = ++state[row + BETS];
      const weight = start === 1 ? 0.5 : 0.5 / (start * (start - 1));
      for (let bet = 0; bet < POWERS.length; bet++) {
        const capital = (state[row + CAPITAL + bet] + weight) * payment(rank, kept + 1, POWERS[bet]);
        state[row + CAPITAL + bet] = capital < RICH ? capital : RICH;
      }
    }
    if (kept === MOST_KEPT) kept = 0;
    state[row + LOWS + kept] = lowest;
    state[row + KEPT] = kept + 1;
  }
}

/** What a bet of one pays when the newest of so many is the `rank`-th highest. */
function payment(rank: number, of: number, power: number): number {
  let sum = 0;
  for (let each = 1; each <= of; each++) sum += each ** -power;
  return (of * rank ** -power) / sum;
}

/** How the scales share the error: the finest tells first. */
const SHARES = [0.5, 0.25, 0.25];
const POWERS = [1.5, 3];
/** Capital beyond this proves nothing more, and stays finite. */
const RICH = 1e250;
const MOST_KEPT = 14;

const BLOCK = 0;
const LOWEST = 1;
const KEPT = 2;
const BETS = 3;
const CAPITAL = 4;
const LOWS = 6;
const WIDTH = LOWS + MOST_KEPT;
