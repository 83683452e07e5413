import type { Verdict } from '../judgement.ts';
import type { Decision } from './decide.ts';
import { megabytes } from './words.ts';

/** Extrapolating growth that hardly slows down tells nothing. */
const SLOWEST_TOLD = 0.9;

/**
 * The level at which growth will stand: the present one when it is over; when each half grows at a share q of the half before,
 * what is still to come is the last half's rise times q / (1 − q), a geometric series. Null when nothing points to a level.
 */
export function settlesAt(verdict: Verdict, { reason, shape, life }: Decision): number | null {
  if (verdict === 'bounded') return life.toBytes;
  const { pace, late, spanS, toBytes } = shape;
  if (verdict !== 'warming' || reason !== 'slows' || pace >= SLOWEST_TOLD) return null;
  const lastRiseBytes = Math.max(0, (late.slope * spanS) / 2);
  return toBytes + (lastRiseBytes * pace) / (1 - pace);
}

/** What would have to be seen for another verdict, in a sentence. */
export function wouldChange(verdict: Verdict, decision: Decision): string {
  const { reason, life } = decision;
  const level = settlesAt(verdict, decision);
  switch (verdict) {
    case 'leak':
      return 'a level that stands still, or is given back, while the work goes on';
    case 'native':
      return 'memory outside the heap that stands still while the work goes on';
    case 'clean':
      return 'growth, step by step, to levels never seen before';
    case 'bounded':
      return `growth above ${megabytes(level ?? life.toBytes)} that does not end`;
    case 'warming':
      break;
  }
  switch (reason) {
    case 'slows':
      return `growth that no longer slows down is a leak; a standstill${level === null ? '' : ` at about ${megabytes(level)}`} is none`;
    case 'traffic':
      return 'growth that goes on while the traffic stays as it is, or in step with the requests, is a leak';
    case 'patience':
      return 'growth that goes on like this is a leak, the sooner the closer the limit; a standstill is none';
    case 'proof':
      return 'growth in more steps is a leak; steps up and down are none';
    case 'young':
    case null:
      return 'more floors';
  }
}
