import type { AlertIntake, AlertRefusal } from './alertmanager.ts';
import type { Intake, Refusal } from './reports.ts';

/** What has been taken since the server started. */
export interface IntakeTotals {
  requests: number;
  points: number;
  reports: number;
  /** Points that Ebb has no use for. */
  unusedPoints: number;
  /** Points that were refused, by reason. */
  refusedPoints: Record<Refusal, number>;
  /** Requests that could not be read. */
  malformedRequests: number;
  /** Alerts that were taken, those sent again included. */
  alerts: number;
  /** Alerts that were refused, by reason. */
  refusedAlerts: Record<AlertRefusal, number>;
  /** Alerts that Alertmanager has left out itself. */
  truncatedAlerts: number;
  /** Changes that were told, those told again included. */
  changes: number;
}

/** Counts what comes in, so that what is refused is not lost in silence. */
export class IntakeCounters {
  readonly #totals: IntakeTotals = {
    requests: 0,
    points: 0,
    reports: 0,
    unusedPoints: 0,
    refusedPoints: { clock: 0, label: 0, processes: 0, services: 0 },
    malformedRequests: 0,
    alerts: 0,
    refusedAlerts: { shape: 0, label: 0, unnamed: 0, own: 0, services: 0, alerts: 0 },
    truncatedAlerts: 0,
    changes: 0,
  };

  /** Counts a request that was taken. */
  took({ points, unused, reports, refused }: Intake): void {
    const totals = this.#totals;
    totals.requests += 1;
    totals.points += points;
    totals.reports += reports.length;
    totals.unusedPoints += unused;
    for (const [why, count] of refused) totals.refusedPoints[why] += count;
  }

  /** Counts a request that could not be read. */
  malformed(): void {
    this.#totals.malformedRequests += 1;
  }

  /** Counts the alerts of a webhook. */
  tookAlerts(taken: number, { refused, truncated }: Pick<AlertIntake, 'refused' | 'truncated'>): void {
    const totals = this.#totals;
    totals.alerts += taken;
    totals.truncatedAlerts += truncated;
    for (const [why, count] of refused) totals.refusedAlerts[why] += count;
  }

  /** Counts a change. */
  tookChange(): void {
    this.#totals.changes += 1;
  }

  /** Since the server started. */
  get totals(): IntakeTotals {
    const { refusedPoints, refusedAlerts } = this.#totals;
    return { ...this.#totals, refusedPoints: { ...refusedPoints }, refusedAlerts: { ...refusedAlerts } };
  }
}
