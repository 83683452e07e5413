import type { FindingsReport } from '@ebb/heap';
import type { Slope } from './slope.ts';

/** Half the width of an interval, as a share of the slope, up to which the floors alone say how much leaks. */
const NARROW = 0.5;

/**
 * How many bytes an iteration leaks, when the findings say that it does. The floors measure all that stays, once each,
 * so they are believed where their interval is narrow. Where it is wide (the leak is small against the noise) what the
 * leaking holders grew by between the snapshots says it, and the interval spans both.
 */
export function leakSize(slope: Slope | null, report: FindingsReport, iterations: number): Slope {
  const grown = report.findings
    .filter((finding) => finding.verdict === 'leak')
    .map((finding) => (finding.growthBytes ?? 0) / Math.max(1, iterations));
  // One holder may be seen by several findings, so they are not added up.
  const found = Math.max(0, ...grown);
  if (slope === null) return { bytesPerIteration: found, interval: [found, found] };
  const [low, high] = slope.interval;
  const isNarrow = slope.bytesPerIteration > 0 && (high - low) / 2 <= NARROW * slope.bytesPerIteration;
  if (isNarrow || found === 0) return slope;
  return { bytesPerIteration: found, interval: [Math.min(low, found), Math.max(high, found)] };
}
