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
 *    one): `anchored` is told already divided by that share.
 * 4. For growth that begins late the same bets are also run as an e-detector that starts again whenever it has lost
 *    everything (Shin, Ramdas, Rinaldo, "E-detectors: a nonparametric framework for sequential change detection", 2024):
 *    `detected` reaches 1/α on the average only once in 1/α blocks or more. Its last start tells since when it grows.
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

  /** Adds a floor; times must not fall. `quietBytes` is the step that is too small to mean anything. O(scales). */
  add(timeS: number, bytes: number, quietBytes: number): void {
    for (let scale = 0; scale < this.#scales; scale++) {
      const row = this.#state.subarray(scale * WIDTH, (scale + 1) * WIDTH);
      const block = Math.floor(timeS / (this.#baseS * 2 ** scale));
      if (block === row[BLOCK]) {
        if (bytes < row[LOWEST]!) {
          row[LOWEST] = bytes;
          row[LOWEST_AT] = timeS;
        }
        continue;
      }
      if (!Number.isNaN(row[BLOCK])) this.#close(row, quietBytes);
      row[BLOCK] = block;
      row[LOWEST] = bytes;
      row[LOWEST_AT] = timeS;
    }
    this.#peakBytes = Math.max(this.#peakBytes, bytes);
  }

  /** The strongest evidence at any scale. */
  strongest(): GrowthEvidence {
    let anchored = Number.NEGATIVE_INFINITY;
    const best: GrowthEvidence = { anchored, detected: 0, sinceS: 0, peakBeforeBytes: 0, blockS: this.#baseS };
    for (let scale = 0; scale < this.#scales; scale++) {
      const row = this.#state.subarray(scale * WIDTH, (scale + 1) * WIDTH);
      const share = Math.log((scale + 1) * (scale + 2));
      anchored = Math.max(anchored, mean(row[ANCHORED]!, row[ANCHORED + 1]!) - share);
      const own = Math.max(row[DETECTED]!, row[DETECTED + 1]!);
      if (own <= best.detected) continue;
      const stake = row[DETECTED]! >= row[DETECTED + 1]! ? 0 : 1;
      best.detected = own;
      best.sinceS = row[SINCE + stake]!;
      best.peakBeforeBytes = row[PEAK + stake]!;
      best.blockS = this.#baseS * 2 ** scale;
    }
    best.anchored = anchored;
    return best;
  }

  #close(row: Float64Array, quietBytes: number): void {
    const before = row[BEFORE]!;
    if (!Number.isNaN(before)) {
      const step = row[LOWEST]! - before;
      if (row[STEPS]! > 0) {
        const scaleBytes = Math.max(quietBytes, Math.sqrt(row[SQUARE]!));
        for (let stake = 0; stake < STAKES.length; stake++) {
          const bet = (STAKES[stake]! * step) / scaleBytes;
          const gain = bet - bet ** 2 / 2;
          row[ANCHORED + stake] = Math.max(RUIN, row[ANCHORED + stake]! + gain);
          const detected = row[DETECTED + stake]! + gain;
          if (detected > 0) {
            if (row[DETECTED + stake] === 0) {
              row[SINCE + stake] = row[BEFORE_AT]!;
              row[PEAK + stake] = Math.max(before, row[PEAK + stake]!);
            }
            row[DETECTED + stake] = detected;
          } else {
            row[DETECTED + stake] = 0;
            row[PEAK + stake] = this.#peakBytes;
          }
        }
      }
      row[STEPS]!++;
      const weight = 1 / Math.min(MEMORY_STEPS, row[STEPS]!);
      row[SQUARE]! += (step ** 2 - row[SQUARE]!) * weight;
    }
    row[BEFORE] = row[LOWEST]!;
    row[BEFORE_AT] = row[LOWEST_AT]!;
  }
}

/** Natural logarithms of what the bets have made of one. */
export interface GrowthEvidence {
  /** Since the series began; already paid for the choice of the scale. */
  anchored: number;
  /** Since the detector's last start. */
  detected: number;
  /** When the detector last started. */
  sinceS: number;
  /** The highest value before that. */
  peakBeforeBytes: number;
  /** The width of the blocks at the scale of `detected`. */
  blockS: number;
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
const WIDTH = 15;

function mean(logA: number, logB: number): number {
  const top = Math.max(logA, logB);
  return top + Math.log((Math.exp(logA - top) + Math.exp(logB - top)) / 2);
}
