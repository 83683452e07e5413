/**
 * A distribution in fixed memory: a count for each of a few fixed ranges, as OTLP's explicit-bucket histogram and
 * Prometheus's histogram have it.
 */
export class Histogram {
  /** Upper bounds, rising; a value that equals a bound lies below it. The last range is open. */
  readonly bounds: readonly number[];
  /** One more than `bounds`; cumulative since the histogram was made. */
  readonly counts: Float64Array;
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** Counts one value; what is no finite number is left out, and below zero (a clock that jumped) is zero. */
  record(value: number): void {
    if (!Number.isFinite(value)) return;
    const kept = Math.max(0, value);
    let index = 0;
    while (index < this.bounds.length && kept > this.bounds[index]) index += 1;
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.sum += kept;
    this.count += 1;
  }
}
