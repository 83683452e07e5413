import { expect, test } from 'vitest';
import { livesAt, playScene } from '../fixtures/attribution/play-scene.ts';
import { attribute } from './attribute.ts';
import type { ServedMinute } from './recovery.ts';
import { tell, type ToldChangePart } from './told.ts';

const minuteMs = 60_000;

/** What is told of the rollback so many minutes after it. */
function rollbackAfter(kind: string, seed: number, minutes: number, served: ServedMinute[] = []): ToldChangePart {
  const scene = playScene(kind, seed);
  const rollback = scene.changes[2];
  const nowMs = rollback.timeMs + minutes * minuteMs;
  const answer = attribute({
    changes: scene.changes.filter(({ timeMs }) => timeMs <= nowMs),
    lives: livesAt(scene.lives, nowMs),
    nowMs,
  });
  const own = served.map((one) => ({ ...one, timeMs: one.timeMs + rollback.timeMs }));
  const told = tell(answer, nowMs, { minutes: own, usualBadShare: 0.001 }).changes.at(-1);
  if (told === undefined) throw new Error('there is no rollback');
  return told;
}

test('by when it is known is said at once, and it is not decided before a fifth of that time', () => {
  const { recovery, timeMs } = rollbackAfter('a rollback that helps', 11, 30);
  expect(recovery).toMatchObject({ result: 'not yet', requestsAreBack: null });
  expect((recovery?.byMs ?? 0) - timeMs).toBe(290 * minuteMs);
  expect(recovery?.sentence).toMatch(
    /^whether the return to 1\.1 helped is not known yet, by \d\d:\d\d UTC at the latest$/,
  );
});

test.each([2, 11])('a rollback that helps is proven before the time that was said, scenario %i', (seed) => {
  const { recovery } = rollbackAfter('a rollback that helps', seed, 120);
  expect(recovery?.result).toBe('proven');
  expect(recovery?.sentence).toMatch(
    /^the return to 1\.1 helped: memory grows .* a request \(.* to .*\), against .* a request before$/,
  );
});

test.each([3, 4, 10])('one that cannot help is refuted, with the one that is guilty, scenario %i', (seed) => {
  const { recovery } = rollbackAfter('a rollback that cannot help', seed, 120);
  expect(recovery).toMatchObject({ result: 'refuted', suggestsResolving: false });
  expect(recovery?.sentence).toMatch(/^the return to 1\.1 did not help: memory still grows .* before; guilty is 1\.1$/);
});

test('requests are back when surely no more of them are bad than twice the usual, or one in a hundred', () => {
  const served = (good: number): ServedMinute[] => [{ timeMs: minuteMs, requests: 5000, good }];
  const back = (good: number): object | null => rollbackAfter('a rollback that helps', 2, 120, served(good)).recovery;
  expect(back(4990)).toMatchObject({ requestsAreBack: true, suggestsResolving: true });
  expect(back(4900)).toMatchObject({ result: 'proven', requestsAreBack: false, suggestsResolving: false });
  expect(rollbackAfter('a rollback that helps', 2, 120, served(4900)).recovery?.sentence).toContain(
    '; requests are not back: 2.0 % slow or failed (1.6 % to 2.4 %)',
  );
});
