import { exitCodeOf } from '../program/end-as.ts';
import type { ProgramEnd } from '../program/program.ts';
import { bytes } from '../wording/quantities.ts';
import type { Series } from './series.ts';

/** What V8 does when the heap is full: abort. A shell or npm in between turns the signal into this exit code. */
const ABORTED = 134;
const NEARLY_FULL = 0.8;

/**
 * The sentence for a program that ended as one does that ran out of memory; null when nothing speaks for it.
 * Growth counts beside nearness to the limit: `heap_size_limit` holds the young generation too, which is most of a small one.
 */
export function exhaustedHeap(end: ProgramEnd, all: readonly Series[]): string | null {
  if (exitCodeOf(end) !== ABORTED) return null;
  for (const { latest, judgement } of all) {
    if (latest === null) continue;
    const { heapUsedBytes, heapLimitBytes } = latest.sample;
    const grew = judgement !== null && judgement.trend.interval[0] > 0;
    if (!grew && heapUsedBytes < NEARLY_FULL * heapLimitBytes) continue;
    return `the program aborted, as Node.js does when its memory is used up: ${bytes(heapUsedBytes)} of heap were in use (limit ${bytes(heapLimitBytes)})`;
  }
  return null;
}
