import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seeded } from '../simulate/random.ts';
import { memoryFor, ripple } from '../simulate/ripple.ts';
import { attributeToRoutes, type RouteAttribution } from './attribute.ts';
import { RouteTable } from './route-table.ts';

const MB = 1048576;
const ROUTES = ['GET /', 'GET /item/:id', 'POST /login', 'POST /order'] as const;

interface Told {
  seed?: number;
  floors?: number;
  /** Bytes a request, by route. */
  leaks?: Partial<Record<(typeof ROUTES)[number], number>>;
  perMinute?: number;
  /** How each route's share of the requests goes on its own; 0: all move together. */
  drift?: number;
  /** Bytes held in a bounded way, at a minute, with so many requests in that minute. */
  held?: (minute: number, requests: number) => number;
}

/** A floor a minute with noise of a megabyte that remembers (0.9 from minute to minute), and four routes. */
function told({ seed = 1, floors = 400, leaks = {}, perMinute = 0, drift = 0.5, held }: Told): RouteTable {
  const random = seeded(seed * 7919);
  const noise = ripple(random, MB, memoryFor(0.9, 60));
  const ups = ROUTES.map(() => ripple(random, drift, 20 * 60));
  const table = new RouteTable({ warmupMs: 600_000 });
  const counts = ROUTES.map(() => 0);
  for (let minute = 0; minute < floors; minute++) {
    let served = 0;
    for (const [nth, up] of ups.entries()) {
      const now = Math.round((600 / (nth + 1)) * Math.exp(up(60)));
      counts[nth] = (counts[nth] ?? 0) + now;
      served += now;
    }
    const leaked = ROUTES.reduce((sum, route, nth) => sum + (leaks[route] ?? 0) * (counts[nth] ?? 0), 0);
    const bytes = 200 * MB + noise(60) + leaked + perMinute * minute + (held?.(minute, served) ?? 0);
    const requestsByRoute = Object.fromEntries(ROUTES.map((route, nth) => [route, counts[nth] ?? 0]));
    table.add({ timeMs: minute * 60_000, bytes, requestsByRoute });
  }
  return table;
}

const sure = (attribution: RouteAttribution | null): string[] =>
  (attribution?.shares ?? []).filter((share) => share.sure).flatMap(({ routes }) => [...routes]);

test('the route that leaks is named, with its bytes a request in the interval, and in words', () => {
  const attribution = attributeToRoutes(told({ leaks: { 'POST /login': 2048 } }));
  expect(sure(attribution)).toEqual(['POST /login']);
  const share = attribution?.shares[0];
  expect(share?.bytesPerRequest.low).toBeLessThan(2048);
  expect(share?.bytesPerRequest.high).toBeGreaterThan(2048);
  expect(share?.share).toBeGreaterThan(0.9);
  expect(share?.sentence).toMatch(
    /^POST \/login leaks 2\.\d KB a request \(\d\.\d KB to \d\.\d KB\), \d+ % of the growth$/,
  );
});

test('two routes that leak are both named', () => {
  const attribution = attributeToRoutes(told({ leaks: { 'POST /login': 2048, 'GET /item/:id': 2048 } }));
  expect(sure(attribution).sort()).toEqual(['GET /item/:id', 'POST /login']);
});

test('routes that move together are told together, with an interval for what they add', () => {
  const attribution = attributeToRoutes(told({ leaks: { 'POST /login': 2048 }, drift: 0 }));
  expect(sure(attribution)).toEqual([]);
  const [share] = attribution?.shares ?? [];
  expect(share?.routes).toEqual(expect.arrayContaining([...ROUTES]));
  expect(share?.orTime).toBe(true);
  expect(share?.sentence).toContain("which of them leaks can't be told: they move together");
  // 2,048 bytes of one request in (1 + 1/2 + 1/3 + 1/4) × 3.
  const each = 2048 / ((1 + 1 / 2 + 1 / 3 + 1 / 4) * 3);
  expect(share?.bytesPerRequest.low).toBeLessThan(each);
  expect(share?.bytesPerRequest.high).toBeGreaterThan(each);
});

