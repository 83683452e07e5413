import fc from 'fast-check';
import { expect, test } from 'vitest';
import { estimateClients, isSketch, mergeSketches } from './sketch.ts';

// As packages/agent/src/measure/client-sketch.test.ts has it.
const known = 'sAABA_hBACP_F';
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

test("the agent's text is read, and estimated the same", () => {
  expect(isSketch(known)).toBe(true);
  expect(estimateClients(known)).toBe(4);
  expect(estimateClients('s')).toBe(0);
});

test.each([
  '',
  'x',
  'sAA',
  'sAAA',
  'sAAi',
  'sQAB',
  'd',
  `d${'i'.repeat(1024)}`,
  `d${'A'.repeat(1023)}`,
  's===',
  'sAA\0',
])('what is no sketch is told: %j', (text) => {
  expect(isSketch(text)).toBe(false);
  expect(estimateClients(text)).toBeNull();
});

const observation = fc.tuple(fc.integer({ min: 0, max: 1023 }), fc.integer({ min: 1, max: 33 }));
const sketch = fc
  .array(observation, { maxLength: 800 })
  .map((seen) => seen.map(([i, rank]) => letters.charAt(i >> 6) + letters.charAt(i & 63) + letters.charAt(rank)))
  // As many as fit into a sparse text; the merge writes the dense one.
  .map((seen) => `s${seen.slice(0, 341).join('')}`);

test('merging is in any order and as often as one likes, and never makes a sketch smaller', () => {
  fc.assert(
    fc.property(sketch, sketch, sketch, (a, b, c) => {
      const all = mergeSketches([a, b, c]);
      expect(mergeSketches([c, a, null, b, a, 'no sketch'])).toBe(all);
      expect(mergeSketches([mergeSketches([a, b]), c])).toBe(all);
      expect(mergeSketches([all, all])).toBe(all);
      const [whole, part] = [estimateClients(all ?? ''), estimateClients(a)];
      expect(whole).toBeGreaterThanOrEqual(part ?? NaN);
    }),
    { numRuns: 200 },
  );
  expect(mergeSketches([null, 'no sketch'])).toBeNull();
});

test('any text is read or refused', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `s${text}`),
      ),
      (text) => {
        expect(isSketch(text)).toBe(estimateClients(text) !== null);
      },
    ),
  );
});
