/** A straight line through points, and how well it is known. */
export interface Slope {
  slope: number;
  /** About 95 %. */
  low: number;
  high: number;
  /** Spread of the points about the line: 1.4826 × the median absolute residual. */
  noise: number;
}

const Z_95 = 1.96;
const UNKNOWN: Slope = { slope: 0, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, noise: 0 };

/**
 * The Theil–Sen slope of y on x (the median of the slopes of all pairs; up to 29 % wild points do no harm) with Sen's
 * interval. Memory series are autocorrelated, and Sen's interval believes in independent points; so its variance is
 * multiplied by (1 + r)/(1 − r), r being the lag-one autocorrelation about the line, corrected for its small-sample
 * bias. Points with equal x count in no pair. O(n² log n) time, O(n²) scratch: call it with tens of points.
 *
 * Sen, "Estimates of the regression coefficient based on Kendall's tau", JASA 63 (1968);
 * Yue and Wang, "The Mann–Kendall test modified by effective sample size", Water Resources Management 18 (2004);
 * the bias: Marriott and Pope, Biometrika 41 (1954).
 */
export function theilSen(x: Float64Array, y: Float64Array, from: number, to: number): Slope {
  const n = to - from;
  if (n < 2) return UNKNOWN;
  const slopes = new Float64Array((n * (n - 1)) / 2);
  let pairs = 0;
  for (let i = from; i < to; i++) {
    for (let j = i + 1; j < to; j++) {
      const dx = x[j] - x[i];
      if (dx > 0) slopes[pairs++] = (y[j] - y[i]) / dx;
    }
  }
  if (pairs === 0) return UNKNOWN;
  const slope = middle(slopes, pairs);
  const residuals = new Float64Array(n);
  for (let i = 0; i < n; i++) residuals[i] = y[from + i] - slope * x[from + i];
  const centre = middle(residuals.slice(), n);
  for (let i = 0; i < n; i++) residuals[i] -= centre;
  const r = autocorrelation(residuals);
  for (let i = 0; i < n; i++) residuals[i] = Math.abs(residuals[i]);
  const noise = 1.4826 * middle(residuals, n);
  if (n < 4) return { slope, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, noise };
  const deviation = Z_95 * Math.sqrt(((n * (n - 1) * (2 * n + 5)) / 18) * ((1 + r) / (1 - r)));
  const low = Math.floor((pairs - deviation) / 2);
  const high = Math.ceil((pairs + deviation) / 2);
  if (low >= 0 && high < pairs) return { slope, low: nth(slopes, pairs, low), high: nth(slopes, pairs, high), noise };
  // Past the ends of the sorted slopes nothing is known from ranks; go on by as much again as the ends are away.
  const least = nth(slopes, pairs, 0);
  const most = nth(slopes, pairs, pairs - 1);
  const beyond = Math.max(0, deviation / pairs - 1) * Math.max(slope - least, most - slope);
  return {
    slope,
    low: low < 0 ? least - beyond : nth(slopes, pairs, low),
    high: high >= pairs ? most + beyond : nth(slopes, pairs, high),
    noise,
  };
}

function autocorrelation(residuals: Float64Array): number {
  const n = residuals.length;
  let square = 0;
  let product = 0;
  for (let i = 0; i < n; i++) {
    square += residuals[i] ** 2;
    if (i > 0) product += residuals[i] * residuals[i - 1];
  }
  if (square === 0) return 0;
  const raw = product / square;
  return Math.min(0.95, Math.max(0, raw + (1 + 4 * raw) / n));
}

/** The median of the first `count` values, which are put into another order. */
function middle(values: Float64Array, count: number): number {
  const half = count >> 1;
  const upper = nth(values, count, half);
  return count % 2 === 1 ? upper : (nth(values, count, half - 1) + upper) / 2;
}

/** The value at a place of the first `count` when they stand in order: Hoare's quickselect, O(count) as a rule. */
function nth(values: Float64Array, count: number, place: number): number {
  let from = 0;
  let to = count - 1;
  while (from < to) {
    const pivot = values[(from + to) >> 1];
    let up = from;
    let down = to;
    while (up <= down) {
      while (values[up] < pivot) up++;
      while (values[down] > pivot) down--;
      if (up > down) break;
      const value = values[up];
      values[up++] = values[down];
      values[down--] = value;
    }
    if (place <= down) to = down;
    else if (place >= up) from = up;
    else break;
  }
  return values[place];
}
