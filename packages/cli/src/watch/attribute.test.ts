import type { Finding } from '@ebb/heap';
import { attributeToRoutes, RouteTable, type RouteShare } from '@ebb/trend';
import { seeded } from '@ebb/trend/simulate';
import { expect, test } from 'vitest';
import type { CapturedSnapshot } from '../evidence/events.ts';
import { routeText } from '../report/finding-text.ts';
import { withRoutes } from './attribute.ts';

const ROUTES = ['GET /', 'GET /item/:id', 'POST /login', 'POST /order'] as const;

interface Watched {
  captures: CapturedSnapshot[];
  finding: Finding;
  sure: RouteShare[];
}

/** A minute of requests, a floor a second; three snapshots, ten seconds apart; each request of one route adds so many entries of so many bytes. The routes have their ups and downs. */
function watched(seed: number, entries: number, entryBytes: number): Watched {
  const random = seeded(seed * 7919);
  const counts = ROUTES.map(() => 0);
  const table = new RouteTable({ warmupMs: 8000 });
  const captures: CapturedSnapshot[] = [];
  const held: number[] = [];
  let added = 0;
  for (let second = 0; second <= 60; second++) {
    for (const nth of ROUTES.keys()) {
      const now = Math.round(
        (40 / (nth + 1)) * (1 + 0.8 * Math.sin(second / (3 + nth) + seed)) * random.between(0.6, 1.4),
      );
      counts[nth] = (counts[nth] ?? 0) + now;
      if (nth === 2) added += now * entries;
    }
    const requests = counts.reduce((sum, count) => sum + count, 0);
    const requestsByRoute = Object.fromEntries(ROUTES.map((route, nth) => [route, counts[nth] ?? 0]));
    const bytes = 5e7 + 3e5 * random.normal() + Math.floor(added) * entryBytes;
    table.add({ timeMs: second * 1000, bytes, requests, requestsByRoute });
    if (second < 40 || second % 10 !== 0) continue;
    const at = second * 1000;
    captures.push({ file: 'x', method: 'fork', pauseMs: 1, takenAtMs: at, activeMs: at, requests, requestsByRoute });
    held.push(Math.floor(added));
  }
  const steps = held.slice(1).map((count, nth) => ({ count: count - (held[nth] ?? 0), bytes: 0 }));
  const growthCount = steps.reduce((sum, { count }) => sum + count, 0);
  const finding = { growthCount, growthBytes: growthCount * entryBytes, steps } as unknown as Finding;
  const sure = (attributeToRoutes(table)?.shares ?? []).filter((share) => share.sure);
  return { captures, finding, sure };
}

test('entries that are counted at three snapshots name the route that adds one a request, whatever the floors say', () => {
  let [byEntries, byFloors] = [0, 0];
  for (let seed = 1; seed <= 20; seed++) {
    const { captures, finding, sure } = watched(seed, 1, 300);
    const [told] = withRoutes([finding], captures, []);
    if (told?.routes?.join() === 'POST /login' && told.entriesPerRequest === 1) byEntries++;
    if (sure.length === 1 && sure[0]?.routes[0] === 'POST /login') byFloors++;
  }
  // Three hundred bytes a request drown in the floors' noise within a minute; counts have none.
  expect(byEntries).toBeGreaterThanOrEqual(19);
  expect(byFloors).toBeLessThan(byEntries);
});

test('where entries fit no route, or a wrong one by chance, the bytes of the floors name it', () => {
  let [named, wrong, wrongByEntries] = [0, 0, 0];
  for (let seed = 1; seed <= 20; seed++) {
    const { captures, finding, sure } = watched(seed, 0.37, 30_000);
    const [byEntries] = withRoutes([finding], captures, []);
    if (byEntries?.routes !== undefined && !byEntries.routes.includes('POST /login')) wrongByEntries++;
    const [told] = withRoutes([finding], captures, sure);
    if (told?.routes?.join() === 'POST /login') named++;
    else if (told?.routes !== undefined) wrong++;
  }
  console.log(named, wrong, wrongByEntries);
  expect(named).toBeGreaterThanOrEqual(16);
  expect(wrong).toBeLessThan(wrongByEntries);
});

test('bytes a request are told with their interval', () => {
  const { captures, finding, sure } = watched(2, 0.37, 30_000);
  const [told] = withRoutes([finding], captures, sure);
  const text = told === undefined ? null : routeText(told);
  expect(text).toMatch(/^POST \/login, 1\d(?:\.\d)? KB a request \([\d.]+ KB to [\d.]+ KB\)$/);
});

test('a route is laid to a finding that is most of the growth, and to no other', () => {
  const { captures, finding, sure } = watched(1, 0.37, 30_000);
  const other = { ...finding };
  const told = withRoutes([finding, other], captures, sure);
  for (const { bytesPerRequest } of told) expect(bytesPerRequest).toBeUndefined();
});
