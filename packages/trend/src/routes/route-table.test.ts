import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RouteTable, type RouteSample } from './route-table.ts';

const sample = (second: number, bytes: number, requestsByRoute: Record<string, number>): RouteSample => ({
  timeMs: second * 1000,
  bytes,
  requestsByRoute,
});

function tableOf(samples: number, options = { rows: 32, routes: 4, warmupMs: 0 }): RouteTable {
  const table = new RouteTable(options);
  for (let second = 0; second < samples; second++)
    table.add(sample(second, 1000 + 3 * second, { a: second, b: 2 * second }));
  return table;
}

test('the table stays as small as it is told to, however many floors come', () => {
  for (const samples of [10, 100, 5000]) {
    const { rows } = tableOf(samples);
    expect(rows.length).toBeLessThanOrEqual(32);
    expect(rows.length).toBeGreaterThanOrEqual(Math.min(samples, 16));
  }
});

test('rows are means, so that what is linear in the counts stays so', () => {
  for (const row of tableOf(777).rows) {
    expect(row.bytes).toBeCloseTo(1000 + 3 * row.ageS, 6);
    expect(row.byRoute[1]).toBeCloseTo(2 * row.ageS, 6);
    expect(row.requests).toBeCloseTo(3 * row.ageS, 6);
  }
});

test('what is held during the warm-up does not count', () => {
  const table = tableOf(60, { rows: 64, routes: 4, warmupMs: 10_000 });
  expect(table.rows[0]?.ageS).toBe(10);
});

test('a count that falls begins another life', () => {
  const table = tableOf(20);
  for (let second = 20; second < 40; second++) table.add(sample(second, 500, { a: second - 20, b: 0 }));
  const lives = new Set(table.rows.map(({ life }) => life));
  expect(lives.size).toBe(2);
  expect(table.rows.filter(({ life }) => life === 1)[0]).toMatchObject({ bytes: 500 });
});

test('the busiest routes are told apart, whatever came first; the rest is counted together', () => {
  const table = new RouteTable({ rows: 32, routes: 2, warmupMs: 0 });
  for (let second = 0; second < 30; second++) {
    table.add(sample(second, 1000, { scan1: 1, scan2: 1, late: 10 * Math.max(0, second - 5), busy: 50 * second }));
  }
  expect([...table.routes].sort()).toEqual(['busy', 'late']);
  const last = table.rows.at(-1);
  const told = last?.byRoute.reduce((sum, count) => sum + count, 0) ?? 0;
  expect(last?.requests).toBeGreaterThanOrEqual(told);
});

test('a saved table goes on as if it had never been away', () => {
  const whole = tableOf(300);
  const half = tableOf(150);
  const restored = RouteTable.restore(JSON.parse(JSON.stringify(half.save())));
  for (let second = 150; second < 300; second++)
    restored?.add(sample(second, 1000 + 3 * second, { a: second, b: 2 * second }));
  expect(restored?.save()).toEqual(whole.save());
});

test('what is no whole state is not restored', () => {
  const state = tableOf(50).save();
  expect(RouteTable.restore({ ...state, rows: [[1, 2, 3]] })).toBeNull();
  expect(RouteTable.restore({ ...state, format: 'other' as 'ebb.routes/1' })).toBeNull();
  expect(RouteTable.restore({ ...state, blockS: Number.NaN })).toBeNull();
});

test('a table that is joined stands beside the present life, which goes on', () => {
  const table = tableOf(100);
  const before = new RouteTable({ rows: 32, routes: 4, warmupMs: 0 });
  for (let second = 0; second < 900; second++) before.add(sample(second, 10, { c: second, a: second }));
  table.join(before);
  expect(table.routes).toEqual(['a', 'b', 'c']);
  expect(table.rows.length).toBeLessThanOrEqual(32);
  table.add(sample(100, 1300, { a: 100, b: 200 }));
  const newest = table.rows.at(-1);
  const lives = new Set(table.rows.map(({ life }) => life));
  expect(lives.size).toBe(2);
  expect(newest?.bytes).toBeGreaterThan(1000);
  expect(table.rows.filter(({ bytes }) => bytes === 10).every(({ byRoute }) => byRoute[2] === byRoute[0])).toBe(true);
});

test('nothing that comes in makes it throw, grow, or hold what is no number', () => {
  const number = fc.oneof(fc.double(), fc.integer({ min: -5, max: 500 }), fc.constant(Number.NaN));
  const counts = fc.dictionary(fc.oneof(fc.constantFrom('a', 'b', '__proto__', 'constructor'), fc.string()), number);
  fc.assert(
    fc.property(fc.array(fc.tuple(number, number, counts), { maxLength: 200 }), (told) => {
      const table = new RouteTable({ rows: 16, routes: 3, warmupMs: 0 });
      for (const [timeMs, bytes, requestsByRoute] of told) table.add({ timeMs, bytes, requestsByRoute });
      expect(table.rows.length).toBeLessThanOrEqual(16);
      expect(table.routes.length).toBeLessThanOrEqual(3);
      for (const row of table.rows) for (const count of row.byRoute) expect(Number.isNaN(count)).toBe(false);
      expect(RouteTable.restore(table.save())).not.toBeUndefined();
    }),
  );
});

test('a floor that is told twice, or late, counts once; a year without one changes no count', () => {
  const step = fc.record({
    second: fc.integer({ min: 1, max: 500 }),
    bytes: fc.nat({ max: 1e9 }),
    a: fc.nat({ max: 50 }),
    b: fc.nat({ max: 50 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 100 }), fc.nat({ max: 99 }), (steps, gapAt) => {
      const options = { rows: 16, routes: 3, warmupMs: 0 };
      const [once, twice, gapped] = [new RouteTable(options), new RouteTable(options), new RouteTable(options)];
      let [atS, a, b] = [0, 0, 0];
      for (const [nth, told] of steps.entries()) {
        const late = sample(atS, 7, { a, b });
        [atS, a, b] = [atS + told.second, a + told.a, b + told.b];
        const now = sample(atS, told.bytes, { a, b });
        once.add(now);
        for (const row of [now, now, late]) twice.add(row);
        gapped.add({ ...now, timeMs: now.timeMs + (nth >= gapAt ? 365 * 86_400_000 : 0) });
      }
      expect(twice.save()).toEqual(once.save());
      const last = (table: RouteTable): readonly number[] | undefined => table.rows.at(-1)?.byRoute;
      expect(last(gapped)?.every((count, route) => count <= [a, b, 0][route])).toBe(true);
      expect(gapped.rows.length).toBeLessThanOrEqual(16);
    }),
  );
});
