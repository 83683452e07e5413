/**
 * Regression on rows whose noise remembers.
 *
 * The noise of memory is autocorrelated (lag one is near 0.9), and how strongly is not known. So every fit is made for each of
 * several autocorrelations ρ, from none to nearly a random walk, by generalised least squares: each row less ρ times the one
 * before it (a baseline that is forgotten slowly). The fits are then weighed by their marginal likelihood with a flat prior on
 * the coefficients,
 *
 *     m(ρ) ∝ |R|^(−1/2) |X′R⁻¹X|^(−1/2) RSS(ρ)^(−(n−p)/2),
 *
 * which is the restricted likelihood (REML): a doubt about ρ widens the interval, as it should. An interval from the one best
 * ρ is too short for short series (Zellner and Tiao, "Bayesian analysis of the regression model with autocorrelated errors",
 * JASA 59 (1964); Harville, "Bayesian inference for variance components using only error contrasts", Biometrika 61 (1974)).
 */
import { dot } from '../growth/vectors.ts';

/** Columns as long as the rows; `apart[k]` is the time from row k−1 in units of the usual one, 0 where a life begins. */
export interface Rows {
  readonly apart: Float64Array;
  readonly bytes: Float64Array;
}

/** A coefficient: about 95 % between `low` and `high`. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** A coefficient, and how well it is known in one model. */
export interface Guess {
  readonly value: number;
  readonly variance: number;
  readonly freedom: number;
}

/** The interval of a coefficient of which there are several guesses, from models of different chances. */
export function intervalOf(guesses: readonly { chance: number; guess: Guess }[]): Estimate {
  const sum = guesses.reduce((total, { chance }) => total + chance, 0);
  const mean = (of: (guess: Guess) => number): number =>
    guesses.reduce((total, { chance, guess }) => total + (chance / sum) * of(guess), 0);
  const value = mean((guess) => guess.value);
  const variance = mean((guess) => guess.variance + (guess.value - value) ** 2);
  const reach = student975(Math.min(...guesses.map(({ guess }) => guess.freedom))) * Math.sqrt(variance);
  return { value, low: value - reach, high: value + reach };
}

/** Autocorrelations of neighbouring rows, each as likely as the other before anything is seen. */
const AUTOCORRELATIONS = [0, 0.2, 0.4, 0.6, 0.75, 0.85, 0.92, 0.96, 0.985, 0.997];
/** A column of which less than this share (of its square) is left beside the others says nothing. */
const NOTHING_LEFT = 1e-7;

/** What each row remembers of the one before, and what its newness is divided by. */
interface Memory {
  readonly kept: Float64Array;
  readonly scale: Float64Array;
}

/** The rows, seen with one autocorrelation: `base` orthonormal, and bytes and candidates with what the base explains taken out. */
interface View {
  readonly memory: Memory;
  readonly base: readonly Float64Array[];
  readonly bytes: Float64Array;
  readonly square: number;
  /** The logarithm of the likelihood without any candidate, but for the residuals. */
  readonly prior: number;
  readonly freedom: number;
}

/** Rows with some columns taken out of everything; candidates are asked about one by one. */
export class Regression {
  readonly #rows: Rows;
  readonly #views: readonly View[];

  /** `base`: the columns that are always in the model. Columns that add nothing are left out. */
  constructor(rows: Rows, base: readonly Float64Array[]) {
    this.#rows = rows;
    this.#views = AUTOCORRELATIONS.map((autocorrelation) => viewOf(rows, base, autocorrelation));
  }

