/**
 * From counters that only rise to what they rose by: pure. A counter that is told again, or late, rises by nothing; one
 * that is lower than before has begun anew.
 */
import type { RouteSeries } from '../ingest/report.ts';

/** How far the counters of one series were, and when each was told; −1 where it never was. */
type SeriesTotals = [requests: number, requestsMs: number, inTime: number, inTimeMs: number];

/** How far the counters of a process were. */
export interface RouteTotals {
  /** When the process was seen first: what it had counted until then is nobody's minute. */
  firstMs: number;
  series: Record<string, SeriesTotals>;
}

/** Requests of a route by which its counters rose. */
export interface RouteRise {
  route: string;
  requests: number;
  failed: number;
  /** In time, and not failed. */
  good: number;
}

/** Series of a process that are kept; what comes beyond is not counted. */
const mostSeries = 400;
/** A process that runs for less is counted from its start. */
const youngMs = 2 * 60_000;

/** Totals of a process that has told nothing yet. `startedMs` is when it was started, as far as that is known. */
export function newTotals(timeMs: number, startedMs: number | null): RouteTotals {
  const isYoung = startedMs !== null && timeMs - startedMs <= youngMs;
  return { firstMs: isYoung ? startedMs : timeMs, series: {} };
}

/** What the series rose by since the totals, which are brought up to date. */
export function riseOf(totals: RouteTotals, told: readonly RouteSeries[], timeMs: number): RouteRise[] {
  const rises: RouteRise[] = [];
  for (const { key, route, isFailing, requests, inTime } of told) {
    const before = Object.hasOwn(totals.series, key) ? totals.series[key] : undefined;
    if (before === undefined && Object.keys(totals.series).length >= mostSeries) continue;
    const known: SeriesTotals = before ?? [-1, 0, -1, 0];
    const rise = { route, requests: 0, failed: 0, good: 0 };
    if (requests !== null && timeMs > known[1]) {
      rise.requests = difference(known[0], requests, timeMs > totals.firstMs);
      if (isFailing) rise.failed = rise.requests;
      [known[0], known[1]] = [requests, timeMs];
    }
    if (inTime !== null && timeMs > known[3]) {
      if (!isFailing) rise.good = difference(known[2], inTime, timeMs > totals.firstMs);
      [known[2], known[3]] = [inTime, timeMs];
    }
    totals.series[key] = known;
    if (rise.requests > 0 || rise.good > 0) rises.push(rise);
  }
  return rises;
}

function difference(before: number, now: number, countsFromZero: boolean): number {
  if (before < 0) return countsFromZero ? now : 0;
  return now >= before ? now - before : now;
}
