import { expect, test } from 'vitest';
import { printable, printableBlock } from './printable.ts';
import { bytes, clock, duration, durationRange, list, rate, rateRange } from './quantities.ts';
import { wrapLine } from './wrap.ts';

test('control characters from outside are shown, not obeyed', () => {
  expect(printable('GET /\u001b]0;title\u0007\u009b2J\u202etxt\n')).toBe(
    'GET /\\x1b]0;title\\x07\\x9b2J\\u202etxt\\x0a',
  );
  expect(printable('in\u200bvisible\ufeff \ud800half \u{e0041}tag')).toBe(
    'in\\u200bvisible\\ufeff \\ud800half \\u{e0041}tag',
  );
  expect(printable('Kundenübersicht 顧客 عميل 🛒')).toBe('Kundenübersicht 顧客 عميل 🛒');
});

test("a renderer's colours and line feeds stay, and nothing else that steers a terminal", () => {
  const block = '\u001b[31mred\u001b[0m\n\u001b[2Jwiped\r';
  expect(printableBlock(block, true)).toBe('\u001b[31mred\u001b[0m\n\\x1b[2Jwiped\\x0d');
  expect(printableBlock(block, false)).toBe('red\n\\x1b[2Jwiped\\x0d');
});

test('sizes are told in three figures at most', () => {
  expect([0, 999, 999.6, 2100, 84e6, 9.96e6, 1.26e9, -3e6].map(bytes)).toEqual([
    '0 B',
    '999 B',
    '1.0 KB',
    '2.1 KB',
    '84 MB',
    '10 MB',
    '1.3 GB',
    '-3.0 MB',
  ]);
});

test('slow growth is told by the minute or hour', () => {
  expect([1.1e6, -2e5, 500, 2].map(rate)).toEqual(['+1.1 MB/s', '-200 KB/s', '+30 KB a minute', '+7.2 KB an hour']);
  expect(rateRange(562e3, 599e3)).toBe('+562 to +599 KB/s');
});

test('times are told in the unit in which one would say them', () => {
  expect([0.94, 40, 210, 1380, 14_800, 1e6].map(duration)).toEqual([
    '0.9 s',
    '40 s',
    '3.5 minutes',
    '23 minutes',
    '4.1 hours',
    '12 days',
  ]);
  expect(durationRange(126, 144)).toBe('2.1 to 2.4 minutes');
  expect(durationRange(110, 126)).toBe('110 s to 2.1 minutes');
  expect([83, 3723].map(clock)).toEqual(['1:23', '1:02:03']);
});

test('lists read as a sentence', () => {
  expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(list)).toEqual(['', 'a', 'a and b', 'a, b and c']);
});

test('long lines break at spaces, and colours do not count', () => {
  expect(wrapLine('     one two three four', 15, 7)).toBe('     one two\n       three\n       four');
  expect(wrapLine('\u001b[1mone two\u001b[0m', 7, 2)).toBe('\u001b[1mone two\u001b[0m');
});