  /** What is left to estimate noise with when one column is added. */
  get freedom(): number {
    return Math.min(...this.#views.map(({ freedom }) => freedom)) - 1;
  }

  /** The logarithm of the likelihood without any further column, averaged over the autocorrelations. */
  get likelihood(): number {
    return logMean(this.#views.map((view) => view.prior - ((view.freedom + 1) / 2) * Math.log(view.square)));
  }

  /** The same with the column added, with a coefficient that is not negative; less the price of a parameter (as BIC). */
  likelihoodWith(column: Float64Array): number {
    const price = Math.log(this.#rows.bytes.length) / 2;
    return (
      logMean(
        this.#views.map((view) => {
          const { product, own } = this.#against(view, column);
          const left = own > 0 && product > 0 ? view.square - (product * product) / own : view.square;
          return view.prior - ((view.freedom + 1) / 2) * Math.log(Math.max(left, TINY * view.square));
        }),
      ) - price
    );
  }

  /** The coefficient of a column that is added; null where it can't be told from the others. */
  guess(column: Float64Array): Guess | null {
    const fits = this.#views.flatMap((view) => {
      const { product, own } = this.#against(view, column);
      const freedom = view.freedom - 1;
      if (own <= 0 || freedom < 1) return [];
      const left = Math.max(view.square - (product * product) / own, TINY * view.square);
      const likelihood = view.prior - Math.log(own) / 2 - (freedom / 2) * Math.log(left);
      return [{ value: product / own, variance: left / freedom / own, likelihood, freedom }];
    });
    if (fits.length === 0) return null;
    const most = Math.max(...fits.map(({ likelihood }) => likelihood));
    const weights = fits.map(({ likelihood }) => Math.exp(likelihood - most));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const mean = (of: (fit: (typeof fits)[number]) => number): number =>
      fits.reduce((total, fit, nth) => total + (weights[nth] * of(fit)) / sum, 0);
    const value = mean((fit) => fit.value);
    const variance = mean((fit) => fit.variance + (fit.value - value) ** 2);
    return { value, variance, freedom: fits[0].freedom };
  }

  /** The column's product with the bytes, and its square, both beside the base. */
  #against(view: View, column: Float64Array): { product: number; own: number } {
    const seen = whitened(view.memory, column);
    const before = dot(seen, seen);
    takeOut(view.base, seen);
    const own = dot(seen, seen);
    return own > NOTHING_LEFT * before ? { product: dot(seen, view.bytes), own } : { product: 0, own: 0 };
  }
}

/** Residuals never vanish altogether: the counts are whole numbers, the bytes are not. */
const TINY = 1e-12;

function viewOf(rows: Rows, columns: readonly Float64Array[], autocorrelation: number): View {
  const base: Float64Array[] = [];
  const kept = rows.apart.map((distance) => (distance > 0 ? autocorrelation ** distance : 0));
  const memory = { kept, scale: kept.map((share) => Math.sqrt(1 - share * share)) };
  // Half the logarithm of the determinant of the noise's correlations.
  let prior = -memory.scale.reduce((sum, scale) => sum + Math.log(scale), 0);
  for (const column of columns) {
    const seen = whitened(memory, column);
    const before = dot(seen, seen);
    takeOut(base, seen);
    const own = dot(seen, seen);
    if (!(own > NOTHING_LEFT * before)) continue;
    prior -= Math.log(own) / 2;
    const length = Math.sqrt(own);
    base.push(seen.map((value) => value / length));
  }
  const bytes = whitened(memory, rows.bytes);
  takeOut(base, bytes);
  const square = Math.max(dot(bytes, bytes), Number.MIN_VALUE * 1e20);
  return { memory, base, bytes, square, prior, freedom: rows.bytes.length - base.length };
}

/** Twice, so that what rounding left is gone as well. */
function takeOut(base: readonly Float64Array[], from: Float64Array): void {
  for (let time = 0; time < 2; time++) {
    for (const direction of base) {
      const share = dot(direction, from);
      for (let row = 0; row < from.length; row++) from[row] -= share * direction[row];
    }
  }
}

/** Each row less what it remembers of the one before, in units of what is new in it. */
function whitened({ kept, scale }: Memory, column: Float64Array): Float64Array {
  const out = new Float64Array(column.length);
  for (let row = 0; row < column.length; row++) {
    out[row] = (column[row] - (kept[row] > 0 ? kept[row] * column[row - 1] : 0)) / scale[row];
  }
  return out;
}

function logMean(logs: readonly number[]): number {
  const most = Math.max(...logs);
  return most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0) / logs.length);
}

/** Student's t at 0.975: Cornish and Fisher's expansion (Abramowitz and Stegun 26.7.5); to 1 % from four degrees on. */
export function student975(freedom: number): number {
  const z = 1.959964;
  const f = freedom;
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const third = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  const fourth = (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160;
  return z + first / f + second / f ** 2 + third / f ** 3 + fourth / f ** 4;
}
