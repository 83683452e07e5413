/**
 * When it is decided whether a process leaks: at times that the series itself sets, an eighth of a warm-up apart at first
 * and a ninety-sixth of its age later. So what was told does not depend on who asked, and when; the stated error is spent
 * on these decisions alone; and most samples cost nothing but their place in a bucket.
 */
import { DECIDE_AT, NATIVE_TOLD, type Known } from '../judge-state.ts';
import { leakIn } from './decide.ts';
import { Shape } from './shape.ts';
import { nativeAbout, subjectOf, type Subject } from './subject.ts';

const SOONEST_WARMUPS = 1 / 8;
const SHARE_OF_AGE = 1 / 96;
/** Memory in use that grows at this share of the pace of the rest explains the rest. */
const OUTRUN_SHARE = 0.75;
const BINS = 24;

/** Decides, and sets the next time. A few dozen operations where nothing is proven. */
export function decideOnSchedule(known: Known, nowS: number): void {
  const { scalars, warmupS, standing } = known;
  scalars[DECIDE_AT] = nowS + Math.max(SOONEST_WARMUPS * warmupS, SHARE_OF_AGE * nowS);
  const subject = subjectOf(known);
  const { kind, track, about } = subject;
  if (kind !== 'envelope') {
    const leak = standing.isFresh(track.newestS, warmupS) ? null : leakIn(track, about);
    if (leak !== null) standing.note(leak, track);
    else standing.hold(track, warmupS);
  }
  scalars[NATIVE_TOLD] = kind !== 'rss' && outruns(known, subject) ? 1 : 0;
}

/** Whether memory outside the heap grows, and not because the heap does: one that grows back to its former peak takes RSS along. */
function outruns(known: Known, { track }: Subject): boolean {
  const leak = leakIn(known.native, nativeAbout(known, false));
  if (leak === null) return false;
  const beside = new Shape(track.history.window(leak.points.timeS[0], BINS));
  return Math.max(0, beside.line.slope) < OUTRUN_SHARE * leak.line.slope;
}
