import { expect, it } from 'vitest';
import { MemoryJudge, type MemoryJudgeOptions } from './judge.ts';
import { SeenRises } from './pooling/seen-rises.ts';
import { MB, seeded } from './simulate/index.ts';

const levelAt = (mbAnHour: number, hour: number): number => (200 + mbAnHour * hour) * MB;

/** What three earlier processes did: each a row a minute for a day. */
function risesOf(mbAnHour: number): SeenRises {
  const rises = new SeenRises();
  for (let process = 0; process < 3; process++) {
    const random = seeded(process + 1);
    for (let minute = 0; minute < 24 * 60; minute++) {
      const bytes = levelAt(mbAnHour, minute / 60) + MB * random.normal();
      rises.add({ process: String(process), ageS: minute * 60, bytes, requests: null });
    }
  }
  return rises;
}

/** When a process that grows by 1 % of its limit an hour is called a leak, in hours; null when it isn't within twelve. */
function toldAtHour(usual: MemoryJudgeOptions['usual'] | null): number | null {
  const judge = new MemoryJudge({ warmupMs: 600_000, ...(usual ? { usual } : {}) });
  const random = seeded(9);
  for (let minute = 0; minute < 12 * 60; minute++) {
    const timeMs = minute * 60_000;
    const heapBytes = levelAt(10, minute / 60) + MB * random.normal();
    const sample = {
      timeMs,
      floor: { timeMs, heapBytes, externalBytes: 0, arrayBuffersBytes: 0 },
      heapUsedBytes: heapBytes,
      rssBytes: heapBytes + 60 * MB,
      externalBytes: 0,
      arrayBuffersBytes: 0,
      requests: null,
      heapLimitBytes: 1000 * MB,
      rssLimitBytes: null,
    };
    if (judge.observe(sample).verdict === 'leak') return minute / 60;
  }
  return null;
}

it('calls growth a leak sooner when earlier processes did not grow so at the same age', () => {
  const alone = toldAtHour(null);
  expect(alone).toBeGreaterThan(8);
  const besideStill = toldAtHour({ rises: risesOf(0), ageS: 0 });
  expect(besideStill).toBeGreaterThan(3);
  expect(besideStill).toBeLessThan(alone! * 0.8);
});

it('needs all of its patience for growth that was seen before and at ages that were never seen', () => {
  const alone = toldAtHour(null);
  expect(toldAtHour({ rises: risesOf(9), ageS: 0 })).toBe(alone);
  expect(toldAtHour({ rises: risesOf(0), ageS: 30 * 86_400 })).toBe(alone);
  expect(toldAtHour({ rises: new SeenRises(), ageS: 0 })).toBe(alone);
});
