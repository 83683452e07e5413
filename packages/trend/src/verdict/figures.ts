/** Figures of a decision, for a trend. */
import type { Slope } from '../growth/theil-sen.ts';
import type { Decision } from './decide.ts';

/** The same slope with so many times the uncertainty. */
export function widen(line: Slope, factor: number): Slope {
  return {
    ...line,
    low: line.slope - (line.slope - line.low) * factor,
    high: line.slope + (line.high - line.slope) * factor,
  };
}

/** How much of the floor's growth is on the JavaScript heap. */
export function heapShareOf(decision: Decision): number {
  const { points } = decision.shape;
  const last = points.count - 1;
  if (last < 1) return 1;
  const all = points.bytes[last] - points.bytes[0];
  if (all <= 0) return 1;
  return Math.min(1, Math.max(0, (points.heapBytes[last] - points.heapBytes[0]) / all));
}
