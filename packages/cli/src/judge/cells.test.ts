import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasUnit, readBytes, readNumber, readSeconds, readTime } from './cells.ts';

const size = (cell: string): number | null => readBytes(cell, { decimalComma: false, plainUnitBytes: 1 });

test('sizes are bytes, or have a unit, decimal or binary', () => {
  expect(['1234', '1.5e9', '1.2 GiB', '512Mi', '300 MB', '300 mb', '7 kB', '12 B', '+5'].map(size)).toEqual([
    1234,
    1.5e9,
    1.2 * 2 ** 30,
    512 * 2 ** 20,
    300e6,
    300e6,
    7000,
    12,
    5,
  ]);
});

test('what is nothing is null, and what is no size is NaN', () => {
  expect(['', ' ', 'NaN', 'null', '-', 'N/A', 'undefined', 'No data'].map(size)).toEqual(Array(8).fill(null));
  expect(['abc', '12 apples', '1.2.3', '1e999', 'Infinity', '+Inf', '0x10', '1,2,3', '--5'].map(size)).toEqual(
    Array(9).fill(NaN),
  );
  expect(size('-5')).toBe(-5);
});

test('plain numbers are in the unit that was said, and units of their own stay', () => {
  const inMebibytes = { decimalComma: false, plainUnitBytes: 2 ** 20 };
  expect(readBytes('2', inMebibytes)).toBe(2 * 2 ** 20);
  expect(readBytes('2 kB', inMebibytes)).toBe(2000);
});

test('a comma divides thousands, and is a decimal one only where semicolons or tabs divide the cells', () => {
  expect(readNumber('1,234,567.5', false)).toBe(1_234_567.5);
  expect(readNumber('1,5', false)).toBe(NaN);
  expect(readNumber('1,5', true)).toBe(1.5);
  expect(readBytes('1,5 GiB', { decimalComma: true, plainUnitBytes: 1 })).toBe(1.5 * 2 ** 30);
});

test('times are dates in any zone, or numbers whose size tells their unit', () => {
  const at = Date.UTC(2026, 10, 21, 10, 30, 15) / 1000;
  const same = [
    '2026-11-21T10:30:15Z',
    '2026-11-21 10:30:15',
    '2026-11-21 10:30:15 UTC',
    '2026-11-21T12:30:15+02:00',
    '2026-11-21T05:00:15-0530',
    '2026-11-21T10:30:15.000Z',
    String(at),
    String(at * 1e3),
    String(at * 1e6),
    String(at * 1e9),
  ];
  expect(same.map(readTime)).toEqual(same.map(() => at));
  expect(readTime('2026-11-21 10:30:15.250')).toBe(at + 0.25);
  expect(readTime('2026-11-21')).toBe(Date.UTC(2026, 10, 21) / 1000);
});

test('a date that does not exist is no time', () => {
  expect(
    ['2026-02-30', '2026-13-01', '2026-11-21 25:00', '21.11.2026', 'yesterday', '11/21/2026'].map(readTime),
  ).toEqual(Array(6).fill(NaN));
  expect(readTime('')).toBeNull();
});

test('time_s takes seconds, and milliseconds are refused instead of being a thousand times too long', () => {
  expect(readSeconds('1700000000.5', false)).toBe(1_700_000_000.5);
  expect(readSeconds('1700000000000', false)).toBe(NaN);
});

test('a size that was written for people is known by its unit', () => {
  expect(['1.2 GiB', '12Mi', '12', '1e9', ''].map(hasUnit)).toEqual([true, true, false, false, false]);
});

test('every number reads back as it was written, and no text does harm', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      expect(readNumber(String(number), false)).toBe(number + 0); // -0 is written as 0
    }),
  );
  fc.assert(
    fc.property(fc.string(), fc.boolean(), (text, decimalComma) => {
      for (const read of [
        readNumber(text, decimalComma),
        readSeconds(text, decimalComma),
        readTime(text),
        readBytes(text, { decimalComma, plainUnitBytes: 1 }),
      ]) {
        expect(read === null || typeof read === 'number').toBe(true);
        expect(read === null || Number.isNaN(read) || Number.isFinite(read)).toBe(true);
      }
    }),
  );
});
