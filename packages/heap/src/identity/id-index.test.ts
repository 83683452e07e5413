import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IdIndex } from './id-index.ts';

const id = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 2 ** 32 - 1 }));

test('an index tells what a Map tells, for any ids and values, set once or again', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(id, fc.nat(2 ** 32 - 1)), { maxLength: 200 }), fc.array(id), (entries, others) => {
      const map = new Map(entries);
      const index = new IdIndex(map.size);
      for (const [key, value] of entries) index.set(key, value);
      for (const key of [...map.keys(), ...others]) expect(index.get(key)).toBe(map.get(key) ?? -1);
    }),
    { numRuns: 500, seed: 4 },
  );
});

test('half a million ids in steps of two, as V8 gives them, are all found, and those between them are not', () => {
  const count = 500_000;
  const index = new IdIndex(count);
  for (let at = 0; at < count; at++) index.set(2 * at + 1, at);
  let found = 0;
  let strangers = 0;
  for (let at = 0; at < count; at++) {
    if (index.get(2 * at + 1) === at) found++;
    if (index.get(2 * at + 2) !== -1) strangers++;
  }
  expect([found, strangers]).toEqual([count, 0]);
});

test('id 0 is no id: it is passed over and never found', () => {
  const index = new IdIndex(1);
  index.set(0, 7);
  expect(index.get(0)).toBe(-1);
});

test('an index without room finds nothing', () => {
  expect(new IdIndex(0).get(1)).toBe(-1);
});
