import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { ephemeron, randomHeap } from '../fixtures/random-heap.ts';
import { buildSnapshot, snapshotFolder } from '../fixtures/snapshot-builder.ts';
import type { EdgeSpec, SnapshotSpec } from '../fixtures/snapshot-builder.ts';
import { parseSnapshot } from '../parse/parse-snapshot.ts';
import { numberNodes } from './depth-first.ts';
import { computeDominators, NO_NODE, retainedSizes, type DominatorTree } from './dominators.ts';
import { buildGraph, type HeapGraph } from './heap-graph.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

const graphOf = (spec: SnapshotSpec): HeapGraph => buildGraph(parseSnapshot(folder.write(buildSnapshot(spec))));

/**
 * The slow and obvious twin, from the snapshot's description rather than from Ebb's graph: b dominates a where a is
 * reachable, and no longer so without b.
 */
interface Twin {
  owned: boolean[];
  /** Ordinals that each ordinal dominates, itself included. */
  dominates: Set<number>[];
}

function twin({ nodes, edges = [] }: SnapshotSpec): Twin {
  const ordinalOf = new Map(nodes.map(({ id }, ordinal) => [id, ordinal]));
  const ends = edges.map((edge) => ({ ...edge, from: ordinalOf.get(edge.from)!, to: ordinalOf.get(edge.to)! }));
  const reach = (starts: number[], list: { from: number; to: number }[], without: number): boolean[] => {
    const reached = nodes.map(() => false);
    for (const start of starts) if (start !== without) reached[start] = true;
    for (let grew = true; grew;) {
      grew = false;
      for (const { from, to } of list) {
        if (!reached[from] || reached[to] || to === without) continue;
        reached[to] = true;
        grew = true;
      }
    }
    return reached;
  };
  const globals = ends.filter(({ from, type }) => from === 0 && type === 'shortcut').map(({ to }) => to);
  const owned = reach(
    globals,
    ends.filter(({ type }) => type !== 'weak'),
    -1,
  );
  const counted: { from: number; to: number }[] = ends.filter(({ from, to, type, name }) => {
    if (type === 'weak' || from === to) return false;
    if (type === 'shortcut' && from !== 0) return false;
    if (type === 'internal' && String(name).endsWith(`pair in WeakMap (table @${String(nodes[from].id)})`))
      return false;
    return from === 0 || !owned[to] || owned[from];
  });
  const fromRoot = reach([0], counted, -1);
  const orphans = nodes.flatMap((_, node) => (node !== 0 && !counted.some(({ to }) => to === node) ? [node] : []));
  counted.push(...orphans.map((to) => ({ from: 0, to })));
  const reached = reach([0], counted, -1);
  expect(fromRoot.every((is, node) => !is || reached[node])).toBe(true);
  const dominates = nodes.map((_, b) => {
    const without = reach([0], counted, b);
    return new Set(nodes.flatMap((__, a) => (a === b || b === 0 || (reached[a] && !without[a]) ? [a] : [])));
  });
  // Circles that nothing holds dominate nothing but themselves.
  nodes.forEach((_, b) => reached[b] || (dominates[b] = new Set([b])));
  return { owned, dominates };
}

/** All that each node dominates by the tree, itself included. */
function dominatedBy({ idom, order }: DominatorTree): Set<number>[] {
  const sets = Array.from(idom, (_, node) => new Set([node]));
  for (const node of [...order].reverse()) {
    if (idom[node] !== NO_NODE) for (const below of sets[node]) sets[idom[node]].add(below);
  }
  return sets;
}

/** Immediate dominators by node id, and what each node retains. */
function told(spec: SnapshotSpec): { idom: Record<number, number>; retained: Record<number, number> } {
  const graph = graphOf(spec);
  const tree = computeDominators(graph);
  const retained = retainedSizes(graph, tree);
  const ids = [...graph.nodeId];
  return {
    idom: Object.fromEntries(ids.slice(1).map((id, at) => [id, graph.nodeId[tree.idom[at + 1]]])),
    retained: Object.fromEntries(ids.map((id, node) => [id, retained[node]])),
  };
}

