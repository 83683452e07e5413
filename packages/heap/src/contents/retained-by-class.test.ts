import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { randomHeap } from '../fixtures/random-heap.ts';
import { buildSnapshot, snapshotFolder, type SnapshotSpec } from '../fixtures/snapshot-builder.ts';
import {
  childrenOf,
  computeDominators,
  type DominatorTree,
  dominates,
  NO_NODE,
  retainedSizes,
} from '../graph/dominators.ts';
import { buildGraph, type HeapGraph } from '../graph/heap-graph.ts';
import { parseSnapshot } from '../parse/parse-snapshot.ts';
import { NO_CLASS, retainedByClass } from './retained-by-class.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

function treeOf(spec: SnapshotSpec): { graph: HeapGraph; tree: DominatorTree; retained: Float64Array } {
  const graph = buildGraph(parseSnapshot(folder.write(buildSnapshot(spec))));
  const tree = computeDominators(graph);
  return { graph, tree, retained: retainedSizes(graph, tree) };
}

/** The slow twin: each node looks up its dominators for one of its class. */
function slowRetainedByClass(
  { graph, tree, retained }: ReturnType<typeof treeOf>,
  classOf: Uint32Array,
  classCount: number,
): number[] {
  const sums = new Array<number>(classCount).fill(0);
  for (let node = 0; node < graph.nodeCount; node++) {
    if (classOf[node] === NO_CLASS || graph.nodeSelfSize[node] === 0) continue;
    let above = tree.idom[node];
    while (above !== NO_NODE && (classOf[above] !== classOf[node] || graph.nodeSelfSize[above] === 0))
      above = tree.idom[above];
    if (above === NO_NODE) sums[classOf[node]] += retained[node];
  }
  return sums;
}

test('on random heaps every node but the root is once among the children of its dominator', () => {
  fc.assert(
    fc.property(randomHeap(), (spec) => {
      const { graph, tree } = treeOf(spec);
      const seen: number[] = [];
      for (let node = 0; node < graph.nodeCount; node++) {
        for (const child of childrenOf(tree, node)) {
          expect(tree.idom[child]).toBe(node);
          expect(dominates(tree, node, child)).toBe(true);
          expect(dominates(tree, child, node)).toBe(false);
          seen.push(child);
        }
      }
      expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: graph.nodeCount - 1 }, (_, at) => at + 1));
    }),
  );
});

test('on random heaps the retained size of a class is that of its nodes which no other of it dominates', () => {
  fc.assert(
    fc.property(randomHeap(20), fc.array(fc.nat(3), { minLength: 20, maxLength: 20 }), (spec, classes) => {
      const heap = treeOf(spec);
      const classOf = Uint32Array.from({ length: heap.graph.nodeCount }, (_, node) =>
        classes[node] === 3 ? NO_CLASS : classes[node],
      );
      const others = classOf.map((own) => (own === NO_CLASS ? 0 : own + 1));
      expect([...retainedByClass(heap, { classOf, classCount: 3 })]).toEqual(slowRetainedByClass(heap, classOf, 3));
      expect([...retainedByClass(heap, { classOf: others, classCount: 4 })]).toEqual(
        slowRetainedByClass(heap, others, 4),
      );
    }),
  );
});

test('a chain of 300,000 links is walked without a stack', () => {
  const links = 300_000;
  const tree: DominatorTree = {
    idom: Uint32Array.from({ length: links }, (_, node) => (node === 0 ? NO_NODE : node - 1)),
    order: Uint32Array.from({ length: links }, (_, node) => node),
    end: new Uint32Array(links).fill(links),
    place: Uint32Array.from({ length: links }, (_, node) => node),
  };
  const retained = Float64Array.from({ length: links }, (_, node) => links - node);
  const graph = { nodeSelfSize: new Uint32Array(links).fill(1) };
  const classOf = Uint32Array.from({ length: links }, (_, node) => node % 2);
  expect([...retainedByClass({ tree, retained, graph }, { classOf, classCount: 2 })]).toEqual([links, links - 1]);
});
