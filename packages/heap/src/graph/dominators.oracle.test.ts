// DevTools' own engine as the oracle: heap-snapshot-toolkit is Chromium's heap_snapshot_worker, repackaged.
import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'heap-snapshot-toolkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { snapshotFolder } from '../fixtures/snapshot-builder.ts';
import { parseSnapshot } from '../parse/parse-snapshot.ts';
import { numberNodes } from './depth-first.ts';
import { computeDominators, NO_NODE, retainedSizes, type DominatorTree } from './dominators.ts';
import { buildGraph, type HeapGraph } from './heap-graph.ts';

/** What is used here of DevTools' JSHeapSnapshot, by ordinal. */
interface DevTools {
  nodeCount: number;
  dominatorsTree: Uint32Array;
  retainedSizes: Float64Array;
  flags: Uint8Array;
  nodeFlags: { pageObject: number };
  calculateShallowSizes(): void;
}

const folder = snapshotFolder();
const file = folder.path('varied.heapsnapshot');
let graph: HeapGraph;
let owned: Uint8Array;
let tree: DominatorTree;
let retained: Float64Array;

const devTools = async (): Promise<DevTools> =>
  (await parse(createReadStream(file, 'utf8'))) as unknown as Promise<DevTools>;

beforeAll(() => {
  const program = fileURLToPath(new URL('../fixtures/varied-heap.cjs', import.meta.url));
  execFileSync(process.execPath, [program, file], { stdio: 'ignore' });
  graph = buildGraph(parseSnapshot(file));
  owned = numberNodes(graph).programOwned;
  tree = computeDominators(graph);
  retained = retainedSizes(graph, tree);
});
afterAll(() => folder.stop());

/** The ordinals, ids and types at which two answers differ, the first few. */
function differences(ours: (node: number) => number, theirs: (node: number) => number): string[] {
  const found: string[] = [];
  for (let node = 0; node < graph.nodeCount && found.length < 20; node++) {
    if (ours(node) === theirs(node)) continue;
    const type = graph.layout.nodeTypeNames[graph.nodeType[node]];
    found.push(`node ${node} @${graph.nodeId[node]} (${type}): ours ${ours(node)}, theirs ${theirs(node)}`);
  }
  return found;
}

test('a real snapshot of this Node has what the rules are about', () => {
  expect(graph.nodeCount).toBeGreaterThan(50_000);
  const kinds = new Set<string>();
  for (let node = 0; node < graph.nodeCount; node++) {
    for (let edge = graph.firstEdge[node]; edge < graph.firstEdge[node + 1]; edge++) {
      const type = graph.layout.edgeTypeNames[graph.edgeType[edge]];
      if (type === 'shortcut') kinds.add(node === 0 ? 'global' : 'shortcut');
      else if (type === 'weak') kinds.add('weak');
      else if (graph.edgeTo[edge] === node) kinds.add('self');
      else if (graph.edgeIsStrong[edge] === 0) kinds.add('table of a WeakMap');
      if (owned[graph.edgeTo[edge]] === 1 && owned[node] === 0 && node !== 0) kinds.add('into the program');
    }
  }
  expect([...kinds].sort()).toEqual(['global', 'into the program', 'self', 'shortcut', 'table of a WeakMap', 'weak']);
});

test('every node has the dominator, owner and retained size that DevTools computes', async () => {
  // DevTools first moves the sizes of nameless nodes into their owners; see the head of dominators.ts.
  const { prototype } = (await devTools()).constructor as unknown as { prototype: DevTools };
  vi.spyOn(prototype, 'calculateShallowSizes').mockImplementation(() => {});
  const theirs = await devTools();
  expect(prototype.calculateShallowSizes).toHaveBeenCalledOnce();
  expect(theirs.nodeCount).toBe(graph.nodeCount);
  const isOwned = (node: number): number => ((theirs.flags[node] & theirs.nodeFlags.pageObject) === 0 ? 0 : 1);
  expect(differences((node) => owned[node], isOwned)).toEqual([]);
  const idom = (node: number): number => (tree.idom[node] === NO_NODE ? 0 : tree.idom[node]);
  expect(differences(idom, (node) => theirs.dominatorsTree[node])).toEqual([]);
  expect(
    differences(
      (node) => retained[node],
      (node) => theirs.retainedSizes[node],
    ),
  ).toEqual([]);
});

test('what DevTools shows is the same for every node but nameless arrays and hidden ones', async () => {
  const theirs = await devTools();
  const { array, hidden } = graph.nodeTypes;
  const isNameless = (node: number): boolean => graph.nodeType[node] === array || graph.nodeType[node] === hidden;
  expect(
    differences(
      (node) => (isNameless(node) ? 0 : retained[node]),
      (node) => (isNameless(node) ? 0 : theirs.retainedSizes[node]),
    ),
  ).toEqual([]);
});
