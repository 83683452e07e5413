import { afterAll, describe, expect, test } from 'vitest';
import { buildSnapshot, snapshotFolder } from '../fixtures/snapshot-builder.ts';
import { buildGraph, type HeapGraph } from '../graph/heap-graph.ts';
import { Heap } from '../growth/fixtures/heap-over-time.ts';
import { parseSnapshot } from '../parse/parse-snapshot.ts';
import { forkMark } from './fork-mark.ts';
import { LastingIds } from './lasting-ids.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

const read = (file: string): HeapGraph => buildGraph(parseSnapshot(file));
const oneProgram = '11111111-2222-4333-8444-555555555555';
const otherProgram = '99999999-2222-4333-8444-555555555555';
const markOf = (program: string, atMs: number): string =>
  `ebb: forked from ${program} at ${atMs.toFixed(3).padStart(17, '0')} ms, with numbers of its own`;

/** A program with a growing list, and its snapshots: by the process (null) or by a child with this mark. */
function series(marks: (string | null)[], numbered: (id: number, at: number) => number = (id) => id): HeapGraph[] {
  const heap = new Heap();
  const list = heap.object('Array', 1, 'list');
  const main = heap.object('Main', 1, 'main');
  for (let at = 0; at < 30; at++) heap.node({ type: 'closure', name: `f${at}` }, { from: main, name: `f${at}` });
  return marks.map((mark, at) => {
    heap.object('Item', list, at, 'element');
    const { nodes, edges = [] } = heap.take();
    const idOf = (id: number): number => (mark === null || id === 1 ? id : numbered(id, at));
    const spec = {
      nodes: nodes.map((node) => ({ ...node, id: idOf(node.id) })),
      edges: edges.map((edge) => ({ ...edge, from: idOf(edge.from), to: idOf(edge.to) })),
    };
    if (mark !== null) {
      spec.nodes.push({ id: 99_999, type: 'string', name: mark });
      spec.edges.push({ from: 1, to: 99_999, name: 'mark' });
    }
    return read(folder.write(buildSnapshot(spec)));
  });
}

const idsOf = (graph: HeapGraph, name: string): number[] =>
  Array.from(graph.objectId).filter((_, node) => graph.strings.get(graph.nodeName[node]) === name);

function take(graphs: HeapGraph[]): HeapGraph[] {
  const ids = new LastingIds(read);
  for (const graph of graphs) ids.take(graph);
  return graphs;
}

/** Every child numbers in its own way. */
const anew = (id: number, at: number): number => 2 * ((id * 7919 + at * 104_729) % 40_009) + 101;

describe('objects of a series', () => {
  test("keep V8's ids where the process itself wrote all of it", () => {
    for (const graph of take(series([null, null, null]))) expect(graph.objectId).toBe(graph.nodeId);
  });

  test.each([
    ['children wrote it', [1, 2, 3]],
    ['the process wrote the first', [null, 1, 2]],
    ['the process wrote the second', [1, null, 2]],
  ])('have the same id in all of it where %s', (_, times) => {
    const marks = times.map((time) => (time === null ? null : markOf(oneProgram, time)));
    const graphs = take(series(marks, anew));
    const items = graphs.map((graph) => idsOf(graph, 'Item'));
    expect(items.map((ids) => ids.length)).toEqual([1, 2, 3]);
    expect(items[2].slice(0, 2)).toEqual(items[1]);
    expect(items[1].slice(0, 1)).toEqual(items[0]);
    for (const name of ['Array', 'Main', 'f7'])
      expect(new Set(graphs.flatMap((graph) => idsOf(graph, name))).size).toBe(1);
    for (const graph of graphs) expect(new Set(graph.objectId).size).toBe(graph.nodeCount);
    // What reports call an object is what its file calls it.
    expect(graphs[0].nodeId).toEqual(read(graphs[0].file).nodeId);
  });

  test('of two processes are refused, and so is a wrong order', () => {
    const code = (marks: string[]): unknown => {
      try {
        take(series(marks, anew));
        return null;
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(code([markOf(oneProgram, 1), markOf(otherProgram, 2)])).toBe('EBB_HEAP_DIFFERENT_PROGRAMS');
    expect(code([markOf(oneProgram, 2), markOf(oneProgram, 1)])).toBe('EBB_HEAP_WRONG_ORDER');
  });

  test('where only one of two has a mark, functions tell whether both are of one program', () => {
    const [older] = series([markOf(oneProgram, 1)]);
    const heap = new Heap();
    const main = heap.object('Main', 1, 'main');
    for (let at = 0; at < 30; at++) heap.node({ type: 'closure', name: `other${at}` }, { from: main, name: `f${at}` });
    const other = read(folder.write(buildSnapshot(heap.take())));
    const ids = new LastingIds(read);
    ids.take(older);
    expect(() => {
      ids.take(other);
    }).toThrow(expect.objectContaining({ code: 'EBB_HEAP_DIFFERENT_PROGRAMS' }));
  });
});

test('a mark is told from a text that is nearly one', () => {
  const graphWith = (name: string): HeapGraph =>
    read(
      folder.write(
        buildSnapshot({
          nodes: [
            { id: 1, type: 'synthetic' },
            { id: 3, type: 'string', name },
          ],
        }),
      ),
    );
  expect(forkMark(graphWith(markOf(oneProgram, 1234.5)).strings)).toEqual({ program: oneProgram, atMs: 1234.5 });
  for (const name of [`${markOf(oneProgram, 1)} `, markOf(oneProgram, 1).replace('ebb', 'abb'), 'ebb']) {
    expect(forkMark(graphWith(name).strings)).toBeNull();
  }
});
