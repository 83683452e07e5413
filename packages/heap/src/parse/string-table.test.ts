import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StringTable } from './string-table.ts';

/** A table of these texts in segments of so many bytes: strings go on from one to the next. */
function tableOf(texts: string[], segmentBytes: number): StringTable {
  const bytes = texts.map((text) => Buffer.from(text));
  const all = Buffer.concat(bytes);
  const segments: Uint8Array[] = [];
  for (let at = 0; at < all.length; at += segmentBytes) segments.push(all.subarray(at, at + segmentBytes));
  const starts = new Uint32Array(texts.length + 1);
  bytes.forEach((text, at) => (starts[at + 1] = starts[at] + text.length));
  return new StringTable({ segments, segmentBytes, starts, length: texts.length }, 0);
}

test('strings of two tables are equal where their texts are, and have the same hash then, however long and wherever cut', () => {
  const text = fc.oneof(
    fc.constantFrom('', 'a', 'ab', 'ba', 'x'.repeat(64), 'x'.repeat(65), `${'x'.repeat(64)}y`, `y${'x'.repeat(64)}`),
    fc.string({ unit: 'grapheme-ascii', maxLength: 200 }).filter((value) => !value.includes('\\')),
  );
  const texts = fc.array(text, { maxLength: 20 });
  const segment = fc.integer({ min: 1, max: 300 });
  fc.assert(
    fc.property(texts, texts, segment, segment, (ones, others, oneSegment, otherSegment) => {
      const [one, other] = [tableOf(ones, oneSegment), tableOf(others, otherSegment)];
      ones.forEach((a, i) => {
        others.forEach((b, j) => {
          expect(one.equals(i, other, j)).toBe(a === b);
          if (a === b) expect(one.hash(i)).toBe(other.hash(j));
        });
      });
    }),
    { numRuns: 300, seed: 11 },
  );
});

test('different names seldom have the same hash', () => {
  const names = Array.from({ length: 20_000 }, (_, at) => `name${at}`);
  const table = tableOf(names, 1 << 20);
  const low = new Set(names.map((_, at) => table.hash(at) & 0xffff));
  // Of 20,000 random numbers, some 17,200 of 65,536 places are taken.
  expect(low.size).toBeGreaterThan(15_000);
});
