/** From the points of one process to reports, a report a moment. */
import { Draft } from './draft.ts';
import type { Point } from './point.ts';
import { longestText, type ProcessIdentity, type ProcessReport } from './report.ts';

/** Points within so many milliseconds of the first are of one moment: a collection takes no longer. */
const momentMs = 500;
/** A clock may be ahead by so much; what is more is no measurement but a mistake. */
const mostAheadMs = 10 * 60_000;
/** Older than this is history, not news. */
const mostBehindMs = 24 * 3_600_000;

/** Why points are refused; each refusal is counted and reported. */
export type Refusal = 'clock' | 'label' | 'processes' | 'services';

/** What came of a request's points. */
export interface Intake {
  reports: ProcessReport[];
  points: number;
  /** Points that Ebb has no use for. */
  unused: number;
  refused: Map<Refusal, number>;
}

/** An intake of nothing. */
export function emptyIntake(): Intake {
  return { reports: [], points: 0, unused: 0, refused: new Map() };
}

/** Adds the points of one process to the intake. */
export function takePoints(intake: Intake, identity: ProcessIdentity, points: readonly Point[], nowMs: number): void {
  intake.points += points.length;
  if (points.length === 0) return;
  const { service, namespace, environment, version, instance } = identity;
  if ([service, namespace, environment, version, instance].some((text) => text.length > longestText)) {
    refuse(intake, 'label', points.length);
    return;
  }
  let draft: Draft | null = null;
  const finish = (): void => {
    if (draft !== null) {
      const { timeMs, figures, edge, routes } = draft;
      intake.reports.push({ identity, timeMs, figures, edge, ...(routes === null ? {} : { routes }) });
    }
    draft = null;
  };
  for (const point of inOrder(points)) {
    if (!(point.timeMs <= nowMs + mostAheadMs && point.timeMs >= nowMs - mostBehindMs)) {
      refuse(intake, 'clock', 1);
      continue;
    }
    if (draft !== null && point.timeMs - draft.firstMs > momentMs) finish();
    const moment: Draft = draft ?? new Draft(point.timeMs);
    if (moment.take(point)) draft = moment;
    else intake.unused += 1;
  }
  finish();
}

/** Counts refused points. */
export function refuse(intake: Intake, why: Refusal, points: number): void {
  intake.refused.set(why, (intake.refused.get(why) ?? 0) + points);
}

function inOrder(points: readonly Point[]): readonly Point[] {
  for (let i = 1; i < points.length; i++) {
    if (points[i].timeMs < points[i - 1].timeMs) return [...points].sort((a, b) => a.timeMs - b.timeMs);
  }
  return points;
}
