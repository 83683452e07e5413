// Every algorithm against a slow and obvious one, on random heaps.
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { randomHeap } from '../fixtures/random-heap.ts';
import { buildSnapshot, snapshotFolder, type SnapshotSpec } from '../fixtures/snapshot-builder.ts';
import { NO_NODE } from '../graph/dominators.ts';
import { buildGraph } from '../graph/heap-graph.ts';
import { openHeap } from '../opened/opened-heap.ts';
import { parseSnapshot } from '../parse/parse-snapshot.ts';
import { takeCensus } from './census.ts';
import { classNameOf } from './class-name.ts';
import { listClasses } from './classes.ts';
import { findChanges, tellChanges } from './compare.ts';
import { dominatedBy, dominatorsOf, retainedSetOf } from './dominance.ts';
import { shortestPathTo } from './paths.ts';
import { QueriedHeap } from './queried-heap.ts';
import { openForQueries } from './serve.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());
const control = { checkpoint: () => undefined, onProgress: () => undefined };

/** A random heap, with few class names so that classes have several members. */
function queriedOf(spec: SnapshotSpec): QueriedHeap {
  const nodes = spec.nodes.map((node, at) => ({ ...node, name: `c${String(at % 3)}` }));
  const graph = buildGraph(parseSnapshot(folder.write(buildSnapshot({ ...spec, nodes }))));
  return new QueriedHeap(openHeap(graph, { cwd: folder.path('.'), onProgress: () => undefined }), false);
}

const onHeaps = (check: (queried: QueriedHeap) => void): void => {
  const property = fc.property(randomHeap(20), (spec) => check(queriedOf(spec)));
  fc.assert(property, { seed: 20, numRuns: 200 });
};

/** A node and its dominators up to the root. */
function chainOf({ heap }: QueriedHeap, node: number): number[] {
  const chain = [];
  for (let at = node; at !== NO_NODE; at = heap.tree.idom[at]) chain.push(at);
  return chain;
}

const nodesOf = ({ graph }: QueriedHeap): number[] => Array.from({ length: graph.nodeCount }, (_, node) => node);

test('a class retains what has one of it that has a size among its dominators, itself among them', () => {
  onHeaps((queried) => {
    for (const row of listClasses(queried, {}, control).rows) {
      const freed = nodesOf(queried).filter((node) =>
        chainOf(queried, node).some(
          (above) => queried.graph.nodeSelfSize[above] > 0 && classNameOf(queried.graph, above) === row.type,
        ),
      );
      expect(row.retainedBytes).toBe(freed.reduce((sum, node) => sum + queried.graph.nodeSelfSize[node], 0));
    }
  });
});

test('the retained set is everything that has the object among its dominators', () => {
  onHeaps((queried) => {
    for (const top of nodesOf(queried)) {
      const id = queried.graph.nodeId[top];
      const freed = nodesOf(queried).filter((node) => chainOf(queried, node).includes(top));
      const set = retainedSetOf(queried, { id }, control);
      expect(set.objects).toBe(freed.length);
      expect(set.bytes).toBe(freed.reduce((sum, node) => sum + queried.graph.nodeSelfSize[node], 0));
      expect(set.classes.rows.reduce((sum, row) => sum + row.shallowBytes, 0)).toBe(set.bytes);
      expect(dominatorsOf(queried, { id }).rows.map((row) => row.id)).toEqual(
        chainOf(queried, top)
          .slice(1)
          .map((node) => queried.graph.nodeId[node]),
      );
      const children = nodesOf(queried).filter((node) => queried.heap.tree.idom[node] === top);
      expect(dominatedBy(queried, { id }).rows.map((row) => row.id)).toEqual(
        children
          .toSorted((a, b) => queried.heap.retained[b] - queried.heap.retained[a] || a - b)
          .map((node) => queried.graph.nodeId[node]),
      );
    }
  });
});

