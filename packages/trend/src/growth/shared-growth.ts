/**
 * How fast several processes grow that do the same: one slope for all, each with a level of its own and with what it holds for
 * its present traffic, by the regression whose noise remembers (`routes/regression.ts`). So neither more traffic nor a day's
 * wave of it, nor processes of another size beside, pass for growth.
 */
import { intervalOf, Regression, type Estimate } from '../routes/regression.ts';

/** What a process held at a time. */
export interface GrowthPoint {
  readonly timeMs: number;
  /** Floor after a collection; RSS where nothing else is known. */
  readonly bytes: number;
  /** Cumulative since the process started; null where it is not known. */
  readonly requests: number | null;
}

/** A slope by each measure; null where it cannot be told. */
export interface SharedGrowth {
  readonly perRequest: Estimate | null;
  readonly perSecond: Estimate | null;
  /** Rows that the slopes rest on, after neighbours were put together. */
  readonly rows: number;
}

/** Neighbouring points are put together until so many are left of a process. */
const MOST_ROWS_EACH = 48;
const MOST_ROWS = 400;
const LEAST_ROWS = 5;
/** Fewer rows do not tell traffic apart from growth. */
const LEAST_ROWS_FOR_TRAFFIC = 12;
/** Requests that came in while nothing was served tell nothing. */
const LEAST_REQUESTS = 1;

interface Row {
  timeMs: number;
  bytes: number;
  requests: number | null;
  /** Requests a second since the row before. */
  rate: number | null;
}

/**
 * The growth that stretches of several processes share; each stretch in the order of time, from one life of one process.
 * O(rows × stretches), some milliseconds for hundreds of rows.
 */
export function sharedGrowth(stretches: readonly (readonly GrowthPoint[])[]): SharedGrowth {
  const mostEach = Math.max(
    LEAST_ROWS,
    Math.min(MOST_ROWS_EACH, Math.floor(MOST_ROWS / Math.max(1, stretches.length))),
  );
  const lives = stretches.map((points) => rowsOf(points, mostEach)).filter((rows) => rows.length >= 3);
  const count = lives.reduce((sum, rows) => sum + rows.length, 0);
  if (count < LEAST_ROWS + lives.length - 1) return { perRequest: null, perSecond: null, rows: count };
  const withRequests = lives.filter(
    (rows) => rows.every(({ requests }) => requests !== null) && served(rows) >= LEAST_REQUESTS,
  );
  return {
    perRequest: slopeOf(withRequests, ({ requests }) => requests ?? 0),
    perSecond: slopeOf(lives, ({ timeMs }, rows) => (timeMs - rows[0].timeMs) / 1000),
    rows: count,
  };
}

function served(rows: readonly Row[]): number {
  return (rows.at(-1)?.requests ?? 0) - (rows[0].requests ?? 0);
}

/** Blocks of neighbouring points, equally long in time. */
function rowsOf(points: readonly GrowthPoint[], most: number): Row[] {
  const usable = points.filter(({ timeMs, bytes }) => Number.isFinite(timeMs) && Number.isFinite(bytes));
  const first = usable.at(0);
  const last = usable.at(-1);
  if (first === undefined || last === undefined || last.timeMs === first.timeMs) return [];
  const blockMs = (last.timeMs - first.timeMs) / most;
  const rows: (Row & { points: number })[] = [];
  let open = -1;
  for (const { timeMs, bytes, requests } of usable) {
    const block = Math.min(most - 1, Math.floor((timeMs - first.timeMs) / blockMs));
    const row = rows.at(-1);
    if (block !== open || row === undefined) {
      rows.push({ timeMs, bytes, requests, rate: null, points: 1 });
      open = block;
      continue;
    }
    row.points++;
    row.timeMs += (timeMs - row.timeMs) / row.points;
    row.bytes += (bytes - row.bytes) / row.points;
    row.requests =
      row.requests === null || requests === null ? null : row.requests + (requests - row.requests) / row.points;
  }
  for (const [at, row] of rows.entries()) {
    const before = at === 0 ? undefined : rows[at - 1];
    if (before?.requests == null || row.requests === null || row.timeMs <= before.timeMs) continue;
    row.rate = (row.requests - before.requests) / ((row.timeMs - before.timeMs) / 1000);
  }
  if (rows.length > 1) rows[0].rate = rows[1].rate;
  return rows;
}

function slopeOf(lives: readonly (readonly Row[])[], xOf: (row: Row, rows: readonly Row[]) => number): Estimate | null {
  const count = lives.reduce((sum, rows) => sum + rows.length, 0);
  if (count < LEAST_ROWS + lives.length - 1) return null;
  const apart = new Float64Array(count);
  const bytes = new Float64Array(count);
  const x = new Float64Array(count);
  const rate = new Float64Array(count);
  const levels = lives.map(() => new Float64Array(count));
  const distances = lives.flatMap((rows) => rows.slice(1).map((row, at) => row.timeMs - rows[at].timeMs));
  const usualMs = distances.sort((a, b) => a - b)[distances.length >> 1] ?? 1;
  let at = 0;
  let knowsTraffic = count - lives.length >= LEAST_ROWS_FOR_TRAFFIC;
  for (const [nth, rows] of lives.entries()) {
    for (const [place, row] of rows.entries()) {
      apart[at] = place === 0 ? 0 : (row.timeMs - rows[place - 1].timeMs) / usualMs;
      bytes[at] = row.bytes - rows[0].bytes;
      x[at] = xOf(row, rows);
      knowsTraffic &&= row.rate !== null;
      rate[at] = row.rate ?? 0;
      levels[nth][at] = 1;
      at++;
    }
  }
  const regression = new Regression({ apart, bytes }, knowsTraffic ? [...levels, rate] : levels);
  if (regression.freedom < 2) return null;
  const guess = regression.guess(x);
  return guess === null ? null : intervalOf([{ chance: 1, guess }]);
}
