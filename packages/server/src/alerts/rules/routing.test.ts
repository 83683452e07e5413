import { expect, test } from 'vitest';
import type { Level } from '../../incident/level.ts';
import { durationText, parseDuration } from './duration.ts';
import { matches, type Matcher, type Subject } from './matcher.ts';
import { readRules } from './read-rules.ts';
import { targetsOf } from './routing.ts';
import { usualAlertRules } from './rules.ts';

const subject = (told: Partial<Subject> = {}): Subject => ({
  service: 'shop',
  namespace: '',
  environment: 'prod',
  level: 'warning',
  labels: { team: 'web' },
  ...told,
});

test.each<[Matcher, boolean]>([
  [{}, true],
  [{ service: ['shop'] }, true],
  [{ service: ['sho'] }, false],
  [{ service: ['a', 's*p'] }, true],
  [{ service: ['*'] }, true],
  [{ service: ['*sh*o*p*'] }, true],
  [{ service: ['shop*x'] }, false],
  [{ namespace: ['*'] }, true],
  [{ namespace: ['x'] }, false],
  [{ environment: ['prod'], service: ['other'] }, false],
  [{ labels: { team: ['w*'] } }, true],
  [{ labels: { tier: ['gold'] } }, false],
  [{ minLevel: 'warning' }, true],
  [{ minLevel: 'page' }, false],
  [{ maxLevel: 'warning' }, true],
  [{ maxLevel: 'notice' }, false],
])('%j fits: %s', (matcher, fits) => {
  expect(matches(matcher, subject())).toBe(fits);
});

test('a pattern of many stars takes no longer than its length times the text', () => {
  const text = 'a'.repeat(20_000);
  expect(matches({ service: [`${'*a'.repeat(100)}b`] }, subject({ service: text }))).toBe(false);
});

test('every route that fits counts, a receiver hears once, and the first route that names it says how', () => {
  const { rules } = readRules(`
routes:
  - { to: [all], group_by: [], group_interval: 5m }
  - { to: [pager, all], match: { min_level: page }, group_by: [service, team] }
  - { to: [pager], match: { service: other } }
receivers:
  all: { webhook: { url: "http://x" } }
  pager: { webhook: { url: "http://x" } }
  gone: { webhook: { url: "http://x" } }
`);
  const names = (level: Level, told: string[] = []): string[] =>
    targetsOf(rules ?? usualAlertRules, subject({ level }), told).map(({ receiver }) => receiver);
  expect(names('notice')).toEqual(['all']);
  expect(names('page')).toEqual(['all', 'pager']);
  // Who was told before hears of the end, unless the rules do not know it any more.
  expect(names('notice', ['gone', 'unknown'])).toEqual(['all', 'gone']);
  const [all, pager] = targetsOf(rules ?? usualAlertRules, subject({ level: 'page' }));
  expect(all).toMatchObject({ groupKey: '[]', groupIntervalMs: 300_000 });
  expect(pager).toMatchObject({ groupKey: '[["service","shop"],["team","web"]]', groupIntervalMs: 60_000 });
});

test('durations are read and written in the same words', () => {
  for (const text of ['1s', '90s', '5m', '1h30m', '2d', '0s']) {
    const ms = parseDuration(text);
    expect(parseDuration(durationText(ms ?? NaN))).toBe(ms);
  }
  expect(durationText(90_000)).toBe('1m30s');
  for (const text of ['', '5', 'm', '1.5h', '-1m', '5 m', '1w', '9999999d']) expect(parseDuration(text)).toBeNull();
});
