/** From the points of one process to reports, a report a moment. */
import { ServerError } from '../errors/server-error.ts';
import { Draft } from './draft.ts';
import type { Point } from './point.ts';
import { longestText, type ProcessIdentity, type ProcessReport } from './report.ts';

/** Points within so many milliseconds of the first are of one moment: a collection takes no longer. */
const momentMs = 500;
/** A clock may be ahead by so much; what is more is no measurement but a mistake. */
const mostAheadMs = 10 * 60_000;
/** Older than this is history, not news. */
const mostBehindMs = 24 * 3_600_000;

/** A request that tells of more moments or processes is refused as a whole. */
const mostReports = 10_000;

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

/** Gathers the points that a request tells of one process, and makes reports of them. Only what can be of use is kept. */
export class ProcessPoints {
  readonly #intake: Intake;
  readonly #nowMs: number;
  readonly #points: Point[] = [];

  constructor(intake: Intake, nowMs: number) {
    this.#intake = intake;
    this.#nowMs = nowMs;
  }

  /** Counts points that Ebb has no use for. */
  passOver(points: number): void {
    this.#intake.points += points;
    this.#intake.unused += points;
  }

  /** Takes a point, unless its time is off. */
  add(point: Point): void {
    this.#intake.points += 1;
    if (point.timeMs <= this.#nowMs + mostAheadMs && point.timeMs >= this.#nowMs - mostBehindMs)
      this.#points.push(point);
    else refuse(this.#intake, 'clock', 1);
  }

  /** Adds a report for each moment to the intake. @throws {ServerError} EBB_SERVER_TOO_LARGE */
  tell(identity: ProcessIdentity): void {
    if (this.#points.length === 0) return;
    const { service, namespace, environment, version, instance, revision, host, runtime } = identity;
    const texts = [service, namespace, environment, version, instance, revision, host, runtime];
    if (texts.some((text) => (text?.length ?? 0) > longestText)) {
      refuse(this.#intake, 'label', this.#points.length);
      return;
    }
    let draft: Draft | null = null;
    const { reports } = this.#intake;
    const finish = (): void => {
      if (draft !== null) {
        const { timeMs, figures, edge, routes } = draft;
        reports.push({ identity, timeMs, figures, edge, ...(routes === null ? {} : { routes }) });
      }
      draft = null;
      if (reports.length > mostReports)
        throw new ServerError('EBB_SERVER_TOO_LARGE', `the request makes more than ${mostReports} rows`);
    };
    for (const point of inOrder(this.#points)) {
      if (draft !== null && point.timeMs - draft.firstMs > momentMs) finish();
      const moment: Draft = draft ?? new Draft(point.timeMs);
      if (moment.take(point)) draft = moment;
      else this.#intake.unused += 1;
    }
    finish();
  }
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
