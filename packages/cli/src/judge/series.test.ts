import { expect, test } from 'vitest';
import { seeded } from '@ebb/trend/simulate';
import type { SeriesRow } from './rows.ts';
import { SeriesJudge } from './series.ts';

const MB = 1048576;

/** A day of floors, a minute each, of a program of which a request of one route leaks so many bytes. */
function judged(leakBytes: number, routes: readonly string[]): SeriesJudge {
  const judge = new SeriesJudge('web', 'a.csv', null);
  const random = seeded(7);
  const counts = [0, 0];
  for (let minute = 0; minute < 24 * 60; minute++) {
    const share = 0.5 + 0.4 * Math.sin(minute / 50);
    counts[0] = (counts[0] ?? 0) + Math.round(600 * share);
    counts[1] = (counts[1] ?? 0) + Math.round(600 * (1 - share));
    const row: SeriesRow = {
      line: minute + 2,
      series: 'web',
      timeS: minute * 60,
      bytes: 200 * MB + MB * random.normal() + leakBytes * counts[1],
      kind: 'floor',
      limitBytes: 2048 * MB,
      requests: (counts[0] ?? 0) + (counts[1] ?? 0),
      routes: [...counts],
      ageS: null,
      version: null,
      siblingGroup: null,
    };
    judge.take(row);
  }
  judge.end();
  judge.nameRoutes(routes);
  return judge;
}

test('requests by route tell which route leaks, and how many bytes a request', () => {
  const { judgement, routes } = judged(2048, ['GET /', 'POST /login']);
  expect(judgement?.verdict).toBe('leak');
  expect(routes).toHaveLength(1);
  expect(routes[0]).toMatchObject({ routes: ['POST /login'], sure: true });
  expect(routes[0]?.bytesPerRequest.low).toBeLessThan(2048);
  expect(routes[0]?.bytesPerRequest.high).toBeGreaterThan(2048);
  expect(judgement?.evidence.join()).toMatch(
    /POST \/login leaks 2\.0 KB a request \([\d.]+ KB to [\d.]+ KB\), \d+ % of the growth/,
  );
});

test('no route is named of a series that does not leak', () => {
  expect(judged(0, ['GET /', 'POST /login']).routes).toEqual([]);
});

test('what a file calls its routes cannot move the cursor', () => {
  const { judgement } = judged(2048, ['GET /', 'POST /\u001b[31mlogin']);
  expect(judgement?.evidence.join()).not.toContain('\u001b');
});
