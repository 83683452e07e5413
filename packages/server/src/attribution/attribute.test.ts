import { expect, test } from 'vitest';
import { livesAt, playScene, type Scene } from '../fixtures/attribution/play-scene.ts';
import { sceneKinds } from '../fixtures/attribution/scene-kinds.ts';
import { adviceOf } from './advice.ts';
import { attribute, type Attribution } from './attribute.ts';
import type { Life } from './life.ts';
import { adviceWords, sentenceOf } from './words.ts';

const minuteMs = 60_000;

const at = (scene: Scene, nowMs: number): Attribution =>
  attribute({
    changes: scene.changes.filter(({ timeMs }) => timeMs <= nowMs),
    lives: livesAt(scene.lives, nowMs),
    nowMs,
  });

const named = ({ steps }: Attribution): number[] =>
  steps.flatMap(({ part, step }) => (part === 'guilty' ? step.changes.map(({ id }) => id) : []));

test.each(Object.keys(sceneKinds))('names the guilty, and nobody else: %s', (kind) => {
  const scene = playScene(kind, 3);
  const nowMs = scene.verdictMs === null ? scene.endMs : scene.verdictMs + 5 * minuteMs;
  for (const answer of [at(scene, nowMs), at(scene, scene.endMs)])
    for (const id of named(answer)) expect(scene.guilty).toContain(id);
  const due = scene.guilty.filter((id) => !scene.untold.includes(id) && scene.changes[id - 1].timeMs < nowMs);
  if (scene.verdictMs !== null && due.length > 0)
    expect(due).toEqual(expect.arrayContaining(named(at(scene, nowMs)).slice(0, 1)));
});

test('says that a rollback cannot help, why, and where to go instead', () => {
  const scene = playScene('the deploy before the newest leaks', 3);
  const answer = at(scene, (scene.verdictMs ?? 0) + 5 * minuteMs);
  expect(named(answer)).toEqual([1]);
  expect(adviceOf(answer)).toMatchObject({ rollbackHelps: false, toVersion: '1.0' });
  expect(adviceWords(answer)).toMatch(
    /^Rolling back 1\.2 will not help: 1\.1 grew .* a request \(.*\) for .* before it\. The newest version that did not grow is 1\.0\.$/,
  );
  expect(answer.steps.map(sentenceOf)[1]).toMatch(/^1\.2 is exonerated: 1\.1 grew .* before it$/);
});

test('says that a rollback helps where the newest deploy is guilty', () => {
  const scene = playScene('the newest deploy leaks', 3);
  const answer = at(scene, (scene.verdictMs ?? 0) + 5 * minuteMs);
  expect(adviceOf(answer)).toMatchObject({ rollbackHelps: true, toVersion: '1.1' });
  expect(adviceWords(answer)).toMatch(
    /^Rolling back 1\.2 to 1\.1 will help: \d processes with it grow .* did not, in /,
  );
});

test('where nothing tells two changes apart, both are open and each names the other', () => {
  const scene = playScene('a deploy and a flag at once', 3);
  const answer = at(scene, scene.endMs);
  expect(answer.steps.map(({ part }) => part)).toEqual(['open', 'open']);
  expect(answer.steps.map(sentenceOf)).toEqual([
    '1.1 is open: nothing tells it apart from the flag “new-session-store is on”',
    'the flag “new-session-store is on” is open: nothing tells it apart from 1.1',
  ]);
});

test('where it leaked before anything is known, no version is named as clean', () => {
  const scene = playScene('it leaked before anything is known', 3);
  const answer = at(scene, scene.endMs);
  expect(named(answer)).toEqual([]);
  expect(adviceOf(answer)).toMatchObject({ rollbackHelps: false, toVersion: null });
  expect(adviceWords(answer)).toMatch(/^No rollback is known to help: .* No version is known that does not grow\.$/);
});

test('a clock that is apart is said, and telemetry counts', () => {
  const scene = playScene('the newest deploy leaks', 3);
  const changes = scene.changes.map((change) => ({ ...change, timeMs: change.timeMs - 22 * minuteMs }));
  const answer = attribute({ changes, lives: scene.lives, nowMs: scene.endMs });
  expect(named(answer)).toEqual([2]);
  expect(sentenceOf(answer.steps[1])).toMatch(
    /its first process started at \d\d:\d\d UTC, 22 minutes after it was told: that counts/,
  );
});

test('without a leak, without processes and with empty series nothing is said', () => {
  const scene = playScene('the newest deploy leaks', 3);
  const quiet = scene.lives.map((life) => ({ ...life, leakedAtMs: null }));
  const empty: Life[] = scene.lives.map((life) => ({ ...life, points: [] }));
  for (const lives of [quiet, empty, []]) {
    const answer = attribute({ changes: scene.changes, lives, nowMs: scene.endMs });
    expect(answer.steps.every(({ part }) => part === 'open')).toBe(true);
    expect(adviceWords(answer)).toBeNull();
  }
});
