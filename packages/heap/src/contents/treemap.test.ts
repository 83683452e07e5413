import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { openProgram, openSpec } from '../fixtures/opened.ts';
import { randomHeap } from '../fixtures/random-heap.ts';
import { snapshotFolder, type EdgeSpec, type NodeSpec } from '../fixtures/snapshot-builder.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import { classTable } from './class-table.ts';
import type { TreemapNode } from './contents.ts';
import { References } from './references.ts';
import { describeTreemap } from './treemap.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

const treemapOf = (heap: OpenedHeap): TreemapNode =>
  describeTreemap({
    heap,
    table: classTable(heap),
    references: new References(heap),
  });

function allAreas(root: TreemapNode): TreemapNode[] {
  const areas = [root];
  for (const area of areas) areas.push(...area.children); // grows while it is walked
  return areas;
}

/** One line an area: name, type where it is another, number, bytes. */
function drawn(area: TreemapNode, indent = ''): string[] {
  const type = area.name === area.type ? '' : `: ${area.type}`;
  return [
    `${indent}${area.name}${type} ×${area.objects} ${area.retainedBytes}`,
    ...area.children.flatMap((child) => drawn(child, `${indent}  `)),
  ];
}

test('stores are looked through, objects of one class are one area, a large one with a name is one of its own', () => {
  const heap = openSpec(folder, {
    nodes: [
      { id: 1, type: 'synthetic' },
      { id: 3, name: 'Store', selfSize: 100 },
      { id: 5, name: 'Map', selfSize: 100 },
      { id: 7, type: 'array', selfSize: 800 },
      { id: 9, name: 'Session', selfSize: 1000 },
      { id: 11, name: 'Session', selfSize: 2000 },
      { id: 13, name: 'Array', selfSize: 500 },
      { id: 15, name: 'Array', selfSize: 600 },
    ],
    edges: [
      { from: 1, to: 3, type: 'element', name: 0 },
      { from: 3, to: 5, name: 'sessions' },
      { from: 5, to: 7, type: 'internal', name: 'table' },
      { from: 7, to: 9, type: 'internal', name: '5' },
      { from: 7, to: 11, type: 'internal', name: '8' },
      { from: 3, to: 13, name: 'recent' },
      { from: 3, to: 15, name: 'ids' },
    ],
  });
  expect(drawn(treemapOf(heap))).toEqual([
    'heap ×8 5100',
    '  Store ×1 5100',
    '    sessions: Map ×1 3900',
    '      Session ×2 3000',
    '      (array) ×1 800',
    '    ids: Array ×1 600',
    '    recent: Array ×1 500',
  ]);
});

/** What a node dominates, by a climb from each node. */
const isBelow = ({ tree }: OpenedHeap, node: number, above: number): boolean => {
  for (let at = node; at !== 0xffffffff; at = tree.idom[at]) if (at === above) return true;
  return false;
};

test('on random heaps no area holds less than its parts, and the figures of single objects are their own', () => {
  fc.assert(
    fc.property(randomHeap(40), (spec) => {
      const heap = openSpec(folder, spec);
      const root = treemapOf(heap);
      const ordinalOf = new Map([...heap.graph.nodeId].map((id, ordinal) => [id, ordinal]));
      expect(root.retainedBytes).toBe(heap.retained[0]);
      for (const area of allAreas(root)) {
        expect(area.objects).toBeGreaterThan(0);
        const parts = area.children.reduce((sum, child) => sum + child.retainedBytes, 0);
        expect(parts).toBeLessThanOrEqual(area.retainedBytes);
        expect(area.children.map(({ retainedBytes }) => retainedBytes)).toEqual(
          area.children.map(({ retainedBytes }) => retainedBytes).sort((a, b) => b - a),
        );
        if (area.nodeId === undefined) continue;
        const node = ordinalOf.get(area.nodeId) ?? -1;
        expect(area.retainedBytes).toBe(heap.retained[node]);
        for (const part of area.children)
          if (part.nodeId !== undefined) expect(isBelow(heap, ordinalOf.get(part.nodeId) ?? -1, node)).toBe(true);
      }
    }),
  );
});

test('a chain of 100,000 links is one area, and a heap of many classes stays within 2,000', () => {
  const links = 100_000;
  const nodes: NodeSpec[] = [{ id: 1, type: 'synthetic' }];
  const edges: EdgeSpec[] = [];
  for (let at = 1; at <= links; at++) {
    nodes.push({ id: 2 * at + 1, name: 'Link', selfSize: 16 });
    edges.push({ from: 2 * at - 1, to: 2 * at + 1, name: 'next' });
  }
  expect(drawn(treemapOf(openSpec(folder, { nodes, edges })))).toEqual([
    `heap ×${links + 1} ${16 * links}`,
    `  Link ×${links} ${16 * links}`,
  ]);

  const wide: NodeSpec[] = [{ id: 1, type: 'synthetic' }];
  const spread: EdgeSpec[] = [];
  for (let at = 1; at < 20_000; at++) {
    wide.push({ id: 2 * at + 1, name: `Class${at % 5000}`, selfSize: 16 });
    spread.push({ from: 2 * Math.floor((at - 1) / 8) + 1, to: 2 * at + 1, name: 'part' });
  }
  expect(allAreas(treemapOf(openSpec(folder, { nodes: wide, edges: spread }))).length).toBeLessThanOrEqual(2000);
});

test('of a real program, the areas bear the names that the program gives', () => {
  const areas = allAreas(treemapOf(openProgram(folder, 'contents.cjs')));
  const named = (name: string): TreemapNode | undefined => areas.find((area) => area.name === name);
  expect(named('uploads')?.children[0]).toMatchObject({ type: 'Upload', objects: 3 });
  expect(named('pieces')?.children[0]).toMatchObject({ type: 'Buffer', objects: 200 });
  expect(named('expired')?.children).toMatchObject([{ type: '(array)' }, { type: 'Object', objects: 11_000 }]);
  expect(named('sessions')?.children[0]).toMatchObject({ type: 'Session', objects: 3000 });
  expect(JSON.stringify(areas)).not.toContain('SECRET');
});