const nodes = (...ids: number[]): SnapshotSpec['nodes'] => ids.map((id) => ({ id, selfSize: id }));

describe('beside the slow twin', () => {
  test('dominators, program-owned nodes and retained sizes of random heaps are the same', () => {
    fc.assert(
      fc.property(randomHeap(), (spec) => {
        const graph = graphOf(spec);
        const owned = numberNodes(graph).programOwned;
        const tree = computeDominators(graph);
        const expected = twin(spec);
        expect(Array.from(owned, (flag) => flag === 1)).toEqual(expected.owned);
        expect(dominatedBy(tree)).toEqual(expected.dominates);
        const sizes = spec.nodes.map(({ selfSize = 0 }) => selfSize);
        const sums = expected.dominates.map((set) => [...set].reduce((sum, node) => sum + sizes[node], 0));
        expect([...retainedSizes(graph, tree)]).toEqual(sums);
      }),
      { numRuns: 1000, seed: 1 },
    );
  });

  test('the order lists every node once, the root first and each after its dominator', () => {
    fc.assert(
      fc.property(randomHeap(40), (spec) => {
        const { idom, order } = computeDominators(graphOf(spec));
        expect([...order].sort((a, b) => a - b)).toEqual(spec.nodes.map((_, node) => node));
        const position = new Map([...order].map((node, at) => [node, at]));
        expect([order[0], idom[0]]).toEqual([0, NO_NODE]);
        for (const node of order.subarray(1)) expect(position.get(idom[node])).toBeLessThan(position.get(node)!);
      }),
      { numRuns: 150, seed: 2 },
    );
  });
});

