import { Chalk } from 'chalk';
import { expect, test } from 'vitest';
import type { Judgement } from '@ebb/trend';
import type { Judged } from './judge-files.ts';
import { renderJudged } from './render.ts';
import type { FileRead } from './rows.ts';
import type { JudgedSeries } from './series.ts';

const HOUR_S = 3600;
const noonS = Date.UTC(2026, 10, 21, 12) / 1000;

function judgement(verdict: Judgement['verdict'], mbAnHour: number, evidence: string[]): Judgement {
  const bytesPerSecond = (mbAnHour * 1e6) / HOUR_S;
  return {
    verdict,
    suspicious: verdict === 'leak',
    trend: {
      bytesPerSecond,
      interval: [0.9 * bytesPerSecond, 1.1 * bytesPerSecond],
      bytesPerRequest: null,
      secondsToLimit: verdict === 'leak' ? 10 * HOUR_S : null,
      secondsToLimitInterval: verdict === 'leak' ? [9 * HOUR_S, 11 * HOUR_S] : null,
      limitBytes: 500e6,
    },
    evidence,
  };
}

function series(name: string, said: Judgement, mbAnHour: number): JudgedSeries {
  const hours = Array.from({ length: 49 }, (_, half) => half / 2);
  const points = hours.map((hour) => ({
    timeMs: (noonS + hour * HOUR_S) * 1000,
    bytes: 100e6 + mbAnHour * 1e6 * hour,
  }));
  const leaks = said.verdict === 'leak';
  return {
    name,
    file: 'week.csv',
    changes: [{ atSeconds: noonS, verdict: 'warming' }],
    routes: [],
    changesOmitted: 0,
    firstLeakAtSeconds: leaks ? noonS + 8 * HOUR_S : null,
    leftAtFirstLeak: leaks ? 0.8 : null,
    judgement: said,
    samples: 1441,
    duplicates: 0,
    restarts: 0,
    firstAtSeconds: noonS,
    lastAtSeconds: noonS + 24 * HOUR_S,
    firstBytes: 100e6,
    lastBytes: points.at(-1)?.bytes ?? null,
    limitBytes: 500e6,
    kinds: { rss: true, floor: false },
    points,
  };
}

const read: FileRead = {
  file: 'week.csv',
  rows: 2882,
  values: 2882,
  gaps: 0,
  unreadable: 0,
  unreadableExtras: 0,
  first: [],
  columns: null,
  rounded: false,
};
const judged = (...all: JudgedSeries[]): Judged[] => [{ file: read, series: all, sorted: 0 }];
const plain = { width: 78, chalk: new Chalk({ level: 0 }) };
const clean = series('web-1', judgement('clean', 0, ['RSS stayed between 99 MB and 101 MB for 24 h']), 0);
const leaking = series('web-2', judgement('leak', 10, ['RSS rose from 100 MB to 340 MB in 24 h']), 10);

test('a leak and a clean series, as a reader sees them', () => {
  expect(renderJudged(judged(clean, leaking), plain)).toMatchInlineSnapshot(`
    "LEAK           web-2
                   340 MB now, +167 KB a minute (+150 to +183 KB a minute); the
                   limit of 500 MB is 10 hours away (9.0 to 11 hours)
                   a leak was said at 2026-11-21 20:00, 8.0 hours after the first
                   value; 80 % of the way to the limit was left
                   RSS, 1,441 values in 24 hours

       520 MB ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒

                                                                     ⢀⣀⣀⣀⣀⣠⣤⣤⣤⣤⣤⣶
                                                ⣀⣀⣀⣀⣀⣤⣤⣤⣤⣤⣴⣶⣶⣶⣶⣶⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
                          ⢀⣀⣀⣀⣀⣀⣤⣤⣤⣤⣤⣶⣶⣶⣶⣶⣾⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
              ⣤⣤⣶⣶⣶⣶⣶⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
          0 B ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
                                    ▲ leak
              2026-11-21 12:00                                   2026-11-22 12:00

      · RSS rose from 100 MB to 340 MB in 24 h

    CLEAN          web-1
                   100 MB now
                   RSS, 1,441 values in 24 hours

       520 MB ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒ ⠒




              ⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤⣤
          0 B ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
              2026-11-21 12:00                                   2026-11-22 12:00

      · RSS stayed between 99 MB and 101 MB for 24 h

    2 series, 2,882 values: 1 leak and 1 clean"
  `);
});

test('of many series only those that grow have a block; each other has a line, and a name steers no terminal', () => {
  const many = Array.from({ length: 40 }, (_, nth) => ({ ...clean, name: `web-${nth}\u001b[2J` }));
  const text = renderJudged(judged(...many, leaking), plain);
  expect(text.match(/▲ leak/g)).toHaveLength(1);
  expect(text).toContain('CLEAN          web-39\\x1b[2J  100 MB\n');
  expect(text).not.toContain('\u001b');
  expect(text).toContain('41 series, 2,882 values: 1 leak and 40 clean');
});

test('colours are used where they are wanted', () => {
  expect(renderJudged(judged(leaking), { width: 78, chalk: new Chalk({ level: 1 }) })).toContain('\u001b[31m');
});
