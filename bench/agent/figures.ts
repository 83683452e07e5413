// Figures of the agent's benches.

export const mean = (values: number[]): number => values.reduce((all, value) => all + value, 0) / values.length;

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}

/** Of the mean: one-sided, of 95 %, by Student's t; its quantile by the expansion of Cornish and Fisher. */
export function upperLimit(values: number[]): number {
  const average = mean(values);
  const df = values.length - 1;
  const deviation = Math.sqrt(values.reduce((all, value) => all + (value - average) ** 2, 0) / df);
  const z = 1.6449;
  const t = z + (z ** 3 + z) / (4 * df) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * df ** 2);
  return average + (t * deviation) / Math.sqrt(values.length);
}
