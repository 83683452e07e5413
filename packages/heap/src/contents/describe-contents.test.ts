import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { openSpec } from '../fixtures/opened.ts';
import { ephemeron } from '../fixtures/random-heap.ts';
import {
  edgeTypeNames,
  nodeTypeNames,
  snapshotFolder,
  type EdgeSpec,
  type NodeSpec,
  type SnapshotSpec,
} from '../fixtures/snapshot-builder.ts';
import { renderContents } from '../report/render-contents.ts';
import type { TreemapNode } from './contents.ts';
import { describeContents } from './describe-contents.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

/** Names that mean something to one part of the description or another. */
const nodeNames = [
  'Array',
  'Map',
  'Object',
  'Session',
  'ArrayBuffer',
  'Buffer',
  'Memory',
  '',
  '(constant pool)',
  'system / Context',
  'system / NativeContext',
  'system / ScopeInfo',
  'system / JSArrayBufferData',
  'same text',
];
const edgeNames = [
  'elements',
  'table',
  'properties',
  'context',
  'previous',
  'scope_info',
  'buffer',
  'backing_store',
  'map',
  'shared',
  'script',
  'name',
  'prototype',
  'allocPool',
  'js_array_holey_elements_map',
  '5',
  '17',
];

const sizes = fc.constantFrom(0, 16, 24, 152, 152, 160, 8192, 8208, 70_000, 120_016, 2 ** 32 - 1);

const nonsense: fc.Arbitrary<SnapshotSpec> = fc.integer({ min: 1, max: 30 }).chain((count) => {
  const id = fc.nat(count - 1).map((at) => 2 * at + 1);
  const edge = fc
    .record({
      from: id,
      to: id,
      type: fc.constantFrom(...edgeTypeNames),
      name: fc.constantFrom(...edgeNames),
      index: fc.nat(1e6),
    })
    .map(({ from, to, type, name, index }): EdgeSpec[] => [
      { from, to, type, name: type === 'element' || type === 'hidden' ? index : name },
    ]);
  const pair = fc.tuple(id, id, id).map(([table, key, value]) => ephemeron(table, key, value));
  const node = fc.record({
    type: fc.constantFrom(...nodeTypeNames),
    name: fc.constantFrom(...nodeNames),
    selfSize: sizes,
  });
  return fc.record({
    nodes: fc
      .array(node, { minLength: count, maxLength: count })
      .map((specs) => specs.map((spec, at): NodeSpec => ({ ...spec, id: 2 * at + 1 }))),
    edges: fc
      .array(fc.oneof({ weight: 12, arbitrary: edge }, { weight: 1, arbitrary: pair }), { maxLength: 5 * count })
      .map((lists) => lists.flat()),
    locations: fc.array(fc.record({ node: id, scriptId: fc.nat(2), line: fc.nat(5), column: fc.nat(5) }), {
      maxLength: 4,
    }),
  });
});

const sumOfParts = (area: TreemapNode): number => area.children.reduce((sum, child) => sum + child.retainedBytes, 0);

test('of whatever heap, a description comes, its sums agree, and it can be printed', () => {
  fc.assert(
    fc.property(nonsense, (spec) => {
      const heap = openSpec(folder, spec);
      const contents = describeContents(heap);
      const { totals, classes, otherClasses, treemap } = contents;
      const bytes = heap.graph.nodeSelfSize.reduce((sum, size) => sum + size, 0);
      expect(totals).toMatchObject({ bytes, objects: heap.graph.nodeCount });
      expect(totals.byKind.reduce((sum, kind) => sum + kind.objects, 0)).toBe(totals.objects);
      expect(classes.reduce((sum, row) => sum + row.shallowBytes, otherClasses.shallowBytes)).toBe(bytes);
      expect(classes.every((row) => row.retainedBytes <= bytes)).toBe(true);
      expect(contents.duplicatedStrings.wastedBytes).toBeLessThanOrEqual(bytes);
      expect(contents.buffers.bytes).toBeLessThanOrEqual(bytes);
      expect(contents.overAllocated.wastedBytes).toBeLessThanOrEqual(bytes);
      expect(sumOfParts(treemap)).toBeLessThanOrEqual(treemap.retainedBytes);
      expect(renderContents(contents, { color: false, width: 80 })).toMatch(/^CONTENTS/u);
    }),
    { numRuns: 500 },
  );
});

test('names of any length are cut, so that a report stays small', () => {
  const endless = 'x'.repeat(100_000);
  const heap = openSpec(folder, {
    nodes: [
      { id: 1, type: 'synthetic' },
      ...Array.from({ length: 200 }, (_, at): NodeSpec => ({
        id: 2 * at + 3,
        name: `${at}${endless}`,
        selfSize: 1000,
      })),
    ],
    edges: Array.from({ length: 200 }, (_, at): EdgeSpec => ({ from: 2 * at + 1, to: 2 * at + 3, name: endless })),
  });
  expect(JSON.stringify(describeContents(heap)).length).toBeLessThan(300_000);
});
