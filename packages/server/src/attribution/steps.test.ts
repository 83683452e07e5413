import { expect, test } from 'vitest';
import { cutIntoLives, type Life } from './life.ts';
import { stepsOf, type ToldChange } from './steps.ts';

const minuteMs = 60_000;
let ids = 0;
const life = (version: string, fromMinute: number, toMinute: number, revision: string | null = null): Life => ({
  process: `p${++ids}`,
  version,
  revision,
  startMs: fromMinute * minuteMs,
  endMs: toMinute * minuteMs,
  points: [],
  leakedAtMs: null,
});
const change = (minute: number, told: Partial<ToldChange>): ToldChange => ({
  ...{ id: ++ids, timeMs: minute * minuteMs, kind: 'deploy', summary: 's', version: null, revision: null },
  ...told,
});
const seen = (changes: ToldChange[], lives: Life[]): unknown[] =>
  stepsOf(changes, lives).map(({ version, timeMs, isAgain, comes, changes: told }) => [
    version,
    timeMs / minuteMs,
    isAgain ? 'again' : 'new',
    comes,
    told.length,
  ]);

test('a rollback a quarter of an hour after a deploy is a step of its own', () => {
  const lives = [life('1.0', 0, 101), life('1.1', 100, 121), life('1.2', 120, 136), life('1.1', 135, 200)];
  const told = [100, 120, 135].map((minute, at) => change(minute, { version: ['1.1', '1.2', '1.1'][at] ?? '' }));
  expect(seen(told, lives)).toEqual([
    ['1.1', 100, 'new', 'with the start', 1],
    ['1.2', 120, 'new', 'with the start', 1],
    ['1.1', 135, 'again', 'with the start', 1],
  ]);
});

test('what a pipeline, a revision and telemetry tell of one deploy is one step; a version that nobody told is one, too', () => {
  const sha = '4f2c1d0aa96e9b6bd1b7dd0d3f3f1c2b4a5d6e7f';
  const lives = [life('1.0', 0, 100), life('1.1', 100, 200, sha), life('1.2', 200, 300)];
  const told = [
    change(97, { version: '1.1', revision: sha.slice(0, 10) }),
    change(98, { version: '1.1' }),
    change(101, { kind: 'version', version: '1.1', revision: sha }),
  ];
  expect(seen(told, lives)).toEqual([
    ['1.1', 100, 'new', 'with the start', 3],
    ['1.2', 200, 'new', 'with the start', 0],
  ]);
});

test('a configuration that restarts the processes comes with their start, a flag while they run', () => {
  const lives = [life('1.0', 0, 101), life('1.0', 0, 102), life('1.0', 101, 300), life('1.0', 102, 300)];
  expect(seen([change(99, { kind: 'config' }), change(200, { kind: 'flag' })], lives)).toEqual([
    [null, 101, 'new', 'with the start', 1],
    [null, 200, 'new', 'while it runs', 1],
  ]);
});

test('a deploy that shows in no process is not seen', () => {
  const [step] = stepsOf([change(50, { version: '9.9' })], [life('1.0', 0, 100)]);
  expect(step).toMatchObject({ version: '9.9', wasSeen: false });
});

test('a life ends where the count of requests falls, or where the process says that it began later', () => {
  const points = [1, 2, 3, 4].map((minute) => ({
    timeMs: minute * minuteMs,
    bytes: 1,
    requests: minute === 3 ? 1 : 10 * minute,
  }));
  const cut = (startedMs: number | null): number[] =>
    cutIntoLives(points, { startedMs, firstSeenMs: minuteMs }).map(({ startMs }) => startMs / minuteMs);
  expect(cut(null)).toEqual([1, 3]);
  expect(cut(2.5 * minuteMs)).toEqual([1, 2.5]);
  expect(cutIntoLives([], { startedMs: null, firstSeenMs: 0 })).toEqual([]);
});
