/**
 * Does a series grow? A sequential test that may be looked at after every sample.
 *
 * 1. Time is cut into blocks of `baseS` × 2^k seconds, k = 0 … scales − 1. A block's value is the lowest floor in it, and
 *    a block without a floor is left out.
 * 2. At each scale the steps d between the values of neighbouring blocks are bet on: the capital is multiplied by
 *    exp(λd − λ²d²/2), with λ chosen before d is seen (a stake over the running root mean square of the steps).
 *    When d is symmetric about a centre at or below zero, given the past, the expected factor is at most 1, whatever the
 *    size or the tails of d (de la Peña, "A general class of exponential inequalities for martingales and ratios", Annals
 *    of Probability 27 (1999), lemma 6.1; Howard, Ramdas, McAuliffe, Sekhon, "Time-uniform Chernoff bounds via nonnegative
 *    supermartingales", Probability Surveys 17 (2020)). So the capital is an e-process, and by Ville's inequality it
 *    reaches 1/α, at any time ever, with probability at most α.
 * 3. Two stakes share the capital half and half; the scales share α by a union bound (1/((k + 1)(k + 2)), which sums to
 *    one): what is told as `anchored` has paid for that.
 * 4. For growth that begins late the same bets are also run as an e-detector that starts again whenever it has lost
 *    everything (Shin, Ramdas, Rinaldo, "E-detectors: a nonparametric framework for sequential change detection", 2024).
 *    Its expectation after n blocks is at most n, so it reaches n/α within n blocks with probability at most α; paid for
 *    every epoch of 2^j to 2^(j+1) blocks by 2^(j+1)(j + 1)(j + 2), for two stakes and for the scale, it too reaches 1/α
 *    *ever* with probability at most α: that is `detected`. Its last start tells since when the series grows.
 * 5. `anchored` and `detected` share α half and half, and `proof` is the better of the two. `hint` is the detector before
 *    any payment, the open blocks included: early and sensitive, without a bound.
 *
 * The noise model on which the bound rests: without growth the steps between blocks are symmetric about zero (or less)
 * given the past. A random walk obeys it exactly, and is the worst case; noise that returns to a level (white, or
 * autocorrelated by 0.9) has steps that cancel and falls short of the bound. A sawtooth's one great fall costs more than
 * its many small rises gain, and a single leap up gains nothing. What breaks the model is growth that ends: warm-up,
 * a cache that fills, a ramp of traffic. Against these the verdict has its own guards.
 */
export class GrowthTest {
  readonly #baseS: number;
  readonly #scales: number;
  /** One row a scale; see the column numbers below. */
  readonly #state: Float64Array;
  #peakBytes = Number.NEGATIVE_INFINITY;

  constructor(baseS: number, scales: number) {
    this.#baseS = baseS;
    this.#scales = scales;
    this.#state = new Float64Array(scales * WIDTH);
    this.clear();
  }

  clear(): void {
    this.#peakBytes = Number.NEGATIVE_INFINITY;
    this.#state.fill(0);
    for (let scale = 0; scale < this.#scales; scale++) {
      this.#state[scale * WIDTH + BLOCK] = Number.NaN;
      this.#state[scale * WIDTH + BEFORE] = Number.NaN;
    }
  }

