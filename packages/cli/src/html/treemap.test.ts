import type { TreemapNode } from '@ebb/heap';
import { expect, test } from 'vitest';
import type { MapNode } from './script/map-node.ts';
import { kindOf, mapNodes } from './treemap.ts';

const node = (name: string, retainedBytes: number, children: TreemapNode[] = []): TreemapNode => ({
  name,
  type: name,
  objects: 1,
  retainedBytes,
  location: null,
  children,
});
const size = ({ parts }: MapNode): number => parts.reduce((sum, part) => sum + size(part), 1);

test('a map of any size is drawn from its heaviest areas, level by level', () => {
  const wide = (bytes: number): TreemapNode[] => Array.from({ length: 100 }, (_, k) => node(`n${k}`, bytes - k));
  const root = mapNodes(
    node(
      'heap',
      1e9,
      wide(1e6).map((child) => ({ ...child, children: wide(child.retainedBytes / 100) })),
    ),
  );
  expect(size(root)).toBeLessThanOrEqual(3001);
  expect(root.parts).toHaveLength(100);
  expect(root.parts.map(({ parts }) => parts.length)).toEqual(Array<number>(100).fill(29)); // 10,000 do not fit
  expect(root.parts[0].parts[0].label).toBe('n0');
});

test('a chain of any depth is followed without a stack of its own', () => {
  let chain = node('last', 1);
  for (let k = 0; k < 20_000; k++) chain = node('link', 2, [chain]);
  expect(() => mapNodes(chain)).not.toThrow();
});

test.each([
  ['Session', 'object'],
  ['Object', 'object'],
  ['Map', 'collection'],
  ['WeakSet', 'collection'],
  ['Array', 'collection'],
  ['(array)', 'collection'],
  ['string', 'string'],
  ['(string)', 'string'],
  ['Function', 'function'],
  ['(compiled code)', 'code'],
  ['Buffer', 'buffer'],
  ['JSArrayBufferData', 'buffer'],
  ['FixedCircularBuffer', 'object'],
  ['ArrayBuffer', 'buffer'],
  ['Uint8Array', 'buffer'],
  ['function onPaid', 'function'],
  ['scope', 'function'],
  ['system / Context', 'function'],
  ['(code)', 'code'],
])('an area of %s has the colour of a %s', (type, kind) => {
  expect(kindOf(type)).toBe(kind);
});