describe('by the rules', () => {
  test('what two hold, the object above both retains', () => {
    const edges = [
      { from: 1, to: 3 },
      { from: 3, to: 5 },
      { from: 3, to: 7 },
      { from: 5, to: 9 },
      { from: 7, to: 9 },
    ];
    expect(told({ nodes: nodes(1, 3, 5, 7, 9), edges })).toEqual({
      idom: { 3: 1, 5: 3, 7: 3, 9: 3 },
      retained: { 1: 25, 3: 24, 5: 5, 7: 7, 9: 9 },
    });
  });

  test('weak edges, edges to oneself and shortcuts retain nothing', () => {
    const edges: EdgeSpec[] = [
      { from: 1, to: 3 },
      { from: 1, to: 7 },
      { from: 3, to: 5 },
      { from: 5, to: 5 },
      { from: 7, to: 5, type: 'weak' },
      { from: 7, to: 5, type: 'shortcut' },
    ];
    expect(told({ nodes: nodes(1, 3, 5, 7), edges }).idom).toEqual({ 3: 1, 5: 3, 7: 1 });
  });

  test("a WeakMap's value is retained by its key", () => {
    const edges = [{ from: 1, to: 3 }, { from: 1, to: 5 }, ...ephemeron(3, 5, 7)];
    expect(told({ nodes: nodes(1, 3, 5, 7), edges }).idom).toEqual({ 3: 1, 5: 1, 7: 5 });
  });

  test('a WeakMap entry whose value has a line feed in its name is one as well', () => {
    const edges = ephemeron(3, 5, 7).map((edge): EdgeSpec => {
      return { ...edge, name: String(edge.name).replace('Value', 'a\nb') };
    });
    edges.push({ from: 1, to: 3 }, { from: 1, to: 5 });
    expect(told({ nodes: nodes(1, 3, 5, 7), edges }).idom).toEqual({ 3: 1, 5: 1, 7: 5 });
  });

  test('a name of a megabyte that only begins like a WeakMap entry takes no time and is none', () => {
    const name = `1 / part of key (${' @1) -> value ('.repeat(100_000)}`;
    const edges: EdgeSpec[] = [
      { from: 1, to: 3 },
      { from: 3, to: 5, type: 'internal', name },
    ];
    expect(told({ nodes: nodes(1, 3, 5), edges }).idom).toEqual({ 3: 1, 5: 3 });
  });

  test('what the program holds is not taken away from it by a handle of V8 or Node', () => {
    const edges: EdgeSpec[] = [
      { from: 1, to: 3, type: 'shortcut', name: 'global' },
      { from: 1, to: 5, type: 'element', name: 1 }, // (GC roots)
      { from: 3, to: 7 },
      { from: 7, to: 9 },
      { from: 5, to: 9, type: 'element', name: 1 },
      { from: 5, to: 11, type: 'element', name: 2 },
      { from: 11, to: 7 },
    ];
    expect(told({ nodes: nodes(1, 3, 5, 7, 9, 11), edges }).idom).toEqual({ 3: 1, 5: 1, 7: 3, 9: 7, 11: 5 });
  });

  test('a node that nothing holds strongly hangs on the root, with what it holds', () => {
    const edges: EdgeSpec[] = [
      { from: 1, to: 3 },
      { from: 3, to: 5, type: 'weak' },
      { from: 5, to: 7 },
      { from: 3, to: 9 },
      { from: 5, to: 9 },
    ];
    expect(told({ nodes: nodes(1, 3, 5, 7, 9), edges }).idom).toEqual({ 3: 1, 5: 1, 7: 5, 9: 1 });
  });

  test('each node of a circle that nothing holds hangs on the root alone, and takes nothing from others', () => {
    const edges: EdgeSpec[] = [
      { from: 1, to: 3 },
      { from: 3, to: 9 },
      { from: 5, to: 7 },
      { from: 7, to: 5 },
      { from: 7, to: 9 },
    ];
    expect(told({ nodes: nodes(1, 3, 5, 7, 9), edges })).toEqual({
      idom: { 3: 1, 5: 1, 7: 1, 9: 3 },
      retained: { 1: 25, 3: 12, 5: 5, 7: 7, 9: 9 },
    });
  });

  test('a root that is alone retains itself', () => {
    expect(told({ nodes: nodes(1) })).toEqual({ idom: {}, retained: { 1: 1 } });
  });

  test('sizes add up beyond four gigabytes', () => {
    const large = [1, 3, 5].map((id) => ({ id, selfSize: 4e9 }));
    const edges = [
      { from: 1, to: 3 },
      { from: 3, to: 5 },
    ];
    expect(told({ nodes: large, edges }).retained).toEqual({ 1: 12e9, 3: 8e9, 5: 4e9 });
  });
});

describe('deep and wide heaps', () => {
  const links = 300_000;
  const ids = Array.from({ length: links }, (_, at) => 2 * at + 1);

  test('a chain of 300,000 links needs no stack', () => {
    const edges = ids.slice(1).map((id) => ({ from: id - 2, to: id }));
    const graph = graphOf({ nodes: ids.map((id) => ({ id, selfSize: 1 })), edges });
    const tree = computeDominators(graph);
    const retained = retainedSizes(graph, tree);
    expect(tree.idom.every((above, node) => node === 0 || above === node - 1)).toBe(true);
    expect(retained.every((bytes, node) => bytes === links - node)).toBe(true);
  });

  test('a chain whose links all lead back to the first, and are all held by the last, too', () => {
    const edges = ids.slice(1).flatMap((id) => [
      { from: id - 2, to: id },
      { from: id, to: 3 },
      { from: 2 * links - 1, to: id },
    ]);
    const tree = computeDominators(graphOf({ nodes: ids.map((id) => ({ id })), edges }));
    expect(tree.idom.every((above, node) => node === 0 || above === node - 1)).toBe(true);
  });

  test('a node with 300,000 children dominates them all', () => {
    const edges = ids.slice(1).map((id) => ({ from: 1, to: id }));
    const tree = computeDominators(graphOf({ nodes: ids.map((id) => ({ id })), edges }));
    expect(tree.idom.every((above, node) => node === 0 || above === 0)).toBe(true);
  });
});
