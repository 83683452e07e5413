import { expect, test } from 'vitest';
import { takeStamp, timeOfField } from './stamps.ts';

const context = { zoneMinutes: 0, writtenAtMs: Date.parse('2026-03-01T00:00:00Z') };
const timeOf = (line: string, zoneMinutes = 0): string | null => {
  const { timeMs } = takeStamp(line, { ...context, zoneMinutes });
  return timeMs === null ? null : new Date(timeMs).toISOString();
};

test.each([
  ['2026-02-03T04:05:06Z x', '2026-02-03T04:05:06.000Z'],
  ['2026-02-03T04:05:06.789123456Z stderr F x', '2026-02-03T04:05:06.789Z'],
  ['2026-02-03T04:05:06,789+0200 x', '2026-02-03T02:05:06.789Z'],
  ['2026-02-03 04:05:06.5 -03:30 x', '2026-02-03T07:35:06.500Z'],
  ['[2026-02-03 04:05:06] x', '2026-02-03T04:05:06.000Z'],
  ['2026/02/03 04:05:06 x', '2026-02-03T04:05:06.000Z'],
  ['<14>Feb  3 04:05:06 host x', '2026-02-03T04:05:06.000Z'],
  // No year: the last one that fits.
  ['Apr 15 23:04:52 host x', '2025-04-15T23:04:52.000Z'],
  ['Mar  1 12:00:00 host x', '2026-03-01T12:00:00.000Z'],
  ['[Tue Feb  3 04:05:06 2026] x', '2026-02-03T04:05:06.000Z'],
  ['E0203 04:05:06.123456    1234 kubelet.go:1] x', '2026-02-03T04:05:06.123Z'],
  ['no stamp at all', null],
  ['123 4:5:6', null],
])('%s is read as %s', (line, expected) => {
  expect(timeOf(line)).toBe(expected);
});

test('a stamp without a zone is read in the zone that is given', () => {
  expect(timeOf('2026-02-03 04:05:06 x', 120)).toBe('2026-02-03T02:05:06.000Z');
  expect(timeOf('2026-02-03 04:05:06Z x', 120)).toBe('2026-02-03T04:05:06.000Z');
});

test('seconds since the boot are no time, and are kept', () => {
  expect(takeStamp('[337533.314412] Memory', context)).toMatchObject({
    timeMs: null,
    sinceBootSeconds: 337_533.314412,
    rest: 'Memory',
  });
});

test('a number in a field is seconds, milliseconds, microseconds or nanoseconds, as its size tells', () => {
  const timeMs = Date.parse('2026-02-03T04:05:06Z');
  for (const value of [timeMs / 1000, timeMs, timeMs * 1000, String(timeMs * 1000), `${timeMs}000000`]) {
    expect(timeOfField(value, context)?.timeMs).toBeCloseTo(timeMs, -1);
  }
  expect(timeOfField(12, context)).toBeNull();
  expect(timeOfField('soon', context)).toBeNull();
});
