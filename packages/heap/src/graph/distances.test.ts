import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { ephemeron, randomHeap } from '../fixtures/random-heap.ts';
import { buildSnapshot, snapshotFolder, type SnapshotSpec } from '../fixtures/snapshot-builder.ts';
import { parseSnapshot } from '../parse/parse-snapshot.ts';
import { computeDistances, NO_DISTANCE, SYSTEM_DISTANCE } from './distances.ts';
import { buildGraph, type HeapGraph } from './heap-graph.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

const graphOf = (spec: SnapshotSpec): HeapGraph => buildGraph(parseSnapshot(folder.write(buildSnapshot(spec))));

test("the program's globals are at distance 1, V8's roots far away, what nothing reaches nowhere", () => {
  const graph = graphOf({
    nodes: [
      { id: 1, type: 'synthetic' },
      { id: 3, type: 'object', name: 'global' },
      { id: 5, name: 'Shop' },
      { id: 7, type: 'synthetic', name: '(GC roots)' },
      { id: 9, name: 'Handle' },
      { id: 11, name: 'Lost' },
    ],
    edges: [
      { from: 1, to: 3, type: 'shortcut', name: 'global' },
      { from: 1, to: 7, type: 'element', name: 1 },
      { from: 3, to: 5 },
      { from: 7, to: 5, type: 'internal' },
      { from: 7, to: 9, type: 'internal' },
      { from: 9, to: 11, type: 'weak' },
    ],
  });
  const far = SYSTEM_DISTANCE;
  expect([...computeDistances(graph)]).toEqual([far, 1, 2, far + 1, far + 2, NO_DISTANCE]);
});

test("a WeakMap's value is as far as the farther of its table and its key", () => {
  const graph = graphOf({
    nodes: [
      { id: 1, type: 'synthetic' },
      { id: 3, name: 'global' },
      { id: 5, type: 'array', name: '(table)' },
      { id: 7, name: 'Between' },
      { id: 9, name: 'Key' },
      { id: 11, name: 'Value' },
    ],
    edges: [
      { from: 1, to: 3, type: 'shortcut', name: 'global' },
      { from: 3, to: 5 },
      { from: 3, to: 7 },
      { from: 7, to: 9 },
      ...ephemeron(5, 9, 11),
    ],
  });
  expect([...computeDistances(graph)].slice(1)).toEqual([1, 2, 2, 3, 4]);
});

test('on any heap without weak maps, they are the fewest references from a start: checked step by step', () => {
  const property = fc.property(randomHeap(), (spec) => {
    const plain = { ...spec, edges: (spec.edges ?? []).filter(({ name }) => !String(name).includes('part of key')) };
    const graph = graphOf(plain);
    expect([...computeDistances(graph)]).toEqual(slowDistances(graph));
  });
  fc.assert(property, { seed: 20, numRuns: 300 });
});

/** Relaxes every edge until nothing changes: first from the program's globals, then from the root. */
function slowDistances(graph: HeapGraph): number[] {
  const { nodeCount, firstEdge, edgeTo, edgeType, edgeTypes, nodeType, nodeTypes } = graph;
  const distances = new Array<number>(nodeCount).fill(Infinity);
  const settle = (mayEnter: (to: number) => boolean): void => {
    for (let changed = true; changed;) {
      changed = false;
      for (let node = 0; node < nodeCount; node++) {
        for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
          const to = edgeTo[edge];
          if (edgeType[edge] === edgeTypes.weak || !mayEnter(to) || distances[to] <= distances[node] + 1) continue;
          distances[to] = distances[node] + 1;
          changed = true;
        }
      }
    }
  };
  for (let edge = firstEdge[0]; edge < firstEdge[1]; edge++) {
    if (nodeType[edgeTo[edge]] !== nodeTypes.synthetic) distances[edgeTo[edge]] = 1;
  }
  const hasStarts = distances.some((distance) => distance === 1);
  settle(() => true);
  const near = distances.map((distance) => distance < Infinity);
  distances[0] = hasStarts ? SYSTEM_DISTANCE : 0;
  settle((to) => !near[to] && to !== 0);
  return distances.map((distance) => (distance === Infinity ? NO_DISTANCE : distance));
}