test('growth with time is laid to no route', () => {
  const attribution = attributeToRoutes(told({ perMinute: MB }));
  expect(sure(attribution)).toEqual([]);
  expect(attribution?.shares[0]?.orTime).toBe(true);
});

test('growth with every request is laid to no route', () => {
  const all = Object.fromEntries(ROUTES.map((route) => [route, 1024]));
  const attribution = attributeToRoutes(told({ leaks: all, floors: 800 }));
  expect(sure(attribution)).toEqual([]);
  expect(attribution?.shares[0]?.anyRoute).toBe(true);
});

test('noise, a cache that fills, and memory held for the traffic get no route blamed', () => {
  for (let seed = 1; seed <= 12; seed++) {
    const noise = told({ seed });
    const cache = told({ seed, held: (minute) => 60 * MB * (1 - Math.exp(-minute / 70)) });
    const traffic = told({ seed, held: (_, requests) => 0.02 * MB * requests });
    for (const table of [noise, cache, traffic]) expect(sure(attributeToRoutes(table))).toEqual([]);
  }
});

test('lives before and after a restart, and siblings, count together', () => {
  const leaks = { 'POST /order': 2500 };
  const alone = attributeToRoutes(told({ seed: 3, floors: 120, leaks }));
  const table = told({ seed: 3, floors: 120, leaks });
  for (let seed = 4; seed <= 7; seed++) table.join(told({ seed, floors: 120, leaks }));
  const together = attributeToRoutes(table);
  expect(sure(together)).toEqual(['POST /order']);
  expect(sure(alone)).toEqual([]);
});

test('of a handful of floors nothing is said', () => {
  expect(attributeToRoutes(new RouteTable())).toBeNull();
  expect(attributeToRoutes(told({ floors: 14, leaks: { 'GET /': 9000 } }))).toBeNull();
});

test('the interval holds its promise: nineteen of twenty hold the truth, or nearly', () => {
  let covered = 0;
  let named = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const attribution = attributeToRoutes(told({ seed, floors: 200, leaks: { 'GET /item/:id': 2048 } }));
    for (const { routes, bytesPerRequest, sure: isSure } of attribution?.shares ?? []) {
      if (!isSure || routes[0] !== 'GET /item/:id') continue;
      named++;
      if (bytesPerRequest.low <= 2048 && bytesPerRequest.high >= 2048) covered++;
    }
  }
  expect(named).toBeGreaterThan(30);
  expect(covered / named).toBeGreaterThan(0.85);
});

test('the unit of bytes makes no difference, and nothing that comes in makes it throw', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.constantFrom(0.001, 64, 4096), (seed, unit) => {
      const table = new RouteTable({ warmupMs: 0 });
      const scaled = new RouteTable({ warmupMs: 0 });
      const random = seeded(seed);
      let [a, b] = [0, 0];
      for (let second = 0; second < 40; second++) {
        a += Math.floor(random.between(0, 50));
        b += Math.floor(random.between(0, 50));
        const bytes = 10_000 + 10 * a + 100 * random.next();
        table.add({ timeMs: second * 1000, bytes, requestsByRoute: { a, b } });
        scaled.add({ timeMs: second * 1000, bytes: bytes * unit, requestsByRoute: { a, b } });
      }
      expect(sure(attributeToRoutes(scaled))).toEqual(sure(attributeToRoutes(table)));
    }),
    { numRuns: 20 },
  );
  const number = fc.oneof(fc.double({ min: 0, max: 1e12 }), fc.nat({ max: 50 }));
  fc.assert(
    fc.property(fc.array(fc.tuple(number, number, number), { minLength: 12, maxLength: 40 }), (rows) => {
      const table = new RouteTable({ warmupMs: 0 });
      for (const [nth, [bytes, a, b]] of rows.entries())
        table.add({ timeMs: nth * 1000, bytes, requestsByRoute: { a, b: Math.floor(b) } });
      for (const { share, bytesPerRequest } of attributeToRoutes(table)?.shares ?? []) {
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1);
        expect(bytesPerRequest.low).toBeGreaterThanOrEqual(0);
        expect(bytesPerRequest.high).toBeGreaterThanOrEqual(bytesPerRequest.value);
      }
    }),
  );
});
