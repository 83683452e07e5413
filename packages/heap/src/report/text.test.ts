import { describe, expect, test } from 'vitest';
import { columnsOf, cut, plain, wrap } from './text.ts';

describe('plain text', () => {
  test.each([
    ['a colour', '\u001b[31m'],
    ['a link (OSC 8)', '\u001b]8;;http://example.org\u0007'],
    ['a C1 control', '\u009b2J'],
    ['a line end', '\r\n'],
    ['a line separator', '\u2028'],
    ['an order of its own (bidirectional override)', '\u202e\u2066'],
    ['what nobody sees (zero width space, tag)', '\u200b\u{e0041}'],
    ['half a surrogate pair', '\udc00'],
  ])('has no %s in it', (_what, hostile) => {
    expect(plain(`a${hostile}b`)).toMatch(/^a\ufffd.*b$/u);
    expect(plain(`a${hostile}b`)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Cs}]/u);
  });

  test('keeps letters of every writing, and pictures', () => {
    for (const name of ['Kundenübersicht', '顧客', 'عميل', '🛒', 'ನಮಸ್ಕಾರ']) expect(plain(name)).toBe(name);
  });

  test('is not endless, and not cut into half a letter that shows as another', () => {
    expect(plain('x'.repeat(1e6)).length).toBe(400);
    expect(plain('🛒'.repeat(1000))).not.toMatch(/\p{Cs}/u);
  });
});

test('wide letters take two columns, accents none', () => {
  expect([columnsOf('shop'), columnsOf('顧客'), columnsOf('e\u0301'), columnsOf('🛒')]).toEqual([4, 4, 1, 2]);
  expect(cut('顧客顧客', 5)).toBe('顧客…');
  expect(cut('🛒🛒', 3)).toBe('🛒…');
});

test('lines are broken at spaces, and a word that is too long stands alone', () => {
  expect(wrap('one two threefour five', 8)).toEqual(['one two', 'threefour', 'five']);
  expect(wrap('one\ntwo', 80)).toEqual(['one', 'two']);
});
