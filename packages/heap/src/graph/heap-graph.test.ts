import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { ephemeron, randomHeap } from '../fixtures/random-heap.ts';
import { buildSnapshot, edgeTypeNames, nodeTypeNames, snapshotFolder } from '../fixtures/snapshot-builder.ts';
import type { SnapshotSpec } from '../fixtures/snapshot-builder.ts';
import { parseSnapshot } from '../parse/parse-snapshot.ts';
import { buildGraph, type HeapGraph } from './heap-graph.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

const graphOf = (spec: SnapshotSpec): HeapGraph => buildGraph(parseSnapshot(folder.write(buildSnapshot(spec))));

/** Ids of a node's retainers with the edge that each has to it. */
function retainersOf(graph: HeapGraph, node: number): { from: number; edge: number }[] {
  const found: { from: number; edge: number }[] = [];
  for (let slot = graph.firstRetainer[node]; slot < graph.firstRetainer[node + 1]; slot++) {
    found.push({ from: graph.retainerNode[slot], edge: graph.retainerEdge[slot] });
  }
  return found;
}

test('retainers are the strong edges turned around, in the order of their nodes and edges', () => {
  fc.assert(
    fc.property(randomHeap(), (spec) => {
      const graph = graphOf(spec);
      const expected: { from: number; edge: number }[][] = spec.nodes.map(() => []);
      for (let node = 0; node < graph.nodeCount; node++) {
        for (let edge = graph.firstEdge[node]; edge < graph.firstEdge[node + 1]; edge++) {
          if (graph.edgeIsStrong[edge] === 1) expected[graph.edgeTo[edge]].push({ from: node, edge });
        }
      }
      expect(spec.nodes.map((_, node) => retainersOf(graph, node))).toEqual(expected);
    }),
    { numRuns: 200, seed: 3 },
  );
});

test('edges are strong but for weak ones, shortcuts off the root, edges to oneself and from a WeakMap table', () => {
  const graph = graphOf({
    nodes: [{ id: 1 }, { id: 3 }, { id: 5 }, { id: 7 }],
    edges: [
      { from: 1, to: 3, type: 'shortcut', name: 'global' },
      { from: 3, to: 5, type: 'shortcut', name: 'bound' },
      { from: 3, to: 5, type: 'weak', name: 'w' },
      { from: 3, to: 5, type: 'internal', name: 'strong' },
      { from: 3, to: 5, type: 'element', name: 0 },
      { from: 3, to: 5, type: 'hidden', name: 4_000_000_000 },
      { from: 3, to: 3, type: 'property', name: 'self' },
      { from: 3, to: 5, type: 'context', name: 'outer' },
      ...ephemeron(3, 5, 7),
    ],
  });
  expect([...graph.edgeIsStrong]).toEqual([1, 0, 0, 1, 1, 1, 0, 1, 0, 1]);
});

test('types are known by the names that the file gives them, whatever their order', () => {
  const nodeNames = [...nodeTypeNames].reverse();
  const edgeNames = ['weak', 'invisible', ...edgeTypeNames.slice(0, 3)];
  const text = buildSnapshot(
    { nodes: [{ id: 1 }] },
    {
      overrides: ({ snapshot: { meta } }) => {
        meta.node_types[0] = nodeNames;
        meta.edge_types[0] = edgeNames;
      },
    },
  );
  const { nodeTypes, edgeTypes } = buildGraph(parseSnapshot(folder.write(text)));
  expect(nodeTypes).toEqual({
    hidden: 14,
    array: 13,
    string: 12,
    object: 11,
    code: 10,
    closure: 9,
    regexp: 8,
    number: 7,
    native: 6,
    synthetic: 5,
    concatenatedString: 4,
    slicedString: 3,
    symbol: 2,
    bigint: 1,
    objectShape: 0,
  });
  expect(edgeTypes).toEqual({ context: 2, element: 3, property: 4, internal: -1, hidden: -1, shortcut: -1, weak: 0 });
});
