import { InvalidArgumentError } from 'commander';
import { expect, test } from 'vitest';
import { moment } from './moment.ts';

test.each([
  ['2026-11-24T10:00Z', '2026-11-24T10:00:00.000Z'],
  ['2026-11-24T10:00:07Z', '2026-11-24T10:00:07.000Z'],
  ['2026-11-24T13:00:07.25+03:00', '2026-11-24T10:00:07.250Z'],
  ['2028-02-29T00:00:00.123456789-01:30', '2028-02-29T01:30:00.123Z'],
])('%s is %s', (told, time) => {
  expect(new Date(moment(told)).toISOString()).toBe(time);
});

test.each([
  '2026-11-24T10:00',
  '2026-11-24',
  '2026-02-30T10:00Z',
  '2026-13-01T10:00Z',
  '2026-11-24T25:00Z',
  'soon',
  '',
])('%j is refused', (told) => {
  expect(() => moment(told)).toThrow(InvalidArgumentError);
});