test('the shortest path is as short as breadth first from the root finds, each step a strong reference', () => {
  onHeaps((queried) => {
    const { graph } = queried;
    const lengths = (mayPass: (node: number) => boolean): number[] => {
      const length = new Array<number>(graph.nodeCount).fill(Infinity);
      length[0] = 0;
      for (let changed = true; changed;) {
        changed = false;
        for (const node of nodesOf(queried)) {
          if (node !== 0 && !mayPass(node)) continue;
          for (let edge = graph.firstEdge[node]; edge < graph.firstEdge[node + 1]; edge++) {
            const to = graph.edgeTo[edge];
            if (graph.edgeIsStrong[edge] === 0 || length[to] <= length[node] + 1) continue;
            length[to] = length[node] + 1;
            changed = true;
          }
        }
      }
      return length;
    };
    const past = lengths((node) => graph.nodeType[node] !== graph.nodeTypes.synthetic);
    const any = lengths(() => true);
    for (const node of nodesOf(queried)) {
      const path = shortestPathTo(queried, { id: graph.nodeId[node] }, control);
      const expected = Number.isFinite(past[node]) ? past[node] : any[node];
      if (!Number.isFinite(expected)) expect(path.stops).toEqual([]);
      else {
        expect(path.length).toBe(expected);
        expect(path.stops).toHaveLength(expected + 1);
        expect([path.stops[0].id, path.stops.at(-1)?.id]).toEqual([graph.nodeId[0], graph.nodeId[node]]);
      }
    }
  });
});

test('on any heap, every query answers, or refuses with a code', () => {
  const names = fc.constantFrom(
    '',
    'c',
    '__proto__',
    'constructor',
    '\u0000',
    '\ud800',
    '[key]',
    'system / Context',
    '(',
  );
  const spec = fc.tuple(randomHeap(12), names).map(([heap, name]) => ({
    nodes: heap.nodes.map((node, at) => (at % 2 === 0 ? { ...node, name } : node)),
    edges: (heap.edges ?? []).map((edge, at) =>
      at % 3 === 0 && typeof edge.name === 'string' ? { ...edge, name } : edge,
    ),
    locations: heap.nodes.slice(1, 4).map(({ id }) => ({ node: id, scriptId: 1, line: 0, column: 0 })),
  }));
  const property = fc.property(spec, names, (heap, name) => {
    const file = folder.write(buildSnapshot(heap));
    const serve = openForQueries({ file, cwd: folder.path('.'), allowStrings: false }, control);
    const ids = heap.nodes.map(({ id }) => id);
    serve('summary', null, control);
    serve('classes', { filter: name }, control);
    serve('findByName', { name }, control);
    serve('findByCode', { file: name }, control);
    serve('compare', { with: file }, control);
    for (const id of ids) {
      expect(serve('object', { id }, control).object.id).toBe(id);
      for (const query of ['retainers', 'dominators', 'dominated', 'retainedSet'] as const)
        serve(query, { id }, control);
      expect(serve('path', { id }, control).stops.at(-1)?.id).toBe(id);
      serve('shortestPath', { id }, control);
    }
  });
  fc.assert(property, { seed: 20, numRuns: 150 });
});

test('what came, went and stayed is what sets of ids say', () => {
  const property = fc.property(randomHeap(20), randomHeap(20), (a, b) => {
    const [earlier, later] = [queriedOf(a), queriedOf(b)];
    fc.pre(earlier.graph.nodeCount <= later.graph.nodeCount); // ids go up
    const census = takeCensus(earlier.graph);
    const all = tellChanges(
      later,
      findChanges(later, census, control, () => earlier.graph),
      { limit: 100 },
    );
    const rowsOf = (of: QueriedHeap): Map<string, number> =>
      new Map(
        nodesOf(of).map((node) => [
          `${of.graph.nodeId[node]}@${classNameOf(of.graph, node)}`,
          of.graph.nodeSelfSize[node],
        ]),
      );
    const [before, after] = [rowsOf(earlier), rowsOf(later)];
    const bytes = (rows: [string, number][]): number => rows.reduce((sum, [, size]) => sum + size, 0);
    const came = [...after].filter(([key]) => !before.has(key));
    const went = [...before].filter(([key]) => !after.has(key));
    expect([all.newObjects, all.newBytes]).toEqual([came.length, bytes(came)]);
    expect([all.goneObjects, all.goneBytes]).toEqual([went.length, bytes(went)]);
    expect(all.keptObjects).toBe(after.size - came.length);
    expect(all.growthBytes).toBe(bytes([...after]) - bytes([...before]));
    for (const row of all.classes.rows) {
      const ofClass = came.filter(([key]) => key.endsWith(`@${row.type}`));
      expect([row.newObjects, row.newBytes]).toEqual([ofClass.length, bytes(ofClass)]);
      expect(row.sampleId === null).toBe(ofClass.length === 0);
    }
  });
  fc.assert(property, { seed: 20, numRuns: 200 });
});
