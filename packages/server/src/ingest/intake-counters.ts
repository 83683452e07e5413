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

  /** Since the server started. */
  get totals(): IntakeTotals {
    return { ...this.#totals, refusedPoints: { ...this.#totals.refusedPoints } };
  }
}
