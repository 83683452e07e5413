import { expect, test } from 'vitest';
import type { ServiceState } from '../judge/fleet.ts';
import { decide, levelOf, usualRules as rules } from './decide.ts';

const minute = 60_000;
const service = (told: Partial<ServiceState>): ServiceState => ({
  id: 1,
  name: 'shop',
  namespace: '',
  environment: '',
  verdict: 'leak',
  confirmed: true,
  processes: 1,
  secondsToLimit: null,
  secondsToLimitInterval: null,
  versions: [],
  ...told,
});

test.each([
  ["what does not run out is nobody's business", { verdict: 'bounded' }, null],
  ['a leak without a known limit', {}, 'notice'],
  ['a limit that is two days away', { secondsToLimit: 172_800 }, 'notice'],
  ['a limit that is ten hours away', { secondsToLimit: 36_000 }, 'warning'],
  ['a limit that is half an hour away', { secondsToLimit: 1800 }, 'page'],
  ['one that may be: the soonest counts', { secondsToLimit: 7200, secondsToLimitInterval: [3000, null] }, 'page'],
  ['native growth as well', { verdict: 'native', secondsToLimit: 60 }, 'page'],
  ['one process that may leak by chance wakes nobody up', { confirmed: false, secondsToLimit: 1800 }, 'warning'],
] as const)('%s', (_what, told, level) => {
  expect(levelOf(service(told as Partial<ServiceState>), rules)).toBe(level);
});

test('an incident is opened once, rises, never falls, and ends when it was quiet for a quarter of an hour', () => {
  expect(decide(null, null, 0, rules)).toBe('nothing');
  expect(decide(null, 'notice', 0, rules)).toBe('open');
  const open = { level: 'warning', quietSinceMs: null } as const;
  expect(decide(open, 'page', 0, rules)).toBe('raise');
  expect(decide(open, 'notice', 0, rules)).toBe('update');
  expect(decide(open, null, 0, rules)).toBe('calm');
  const calm = { level: 'warning', quietSinceMs: 0 } as const;
  expect(decide(calm, null, 14 * minute, rules)).toBe('nothing');
  expect(decide(calm, null, 15 * minute, rules)).toBe('resolve');
  expect(decide(calm, 'warning', 14 * minute, rules)).toBe('update');
});
