import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LocationRows } from './location-rows.ts';

test('every node finds its last row, and the others none', () => {
  const nodes = fc.array(fc.nat(199), { maxLength: 300 });
  fc.assert(
    fc.property(fc.integer({ min: 200, max: 300 }), nodes, (nodeCount, located) => {
      const locations = Uint32Array.from(located.flatMap((node, at) => [node, at, 0, 0]));
      const rows = new LocationRows({ nodeCount, locations });
      for (let node = 0; node < nodeCount; node++) {
        const row = located.lastIndexOf(node);
        expect(rows.rowOf(node)).toBe(row < 0 ? -1 : 4 * row);
      }
    }),
  );
});

test('nodes whose bit is the sign of a word are found, too', () => {
  const rows = new LocationRows({ nodeCount: 64, locations: Uint32Array.of(31, 1, 2, 3, 63, 4, 5, 6, 0, 7, 8, 9) });
  expect([0, 31, 63, 1, 62].map((node) => rows.rowOf(node))).toEqual([8, 0, 4, -1, -1]);
});
