import { expect, test } from 'vitest';
import { keyedHash, keyOf } from './keyed-hash.ts';

// The reference's own vectors (vectors_hsip64): the key 00 01 … 07, the texts 00, 00 01, … of rising length.
test.each([
  [0, '218d1f59b9b83cc8'],
  [1, 'be552412f8387315'],
  [2, '064f39ef7c50eb57'],
  [3, 'ce0f1a45f7060679'],
  [4, 'd5e78a175be52ea1'],
  [5, 'cb9d7c3f2f3db580'],
  [6, 'ce3e91358aa2bc25'],
])('a text of %i bytes is hashed as by the reference', (length, expected) => {
  const text = String.fromCharCode(...Array.from({ length }, (_, i) => i));
  const hash = keyedHash([0x03020100, 0x07060504]);
  const bytes = Buffer.alloc(8);
  // A piece of a longer text is the same.
  for (const [padded, start] of [
    [text, 0],
    [`xx${text}yy`, 2],
  ] as const) {
    hash(padded, start, start + length).forEach((word, at) => bytes.writeInt32LE(word, 4 * at));
    expect(bytes.toString('hex')).toBe(expected);
  }
});

test('a secret makes one key everywhere, and another secret another one', () => {
  expect(keyOf('a long secret')).toEqual(keyOf('a long secret'));
  expect(keyOf('a long secret')).not.toEqual(keyOf('a long secreT'));
  expect(keyOf('ü')).not.toEqual(keyOf('u'));
});
