import { expect, test } from 'vitest';
import { ClientSketch, observationOf } from './client-sketch.ts';
import { keyedHash, keyOf } from './keyed-hash.ts';

const hash = keyedHash(keyOf('secret'));
const observe = (address: string): number => observationOf(hash(address, 0, address.length));
const address = (i: number): string => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;

test.each([0, 1, 10, 100, 1000, 20_000, 300_000])('%i clients are counted to a tenth', (clients) => {
  const sketch = new ClientSketch();
  for (let i = 0; i < clients; i++) sketch.add(observe(address(i)));
  expect(Math.abs(sketch.estimate - clients)).toBeLessThanOrEqual(0.1 * clients);
  expect(sketch.isEmpty).toBe(clients === 0);
  expect(sketch.toText().length).toBeLessThanOrEqual(1025);
});

test('who comes again is not counted again', () => {
  const sketch = new ClientSketch();
  for (let i = 0; i < 10_000; i++) sketch.add(observe(address(i % 50)));
  expect(sketch.estimate).toBeGreaterThan(44);
  expect(sketch.estimate).toBeLessThan(56);
});

test('a sketch is short while few were seen, tells no address, and is empty when it was cleared', () => {
  const sketch = new ClientSketch();
  sketch.add(observe('192.0.2.7'));
  const text = sketch.toText();
  expect(text).toMatch(/^s[\w-]{3}$/);
  expect(text).not.toContain('192');
  sketch.clear();
  expect([sketch.toText(), sketch.estimate, sketch.isEmpty]).toEqual(['s', 0, true]);
});

test("the server's reader and this writer mean the same: the text of known clients", () => {
  const sketch = new ClientSketch();
  for (const [index, rank] of [
    [0, 1],
    [63, 33],
    [64, 2],
    [1023, 5],
  ]) {
    sketch.add((index << 6) | rank);
  }
  // packages/server/src/impact/sketch.test.ts reads this text.
  expect(sketch.toText()).toBe('sAABA_hBACP_F');
  expect(sketch.estimate).toBe(4);
});
