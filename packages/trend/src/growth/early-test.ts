/**
 * Does a series grow, judged by its first or last few floors alone? For `suspicious`, which must come early.
 *
 * Steps between floors that all climb alike are telling after three or four, whatever their size: without growth they
 * would differ. That is Student's t-test, made sequential. Floors come when collections do, so that steps x_1 … x_n take
 * times t_1 … t_n; what should be alike is x_i / √t_i for a random walk, and x_i / t_i for a climb. With T = Σt, in units
 * of t_1, and u = Σx / √(T Σ(x²/t)), the cosine between the steps and a steady climb,
 *
 *     E_n(δ) = exp(−Tδ²/2) ∫ r^(n−1) exp(−r²/2 + r δ √T u) dr / ∫ r^(n−1) exp(−r²/2) dr        (r from 0 to ∞)
 *
 * is the likelihood ratio of steps with mean δσt and variance σ²t against mean zero when σ is unknown (t_i are known when
 * x_i comes, and tell nothing of it). With equal times T is n. Without growth it is a test martingale
 * that starts at one, so that it ever reaches c with probability at most 1/c (Lai, "On confidence sequences", Annals of
 * Statistics 4 (1976); Pérez-Ortiz, Lardy, de Heide, Grünwald, "E-statistics, group invariance and anytime-valid testing",
 * Annals of Statistics 52 (2024)); so is its mean over three δ. Growth may begin at any floor j, at a price: the floors share
 * the error by a union bound, half of it for growth from the start, 1/(2j(j + 1)) for growth since floor j.
 *
 * The noise model: without growth the steps, each by the root of its time, are jointly Gaussian of one unknown size, or
 * anything of which only the direction in n dimensions is uniform (spherical symmetry). Independent steps, a random walk,
 * are the worst case. Noise that returns to a level has steps that cancel, and too large ones where little time has
 * passed: its u is smaller. Steps of a falling mean only lower u; so does one leap.
 * Growth that ends breaks it, as it breaks every test of growth.
 */
export class EarlyTest {
  readonly #state: Float64Array;

  constructor(state: Float64Array = new Float64Array(EarlyTest.size)) {
    this.#state = state;
  }

  static readonly size: number = 27;

  clear(): void {
    this.#state.fill(0);
  }

  /** When the last floor came; long ago before the first. */
  get newestS(): number {
    const count = this.#state[COUNT];
    return count === 0 ? Number.NEGATIVE_INFINITY : this.#state[placeOf(count - 1) + TIME];
  }

  /** Adds a floor that is later than the one before; it takes the place of the oldest. */
  add(timeS: number, bytes: number): void {
    const state = this.#state;
    const at = placeOf(state[COUNT]);
    state[at] = bytes;
    state[at + TIME] = timeS;
    state[COUNT]++;
  }

  /**
   * A natural logarithm; reaches ln(1/α) ever, without growth, with probability at most α. Steps smaller than `quietBytes`
   * mean little, however alike they are. O(KEPT²).
   */
  proof(quietBytes: number): number {
    const state = this.#state;
    const count = state[COUNT];
    const kept = Math.min(KEPT, count);
    let best = Number.NEGATIVE_INFINITY;
    let sum = 0;
    let squares = 0;
    let spanS = 0;
    for (let first = kept - 2; first >= 0; first--) {
      const at = placeOf(count - kept + first);
      const next = placeOf(count - kept + first + 1);
      const step = state[next] - state[at];
      const stepS = state[next + TIME] - state[at + TIME];
      sum += step;
      spanS += stepS;
      squares += (step * step + quietBytes * quietBytes) / stepS;
      const steps = kept - 1 - first;
      if (sum <= 0 || steps < 2) continue;
      const start = count - kept + first;
      const price = start === 0 ? 0.5 : 0.5 / (start * (start + 1));
      let likelihood = 0;
      const [time, cosine] = [spanS / stepS, sum / Math.sqrt(spanS * squares)];
      for (const drift of DRIFTS) likelihood += ratio(steps, drift * Math.sqrt(time), cosine);
      const proof = Math.log((price * likelihood) / DRIFTS.length);
      if (proof > best) best = proof;
    }
    return best;
  }
}

/** The last so many floors are kept: what takes more of them to see is for `GrowthTest`. */
const KEPT = 13;
const COUNT = 0;
const FIRST = 1;
/** A floor is two numbers: bytes, and when. */
const WIDTH = 2;
const TIME = 1;

/** Where the nth floor ever is kept. */
function placeOf(nth: number): number {
  return FIRST + (nth % KEPT) * WIDTH;
}

/** Growth a step, in deviations of the steps. */
const DRIFTS = [1, 3, 8];

/**
 * E_n(δ) for u ≥ 0, of δ√T. By parts, I_n = ∫ r^(n−1) exp(−r²/2 + rb) dr obeys I_n = b I_(n−1) + (n − 2) I_(n−2), with
 * I_1 = √(2π) Φ(b) exp(b²/2) and I_2 = 1 + b I_1; all terms are positive, so nothing cancels.
 */
function ratio(steps: number, climb: number, cosine: number): number {
  const b = climb * cosine;
  let before = Math.sqrt(2 * Math.PI) * normalShare(b);
  let integral = Math.exp((-b * b) / 2) + b * before;
  let noneBefore = Math.sqrt(Math.PI / 2);
  let none = 1;
  for (let n = 3; n <= steps; n++) {
    [before, integral] = [integral, b * integral + (n - 2) * before];
    [noneBefore, none] = [none, (n - 2) * noneBefore];
  }
  return (Math.exp((b * b - climb * climb) / 2) * integral) / none;
}

/** Φ(b) for b ≥ 0, to 7.5e-8: Abramowitz and Stegun 26.2.17. */
function normalShare(b: number): number {
  const t = 1 / (1 + 0.2316419 * b);
  const tail = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 1 - (Math.exp((-b * b) / 2) / Math.sqrt(2 * Math.PI)) * tail;
}
