// Intervals for counts and shares: what a figure of a bench is worth.

/** Exact (Garwood) 95 % interval of a Poisson mean, from a count. */
export function poissonInterval(count: number): [number, number] {
  const low = count === 0 ? 0 : solve((mean) => 1 - poissonBelow(count - 1, mean) - 0.025, count);
  return [low, solve((mean) => 0.025 - poissonBelow(count, mean), count)];
}

/** With 95 % confidence, the mean behind a count is at most this (one-sided; 3.0 for none). */
export function poissonBound(count: number): number {
  return solve((mean) => 0.05 - poissonBelow(count, mean), count);
}

/** P(X ≤ count). */
function poissonBelow(count: number, mean: number): number {
  let logTerm = -mean;
  let sum = 0;
  for (let k = 0; k <= count; k++) {
    sum += Math.exp(logTerm);
    logTerm += Math.log(mean) - Math.log(k + 1);
  }
  return Math.min(1, sum);
}

/** Where a function that rises with the mean crosses zero. */
function solve(rising: (mean: number) => number, near: number): number {
  let [low, high] = [0, 4 * near + 40];
  for (let step = 0; step < 80; step++) {
    const mean = (low + high) / 2;
    if (rising(mean) < 0) low = mean;
    else high = mean;
  }
  return high;
}

/** Wilson's 95 % interval of a share. */
export function shareInterval(hits: number, of: number): [number, number] {
  if (of === 0) return [0, 1];
  const [z, p] = [1.96, hits / of];
  const middle = (p + z ** 2 / (2 * of)) / (1 + z ** 2 / of);
  const half = (z / (1 + z ** 2 / of)) * Math.sqrt((p * (1 - p)) / of + z ** 2 / (4 * of ** 2));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** The value below which so much of the values lies; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.length === 0 ? Number.NaN : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
