import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RouteSeries } from '../ingest/report.ts';
import { newTotals, riseOf, type RouteTotals } from './route-totals.ts';

const series = (requests: number | null, inTime: number | null, told: Partial<RouteSeries> = {}): RouteSeries => ({
  key: 'k',
  route: 'GET /a',
  isFailing: false,
  requests,
  inTime,
  ...told,
});
const rise = (totals: RouteTotals, timeMs: number, ...told: RouteSeries[]): [number, number, number] => {
  const rises = riseOf(totals, told, timeMs);
  const sum = (field: 'requests' | 'failed' | 'good'): number => rises.reduce((all, one) => all + one[field], 0);
  return [sum('requests'), sum('failed'), sum('good')];
};

test('what a process had counted before it was seen is left out, what it counts then is counted', () => {
  const totals = newTotals(1000, null);
  expect(rise(totals, 1000, series(500, 400))).toEqual([0, 0, 0]);
  expect(rise(totals, 2000, series(510, 408))).toEqual([10, 0, 8]);
});

test('a process that was started a moment ago is counted from its start', () => {
  expect(rise(newTotals(60_000, 1000), 60_000, series(20, 15))).toEqual([20, 0, 15]);
});

test('the first failed requests of a known process are counted', () => {
  const totals = newTotals(1000, null);
  rise(totals, 1000, series(500, 400));
  const failed = series(3, 3, { key: 'failed', isFailing: true });
  expect(rise(totals, 2000, series(500, 400), failed)).toEqual([3, 3, 0]);
});

test('what is told again or late rises by nothing, and counters that begin anew rise by what they have', () => {
  const totals = newTotals(1000, null);
  rise(totals, 1000, series(100, 100));
  expect(rise(totals, 2000, series(110, 110))).toEqual([10, 0, 10]);
  expect(rise(totals, 2000, series(110, 110))).toEqual([0, 0, 0]);
  expect(rise(totals, 1500, series(105, 105))).toEqual([0, 0, 0]);
  expect(rise(totals, 3000, series(7, 5))).toEqual([7, 0, 5]);
});

test('counts of one moment may come in two requests, as Prometheus cuts them', () => {
  const totals = newTotals(1000, null);
  rise(totals, 1000, series(100, null));
  rise(totals, 1000, series(null, 90));
  expect(rise(totals, 2000, series(120, null))).toEqual([20, 0, 0]);
  expect(rise(totals, 2000, series(null, 108))).toEqual([0, 0, 18]);
});

test('whatever is cut, sent again or late: the rises add up to what was counted', () => {
  const step = fc.record({ more: fc.nat(50), slow: fc.nat(5), again: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let totals = newTotals(0, 0);
      let [requests, good, counted, countedGood] = [0, 0, 0, 0];
      for (const [at, { more, slow, again }] of steps.entries()) {
        requests += more + slow;
        good += more;
        for (let i = 0; i < (again ? 2 : 1); i++) {
          const [one, , two] = rise(totals, (at + 1) * 1000, series(requests, good));
          counted += one;
          countedGood += two;
        }
        // As it is kept in the database.
        totals = JSON.parse(JSON.stringify(totals)) as RouteTotals;
      }
      expect([counted, countedGood]).toEqual([requests, good]);
    }),
  );
});

test('series that are too many are not counted, and cost nothing', () => {
  const totals = newTotals(1000, null);
  const flood = Array.from({ length: 1000 }, (_, i) => series(1, 1, { key: `k${i}` }));
  riseOf(totals, flood, 1000);
  expect(Object.keys(totals.series)).toHaveLength(400);
});
