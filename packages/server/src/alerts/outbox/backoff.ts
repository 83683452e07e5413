const firstMs = 1000;
const longestMs = 5 * 60_000;

/**
 * How long to wait after so many failed attempts: twice as long each time, five minutes at most, and between half of it
 * and all of it at random, so that many that failed together do not come back together. A receiver that says how long
 * it wants to be left alone is not asked sooner.
 */
export function backoffMs(attempts: number, retryAfterMs: number | null, random: () => number): number {
  const most = Math.min(longestMs, firstMs * 2 ** Math.min(attempts - 1, 20));
  return Math.max(Math.round(most * (0.5 + random() / 2)), retryAfterMs ?? 0);
}
