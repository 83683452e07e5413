import { expect, test } from 'vitest';
import { seeded } from '@ebb/trend/simulate';
import { judgeGroup, type GroupMember } from './judge-group.ts';
import { KeptRows } from './kept-rows.ts';
import type { SeriesRow } from './rows.ts';
import { SeriesJudge } from './series.ts';

const MB = 1048576;
const HOUR = 60;

function row(series: string, minute: number, bytes: number, version = '1.0', ageS: number | null = null): SeriesRow {
  return {
    line: minute + 2,
    series,
    timeS: minute * 60,
    bytes,
    kind: 'floor',
    limitBytes: 1024 * MB,
    requests: null,
    routes: [],
    ageS,
    version,
    siblingGroup: 'web',
  };
}

/** Processes over so many hours, each with a level and noise of its own, that hold more as `grown` says (in MB, by minute). */
function fleet(
  hours: number,
  noiseMB: number,
  grown: readonly ((minute: number) => number)[],
  version: (minute: number) => string = () => '1.0',
  ageS: (minute: number) => number | null = () => null,
): Map<string, SeriesJudge> {
  const members = new Map<string, GroupMember>();
  for (const [nth, grow] of grown.entries()) {
    const random = seeded(nth + 1);
    const level = 200 + 40 * nth;
    const rows = new KeptRows();
    const name = `web-${nth}`;
    for (let minute = 0; minute < hours * HOUR; minute++) {
      rows.add(
        row(name, minute, (level + grow(minute) + noiseMB * random.normal()) * MB, version(minute), ageS(minute)),
      );
    }
    members.set(name, { judge: new SeriesJudge(name, 'a.csv', null), rows });
  }
  judgeGroup(members, null, []);
  return new Map([...members].map(([name, { judge }]) => [name, judge]));
}

const still = (): number => 0;
const leaking = (minute: number): number => minute / 6;
const leaks = (judged: Map<string, SeriesJudge>): string[] =>
  [...judged].filter(([, { firstLeakAtSeconds }]) => firstLeakAtSeconds !== null).map(([name]) => name);

test('siblings that do not grow are no leak together either', () => {
  expect(leaks(fleet(24, 4, [still, still, still, still, still]))).toEqual([]);
});

test('one that leaks alone is told to be odd, and takes none of the others along', () => {
  const judged = fleet(24, 2, [leaking, still, still, still, still]);
  expect(leaks(judged)).toEqual(['web-0']);
  expect(judged.get('web-0')?.judgement?.evidence.join()).toContain('it is odd among its siblings: the 5 together');
});

test('when nearly all leak, each of them is a leak for it, and the one that does not is none', () => {
  const judged = fleet(24, 2, [leaking, leaking, leaking, leaking, still]);
  expect(leaks(judged)).toEqual(['web-0', 'web-1', 'web-2', 'web-3']);
  expect(judged.get('web-1')?.judgement?.evidence.join()).toContain(
    'the 5 processes of its service and version grow alike',
  );
});

test('a new version is another pool: what the old one had grown by does not count against it', () => {
  const judged = fleet(
    48,
    2,
    [leaking, leaking, leaking, leaking].map((grow) => (minute: number) => grow(Math.min(minute, 24 * HOUR))),
    (minute) => (minute < 24 * HOUR ? '1.0' : '1.1'),
  );
  for (const { judgement, changes } of judged.values()) {
    expect(judgement?.verdict).not.toBe('leak');
    expect(changes.filter(({ atSeconds, verdict }) => verdict === 'leak' && atSeconds > 24.5 * 3600)).toEqual([]);
  }
});

test('what comes later is not known: of the first hours alone the same is said', () => {
  const whole = fleet(24, 6, [leaking, leaking, leaking, leaking]);
  const first = fleet(12, 6, [leaking, leaking, leaking, leaking]);
  for (const [name, { changes }] of whole) {
    expect(first.get(name)?.changes).toEqual(changes.filter(({ atSeconds }) => atSeconds < 12 * 3600));
  }
});

test('calls growth a leak sooner where the version before did not grow so', () => {
  const deployed = 24 * HOUR;
  const ageS = (minute: number): number => (minute % deployed) * 60;
  const grow = (minute: number): number => Math.max(0, minute - deployed) / 6;
  const version = (minute: number): string => (minute < deployed ? '1.0' : '1.1');
  const hours = (judged: Map<string, SeriesJudge>): number =>
    ((judged.get('web-0')?.firstLeakAtSeconds ?? NaN) - deployed * 60) / 3600;
  const beside = hours(fleet(42, 1, [grow, grow, grow], version, ageS));
  // Without ages nothing is known of the version before.
  const alone = hours(fleet(42, 1, [grow, grow, grow], version));
  expect(alone).toBeGreaterThan(8);
  expect(beside).toBeGreaterThan(2.5);
  expect(beside).toBeLessThan(alone - 2);
});

test('a version is held against the one before it at equal age: to go back helps only where that did not grow', () => {
  const deployed = 18 * HOUR;
  const version = (minute: number): string => (minute < deployed ? '1.0' : '1.1');
  const ageS = (minute: number): number => (minute % deployed) * 60;
  const same = fleet(
    36,
    1,
    [0, 1, 2, 3].map(() => (minute: number) => (minute % deployed) / 3),
    version,
    ageS,
  );
  expect(same.get('web-0')?.judgement?.evidence.join()).toContain('1.1 beside 1.0: both versions grow alike');
  const guilty = fleet(
    36,
    1,
    [0, 1, 2, 3].map(() => (minute: number) => Math.max(0, minute - deployed) / 3),
    version,
    ageS,
  );
  expect(guilty.get('web-0')?.judgement?.evidence.join()).toContain('1.1 beside 1.0: the newer version grows more');
});

test('processes that grow alike tell together which route leaks, of their own version only', () => {
  const members = new Map<string, GroupMember>();
  for (const nth of [0, 1, 2, 3]) {
    const random = seeded(nth + 1);
    const rows = new KeptRows();
    let counts = [0, 0];
    for (let minute = 0; minute < 30 * HOUR; minute++) {
      const leaks = minute >= 12 * HOUR;
      if (minute === 12 * HOUR) counts = [0, 0];
      const mix = 0.5 + 0.3 * Math.sin(minute / (40 + 7 * nth));
      counts = [(counts[0] ?? 0) + Math.round(400 * mix), (counts[1] ?? 0) + Math.round(400 * (1 - mix))];
      const bytes = (200 + random.normal()) * MB + (leaks ? 2048 * (counts[1] ?? 0) : 0);
      rows.add({ ...row(`web-${nth}`, minute, bytes, leaks ? '1.1' : '1.0'), routes: counts });
    }
    members.set(`web-${nth}`, { judge: new SeriesJudge(`web-${nth}`, 'a.csv', null), rows });
  }
  judgeGroup(members, 2048 * MB, ['GET /', 'POST /login']);
  for (const { judge } of members.values()) {
    expect(judge.routes).toEqual([expect.objectContaining({ routes: ['POST /login'], sure: true })]);
    expect(judge.routes[0]?.bytesPerRequest.low).toBeLessThan(2048);
    expect(judge.routes[0]?.bytesPerRequest.high).toBeGreaterThan(2048);
  }
});
