/** From a table of rows to the columns of a regression: what always has a part in the bytes, and what may have fed them. */
import type { RouteRow } from './route-table.ts';
import type { Rows } from './regression.ts';

/** What may explain growth. */
export interface Candidate {
  /** One route; every request, whichever route it takes; the routes that are not told apart; or time, whatever is requested. */
  readonly kind: 'route' | 'requests' | 'rest' | 'time';
  /** The route's name, where it is one. */
  readonly route: string | null;
  /** Cumulative requests, or seconds. */
  readonly column: Float64Array;
}

/** What a regression needs. */
export interface Design {
  readonly rows: Rows;
  /** Columns that are always in the model, of any sign. */
  readonly base: readonly Float64Array[];
  readonly candidates: readonly Candidate[];
  /** How far a column goes, from the first rows of each life to the last, summed over the lives. */
  rise(column: Float64Array): number;
}

/** A life with fewer rows tells nothing but its own level. */
const LEAST_ROWS = 5;
/** A curve that settles needs so many rows to be told from a line. */
const LEAST_TO_SETTLE = 12;
/** It settles within this share of what was seen. */
const SETTLES = 1 / 5;
/** A route with fewer requests explains nothing. */
const LEAST_REQUESTS = 8;
/** The present traffic is counted over so many rows to either side: of one row alone it is mostly chance. */
const RATE_REACH = [2, 6];
/** The rise is read off the means of so many rows at each end. */
const END_ROWS = 3;

/**
 * What is always in the model, so that no route gets credit for it:
 *
 * - a level of each life;
 * - the present traffic, all routes together: what is held for requests in flight, for sessions that expire, for a cache of
 *   the last minutes, goes up and down with it;
 * - a curve that settles: start-up and caches that fill.
 *
 * Null when there are too few rows.
 */
export function designOf(routes: readonly string[], told: readonly RouteRow[]): Design | null {
  const lives = byLife(told).filter((life) => life.length >= LEAST_ROWS);
  const rows = lives.flat();
  if (rows.length === 0) return null;
  const columnOf = (value: (row: RouteRow) => number): Float64Array => Float64Array.from(rows, value);
  const base: Float64Array[] = lives.map((life) => columnOf((row) => (row.life === life[0].life ? 1 : 0)));
  for (const reach of RATE_REACH) base.push(Float64Array.from(lives.flatMap((life) => rateOf(life, reach))));
  if (rows.length >= LEAST_TO_SETTLE) base.push(Float64Array.from(lives.flatMap(settling)));

  const ends = endsOf(lives);
  const rise = (column: Float64Array): number =>
    ends.reduce((sum, { first, last }) => sum + meanOf(column, last) - meanOf(column, first), 0);
  const rest = columnOf((row) => row.requests - row.byRoute.reduce((sum, count) => sum + count, 0));
  const candidates: Candidate[] = [
    { kind: 'time', route: null, column: columnOf(({ ageS }) => ageS) },
    ...routes.map((route, nth) => ({
      kind: 'route' as const,
      route,
      column: columnOf(({ byRoute }) => byRoute[nth]),
    })),
    { kind: 'rest', route: null, column: rest },
  ];
  // Of one route alone, all requests are its own.
  const served = candidates.filter(({ kind, column }) => kind === 'time' || rise(column) >= LEAST_REQUESTS);
  if (served.length > 2) served.push({ kind: 'requests', route: null, column: columnOf(({ requests }) => requests) });
  return { rows: { apart: apartOf(lives), bytes: columnOf(({ bytes }) => bytes) }, base, candidates: served, rise };
}

function byLife(rows: readonly RouteRow[]): RouteRow[][] {
  const lives = new Map<number, RouteRow[]>();
  for (const row of rows) {
    const life = lives.get(row.life);
    if (life === undefined) lives.set(row.life, [row]);
    else life.push(row);
  }
  return [...lives.values()];
}

/** Times between rows in units of the usual one; 0 where a life begins. */
function apartOf(lives: readonly (readonly RouteRow[])[]): Float64Array {
  const apart = lives.flatMap((life) => life.map((row, nth) => (nth === 0 ? 0 : row.ageS - life[nth - 1].ageS)));
  const sorted = apart.filter((seconds) => seconds > 0).sort((a, b) => a - b);
  const usual = sorted[sorted.length >> 1] ?? 1;
  return Float64Array.from(apart, (seconds) => seconds / usual);
}

/** Requests a second in the rows about each. */
function rateOf(life: readonly RouteRow[], reach: number): number[] {
  return life.map((_, nth) => {
    const [before, after] = [life[Math.max(0, nth - reach)], life[Math.min(life.length - 1, nth + reach)]];
    return (after.requests - before.requests) / (after.ageS - before.ageS);
  });
}

function settling(life: readonly RouteRow[]): number[] {
  const from = life[0].ageS;
  const paceS = (life[life.length - 1].ageS - from) * SETTLES;
  return life.map(({ ageS }) => Math.exp(-(ageS - from) / paceS));
}

interface Ends {
  first: [from: number, to: number];
  last: [from: number, to: number];
}

function endsOf(lives: readonly (readonly RouteRow[])[]): Ends[] {
  let from = 0;
  return lives.map(({ length }) => {
    const ends: Ends = { first: [from, from + END_ROWS], last: [from + length - END_ROWS, from + length] };
    from += length;
    return ends;
  });
}

function meanOf(column: Float64Array, [from, to]: [number, number]): number {
  let sum = 0;
  for (let at = from; at < to; at++) sum += column[at];
  return sum / (to - from);
}
