/**
 * Which evidence is taken, and why not better: pure, the rungs are given.
 *
 * What costs nothing worth speaking of is always taken. Of the others, from the most telling down, the first that comes
 * ends it; those that stop the program are tried only with consent.
 */
import { CaptureError, type CaptureErrorCode } from './error.ts';

/**
 * - `allocations`: live sampled bytes by call site; tens of milliseconds.
 * - `fork`: a heap snapshot from a child; milliseconds.
 * - `inline`: a heap snapshot in the thread; 40 ms for each MB of heap.
 * - `class-counts`: live objects by class; 15 ms for each MB of heap.
 */
export type RungName = 'allocations' | 'fork' | 'inline' | 'class-counts';

/** One way to come by evidence. */
export interface Rung<Taken> {
  name: RungName;
  /** Whether it stands apart: taken in any case, and not instead of the others. */
  apart?: boolean;
  /** For a rung that stops the program: about how long. It is tried only with consent. */
  blocksMs?: number;
  /** Takes it, or rejects with a {@link CaptureError}; or says why it cannot be tried. */
  take: (() => Taken | Promise<Taken>) | { not: string };
}

/** A rung that brought nothing. */
export interface RefusedRung {
  rung: RungName;
  /** `no-consent`, `not-started` (nothing has been sampled), or the code of the error. */
  code: CaptureErrorCode | 'no-consent' | 'not-started';
  /** A sentence for a person. */
  reason: string;
  /** What it cost the program all the same. */
  pauseMs: number;
}

/** What came of a ladder: what was taken, the cheapest first, and what was not. */
export interface Climbed<Taken> {
  taken: Taken[];
  refused: RefusedRung[];
}

/** After these nobody waits for evidence any more, or somebody else is taking it. */
const endsIt: ReadonlySet<string> = new Set(['EBB_CAPTURE_ABORTED', 'EBB_CAPTURE_BUSY']);

/**
 * @param rungs in the order in which they are tried
 * @param consent to rungs that stop the program
 * @throws what a rung throws that is no {@link CaptureError}: a mistake in the program
 */
export async function climb<Taken>(
  rungs: readonly Rung<Taken>[],
  consent: ReadonlySet<RungName>,
): Promise<Climbed<Taken>> {
  const climbed: Climbed<Taken> = { taken: [], refused: [] };
  let done = false;
  for (const { name, apart = false, blocksMs, take } of rungs) {
    if (done) break;
    const refuse = (code: RefusedRung['code'], reason: string, pauseMs = 0): void => {
      climbed.refused.push({ rung: name, code, reason, pauseMs });
    };
    if (blocksMs !== undefined && !consent.has(name)) {
      refuse('no-consent', `It would stop the program for about ${duration(blocksMs)}, and nobody has consented.`);
    } else if (typeof take !== 'function') {
      refuse('not-started', take.not);
    } else {
      try {
        climbed.taken.push(await take());
        done = !apart;
      } catch (error) {
        if (!(error instanceof CaptureError)) throw error;
        refuse(
          error.code,
          error.message,
          error.attempts.reduce((sum, { pauseMs }) => sum + pauseMs, 0),
        );
        done = endsIt.has(error.code);
      }
    }
  }
  return climbed;
}

function duration(ms: number): string {
  return ms < 950 ? `${Math.max(10, Math.round(ms / 10) * 10)} ms` : `${(ms / 1e3).toFixed(ms < 9500 ? 1 : 0)} s`;
}
