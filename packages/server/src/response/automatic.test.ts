import { expect, test } from 'vitest';
import type { ProcessRow } from '../store/schema.ts';
import { dueForRestart, hasFailedTooOften, isWorse, rollbackByItself } from './automatic.ts';

const automatic = { leadMs: 600_000, failures: 2, rollback: false };
const process = (instance: string, verdict: string, soonest: number | null): ProcessRow =>
  ({ instance, verdict, seconds_to_limit_soonest: soonest, seconds_to_limit: soonest }) as ProcessRow;

test('processes that leak are due when their limit may be nearer than the lead, the nearest first', () => {
  const processes = [
    process('far', 'leak', 601),
    process('near', 'leak', 500),
    process('nearest', 'native', 30),
    process('unproven', 'warming', 10),
    process('bounded', 'bounded', 10),
    process('unknown', 'leak', null),
  ];
  expect(dueForRestart(processes, automatic).map(({ instance }) => instance)).toEqual(['nearest', 'near']);
});

test('it stops after so many failures in a row, and goes on after a success; what is not over does not count', () => {
  expect(hasFailedTooOften(['failed', 'unclear', 'done'], automatic)).toBe(true);
  expect(hasFailedTooOften(['running', 'failed', 'cancelled', 'failed'], automatic)).toBe(true);
  expect(hasFailedTooOften(['done', 'failed', 'failed'], automatic)).toBe(false);
  expect(hasFailedTooOften(['failed'], automatic)).toBe(false);
  expect(hasFailedTooOften(['failed', 'done', 'failed'], automatic)).toBe(false);
});

test.each([
  ['as before', { requests: 10_000, failed: 100 }, { requests: 1000, failed: 12 }, false],
  ['much worse', { requests: 10_000, failed: 100 }, { requests: 1000, failed: 80 }, true],
  ['a handful', { requests: 10_000, failed: 0 }, { requests: 100, failed: 5 }, false],
  ['by less than a point', { requests: 1e6, failed: 0 }, { requests: 1e6, failed: 5000 }, false],
  ['nothing known before', { requests: 0, failed: 0 }, { requests: 1000, failed: 100 }, true],
  ['nobody asks', { requests: 1000, failed: 0 }, { requests: 0, failed: 0 }, false],
])('failures %s', (_, before, since, worse) => {
  expect(isWorse(before, since)).toBe(worse);
});

test('it rolls back by itself only where that is allowed, helps, and was not tried yet', () => {
  const known = { advice: null, rollbackHelps: true, rollBackTo: '1.0' };
  const allowed = { ...automatic, rollback: true };
  expect(rollbackByItself(automatic, known, [])).toBeNull();
  expect(rollbackByItself(allowed, known, [{ kind: 'restart' }])).toBe('1.0');
  expect(rollbackByItself(allowed, known, [{ kind: 'restart' }, { kind: 'rollback' }])).toBeNull();
  expect(rollbackByItself(allowed, known, [{ kind: 'rollforward' }])).toBeNull();
  expect(rollbackByItself(allowed, { ...known, rollbackHelps: false }, [])).toBeNull();
  expect(rollbackByItself(allowed, { ...known, rollbackHelps: null }, [])).toBeNull();
  expect(rollbackByItself(allowed, null, [])).toBeNull();
});
