/**
 * Evidence of several processes, as e-values: what the bets of a judge have made of one (`MemoryJudge.logEvidence`). Without
 * growth an e-value is one on average, or less.
 *
 * Processes of one service are not independent: they see the same traffic, the same nights, the same deploys. So e-values are
 * never multiplied here (a product is an e-value only of independent ones, or of a sequence of bets). What holds whatever
 * depends on what:
 *
 * - their **mean** is an e-value against "none of them grows" (Vovk and Wang, "E-values: calibration, combination and
 *   applications", Annals of Statistics 49 (2021), proposition 3.1: of all symmetric ways to merge, essentially the only one);
 *   as test martingales are in play, that of the means is one too, if the bets are fair given the past of *all* processes;
 * - **e-BH** finds the ones that grow: the k largest are told when the k-th is at least m/(k · rate). Then at most the rate, on
 *   average, of those told is told in vain (Wang and Ramdas, "False discovery rate control with e-values", JRSS B 84 (2022)).
 *
 * The mean does not see a leak that all share any sooner than one process alone; for that see `FleetPool`.
 */

/** The natural logarithm of the mean of e-values that are given by their logarithms; −Infinity of none. */
export function meanEvidence(logs: readonly number[]): number {
  const known = logs.filter((log) => !Number.isNaN(log));
  const most = Math.max(Number.NEGATIVE_INFINITY, ...known);
  if (!Number.isFinite(most)) return most;
  return most + Math.log(known.reduce((sum, log) => sum + Math.exp(log - most), 0) / known.length);
}

/**
 * Which of the processes grow, so that at most `rate` of those told are told in vain: their places, the strongest evidence
 * first. `logs`: natural logarithms of e-values, one of each process. O(m log m).
 */
export function growingOnes(logs: readonly number[], rate: number): number[] {
  const order = [...logs.keys()].filter((at) => !Number.isNaN(logs[at])).sort((a, b) => logs[b] - logs[a]);
  let told = 0;
  for (const [nth, at] of order.entries()) {
    if (logs[at] >= Math.log(logs.length / ((nth + 1) * rate))) told = nth + 1;
  }
  return order.slice(0, told);
}
