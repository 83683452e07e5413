/** What somebody thinks an incident comes from, and how long that was wrong: pure. */

/** All states, in the order of a hypothesis's life. */
export const hypothesisStates = ['suspected', 'exonerated', 'confirmed'] as const;

/** How it stands. */
export type HypothesisState = (typeof hypothesisStates)[number];

/** What is exonerated stays so: who suspects it again says so anew. What was confirmed may turn out to be wrong. */
export function mayBecome(from: HypothesisState, to: HypothesisState): boolean {
  return from === 'suspected' ? to !== 'suspected' : from === 'confirmed' && to === 'exonerated';
}

/** A hypothesis as far as times need it. */
export interface TimedHypothesis {
  state: HypothesisState;
  sinceMs: number;
  decidedMs: number | null;
}

/** How long something was suspected that was exonerated later. Two at once count once. */
export function wrongMs(hypotheses: readonly TimedHypothesis[]): number {
  const spans = hypotheses
    .filter(({ state, decidedMs }) => state === 'exonerated' && decidedMs !== null)
    .map(({ sinceMs, decidedMs }) => ({ fromMs: sinceMs, toMs: decidedMs ?? sinceMs }))
    .sort((a, b) => a.fromMs - b.fromMs);
  let [total, coveredMs] = [0, -Infinity];
  for (const { fromMs, toMs } of spans) {
    total += Math.max(0, toMs - Math.max(fromMs, coveredMs));
    coveredMs = Math.max(coveredMs, toMs);
  }
  return total;
}