  /**
   * Adds a floor; times must not fall. `quietBytes` is the step that is too small to mean anything; without `bets` the
   * test only learns how large the steps are. O(scales).
   */
  add(timeS: number, bytes: number, quietBytes: number, bets = true): void {
    for (let scale = 0; scale < this.#scales; scale++) {
      const row = this.#state.subarray(scale * WIDTH, (scale + 1) * WIDTH);
      const block = Math.floor(timeS / (this.#baseS * 2 ** scale));
      if (block === row[BLOCK]) {
        if (bytes < row[LOWEST]) {
          row[LOWEST] = bytes;
          row[LOWEST_AT] = timeS;
        }
        continue;
      }
      if (!Number.isNaN(row[BLOCK])) this.#close(row, quietBytes, bets);
      row[BLOCK] = block;
      row[LOWEST] = bytes;
      row[LOWEST_AT] = timeS;
    }
    this.#peakBytes = Math.max(this.#peakBytes, bytes);
  }

  /** The strongest evidence at any scale. O(scales). */
  strongest(): GrowthEvidence {
    const best: GrowthEvidence = {
      proof: Number.NEGATIVE_INFINITY,
      hint: 0,
      hintBlocks: 0,
      sinceS: 0,
      peakBeforeBytes: 0,
    };
    for (let scale = 0; scale < this.#scales; scale++) {
      const row = this.#state.subarray(scale * WIDTH, (scale + 1) * WIDTH);
      const share = Math.log((scale + 1) * (scale + 2));
      const epoch = Math.floor(Math.log2(Math.max(1, row[STEPS])));
      const price = Math.log(2 ** (epoch + 1) * (epoch + 1) * (epoch + 2) * 2);
      const anchored = mean(row[ANCHORED], row[ANCHORED + 1]);
      const detected = Math.max(row[DETECTED], row[DETECTED + 1]) - price;
      best.proof = Math.max(best.proof, Math.max(anchored, detected) - share - Math.LN2);
      for (let stake = 0; stake < STAKES.length; stake++) {
        const open = row[STEPS] > 0 ? gainOf(STAKES[stake], row[LOWEST] - row[BEFORE], row[SPREAD]) : 0;
        const hint = row[DETECTED + stake] + open;
        if (!(hint > best.hint)) continue;
        best.hint = hint;
        best.hintBlocks = row[STEPS];
        best.sinceS = row[DETECTED + stake] > 0 ? row[SINCE + stake] : row[BEFORE_AT];
        best.peakBeforeBytes = row[PEAK + stake];
      }
    }
    return best;
  }

  #close(row: Float64Array, quietBytes: number, bets: boolean): void {
    const before = row[BEFORE];
    if (!Number.isNaN(before)) {
      const step = row[LOWEST] - before;
      if (bets && row[STEPS] > 0) {
        for (let stake = 0; stake < STAKES.length; stake++) {
          const gain = gainOf(STAKES[stake], step, row[SPREAD]);
          row[ANCHORED + stake] = Math.max(RUIN, row[ANCHORED + stake] + gain);
          const detected = row[DETECTED + stake] + gain;
          if (detected > 0) {
            if (row[DETECTED + stake] === 0) {
              row[SINCE + stake] = row[BEFORE_AT];
              row[PEAK + stake] = Math.max(before, row[PEAK + stake]);
            }
            row[DETECTED + stake] = detected;
          } else {
            row[DETECTED + stake] = 0;
            row[PEAK + stake] = this.#peakBytes;
          }
        }
      }
      row[STEPS]++;
      const weight = 1 / Math.min(MEMORY_STEPS, row[STEPS]);
      row[SQUARE] += (step ** 2 - row[SQUARE]) * weight;
      row[SPREAD] = Math.max(quietBytes, Math.sqrt(row[SQUARE]));
    }
    row[BEFORE] = row[LOWEST];
    row[BEFORE_AT] = row[LOWEST_AT];
  }
}

/** Natural logarithms of what the bets have made of one. */
export interface GrowthEvidence {
  /** Reaches ln(1/α) ever, without growth, with probability at most α. */
  proof: number;
  /** The detector's capital since its last start, unpaid. */
  hint: number;
  /** How many blocks its scale has seen: the more, the more often chance has had its turn. */
  hintBlocks: number;
  /** When the detector last started. */
  sinceS: number;
  /** The highest value before that. */
  peakBeforeBytes: number;
}

/** Stakes as shares of the steps' root mean square: the whole for steady growth, a third for noisy growth. */
const STAKES = [1, 0.35];
/** The running mean square of the steps remembers about so many. */
const MEMORY_STEPS = 6;
/** Capital doesn't sink below e^RUIN: the logarithm stays finite. */
const RUIN = -700;

const BLOCK = 0;
const LOWEST = 1;
const LOWEST_AT = 2;
const BEFORE = 3;
const BEFORE_AT = 4;
const STEPS = 5;
const SQUARE = 6;
const ANCHORED = 7;
const DETECTED = 9;
const SINCE = 11;
const PEAK = 13;
const SPREAD = 15;
const WIDTH = 16;

function gainOf(stake: number, step: number, spreadBytes: number): number {
  const bet = (stake * step) / spreadBytes;
  return bet - bet ** 2 / 2;
}

function mean(logA: number, logB: number): number {
  const top = Math.max(logA, logB);
  return top + Math.log((Math.exp(logA - top) + Math.exp(logB - top)) / 2);
}
