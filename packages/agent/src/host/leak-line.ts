import type { Judgement, Verdict } from '@ebb/trend';

/** One plain sentence on what was confirmed, with what to do. */
export function leakSentence(verdict: Verdict): string {
  const what =
    verdict === 'native'
      ? 'Memory beside the heap and its buffers goes on growing: this process leaks natively.'
      : 'Live memory goes on growing: this process leaks.';
  return `${what} Find what holds it with ebb watch, or give two heap snapshots to ebb analyze.`;
}

/** The figures and the evidence, for the line's other fields. */
export function leakDetails({ verdict, trend, evidence }: Judgement): object {
  return {
    verdict,
    bytesPerSecond: Math.round(trend.bytesPerSecond),
    interval: trend.interval.map((bound) => (Number.isFinite(bound) ? Math.round(bound) : null)),
    bytesPerRequest: trend.bytesPerRequest === null ? null : Math.round(trend.bytesPerRequest),
    secondsToLimit: trend.secondsToLimit === null ? null : Math.round(trend.secondsToLimit),
    limitBytes: trend.limitBytes,
    evidence,
  };
}
