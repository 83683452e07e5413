import { afterAll, describe, expect, test } from 'vitest';
import { buildSnapshot, snapshotFolder } from '../fixtures/snapshot-builder.ts';
import { buildGraph, type HeapGraph } from '../graph/heap-graph.ts';
import { Heap, MapModel } from '../growth/fixtures/heap-over-time.ts';
import { parseSnapshot } from '../parse/parse-snapshot.ts';
import { NO_OBJECT, sameObjects } from './same-objects.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

const graphOf = (heap: Heap): HeapGraph => buildGraph(parseSnapshot(folder.write(buildSnapshot(heap.take()))));
const nameOf = (graph: HeapGraph, node: number): string => graph.strings.get(graph.nodeName[node]);

/** What is the same in both by its place, held against the ids, which the walk does not look at. */
function compare(
  older: HeapGraph,
  newer: HeapGraph,
): { right: string[]; wrong: string[]; missed: string[]; came: string[] } {
  const olderOf = sameObjects(older, newer);
  const told = { right: [] as string[], wrong: [] as string[], missed: [] as string[], came: [] as string[] };
  for (let node = 0; node < newer.nodeCount; node++) {
    const truth = older.nodeId.indexOf(newer.nodeId[node]);
    const found = olderOf[node] === NO_OBJECT ? -1 : olderOf[node];
    const list = found === truth ? (truth < 0 ? 'came' : 'right') : found < 0 ? 'missed' : 'wrong';
    told[list].push(nameOf(newer, node));
  }
  return told;
}

const ROOT = 1;

describe('objects of two snapshots', () => {
  test('are the same where they are held by the same names; what came is new', () => {
    const heap = new Heap();
    const app = heap.object('App', ROOT, 'app');
    heap.object('Config', app, 'config');
    const older = graphOf(heap);
    heap.object('Cache', app, 'cache');
    expect(compare(older, graphOf(heap))).toMatchObject({ wrong: [], missed: [], came: ['Cache'] });
  });

  test('are the same where V8 keeps the only one of its kind in another field of its own', () => {
    const heap = new Heap();
    const context = heap.object('system / Context', ROOT, 'context');
    heap.node({ name: 'system / ScopeInfo', type: 'code' }, { from: context, name: 'scope_info', type: 'internal' });
    const pool = heap.object('Pool', ROOT, 'pool'); // by which the test holds them; the walk comes to it last
    const [promise, ...others] = ['Promise', 'Entry', 'Entry'].map((name, at) =>
      heap.object(name, pool, `held ${at}`, 'weak'),
    ) as [number, number, number];
    heap.link(promise, { from: context, name: 1, type: 'hidden' });
    heap.link(others[0], { from: context, name: 2, type: 'hidden' });
    heap.object('Reaction', promise, 'reactions_or_result', 'internal');
    const older = graphOf(heap);
    heap.unlink(context, promise);
    heap.unlink(context, others[0]);
    heap.link(promise, { from: context, name: 'extension', type: 'internal' });
    heap.link(others[0], { from: context, name: 'first', type: 'internal' });
    heap.link(others[1], { from: context, name: 'second', type: 'internal' });
    heap.unlink(pool, promise);
    const newer = graphOf(heap);
    expect(compare(older, newer)).toMatchObject({ wrong: [], missed: [], came: [] });
    const olderOf = sameObjects(older, newer);
    const found = (name: string): number[] =>
      [...olderOf].flatMap((same, node) => (nameOf(newer, node) === name && same !== NO_OBJECT ? [node] : []));
    expect(found('Promise')).toHaveLength(1);
    expect(found('Reaction')).toHaveLength(1);
  });

  test('of a map are the same when its table was replaced by a larger one with other places', () => {
    const heap = new Heap();
    const map = heap.object('Map', ROOT, 'sessions');
    const tableOf = (entries: number[][], offset: number): number => {
      const table = heap.node({ type: 'array', name: '(elements)' }, { from: map, type: 'internal', name: 'table' });
      entries.forEach((entry, at) => {
        entry.forEach((node, k) => {
          heap.link(node, { from: table, type: 'internal', name: String(offset + 3 * at + k) });
        });
      });
      return table;
    };
    const pool = heap.object('Pool', ROOT, 'pool'); // by which the test holds them; the walk comes to it last
    const entries = Array.from({ length: 40 }, (_, at) => [
      heap.node({ type: 'string', name: `key ${at}` }, { from: pool, name: `key ${at}`, type: 'weak' }),
      heap.object('Session', pool, `value ${at}`, 'weak'),
    ]);
    const table = tableOf(entries.slice(0, 20), 11);
    const older = graphOf(heap);
    heap.unlink(map, table);
    tableOf(entries.slice(5), 67); // the first five went
    const { wrong, missed, came } = compare(older, graphOf(heap));
    expect({ wrong, missed, came }).toEqual({ wrong: ['(elements)'], missed: [], came: [] });
  });

  test('of a map are others under another key, however like: what comes and goes in it is not what was there', () => {
    const heap = new Heap();
    const map = heap.object('SessionStore', ROOT, 'store'); // a class that extends Map
    const table = heap.node({ type: 'array', name: '(elements)' }, { from: map, type: 'internal', name: 'table' });
    const add = (key: string, at: number): number[] => [
      heap.node({ type: 'string', name: key }, { from: table, type: 'internal', name: String(2 * at) }),
      heap.object('Session', table, String(2 * at + 1), 'internal'),
    ];
    add('stays', 0);
    const gone = [...add('a', 1), ...add('b', 2)];
    const older = graphOf(heap);
    for (const node of gone) heap.unlink(table, node);
    add('c', 3);
    add('d', 4);
    expect(compare(older, graphOf(heap))).toMatchObject({
      wrong: [],
      missed: [],
      came: ['c', 'Session', 'd', 'Session'],
    });
  });

  test('of a map are found by keys that are put together of parts, and made one text meanwhile', () => {
    const heap = new Heap();
    const map = heap.object('Map', ROOT, 'sessions');
    const pool = heap.object('Pool', ROOT, 'pool'); // by which the test holds them; the walk comes to it last
    const joined = (first: string, second: string): number => {
      const whole = heap.node(
        { type: 'concatenated string', name: '(concatenated string)' },
        { from: pool, type: 'weak' },
      );
      for (const [edge, name] of Object.entries({ first, second }))
        heap.node({ type: 'string', name }, { from: whole, type: 'internal', name: edge });
      return whole;
    };
    const value = (): number => heap.object('Session', pool, 'value', 'weak');
    const tableOf = (...entries: number[]): number => {
      const table = heap.node({ type: 'array', name: '(elements)' }, { from: map, type: 'internal', name: 'table' });
      entries.forEach((node, at) => heap.link(node, { from: table, type: 'internal', name: String(at) }));
      return table;
    };
    const kept = [joined('de', 'f'), value(), joined('g', 'hi'), value()];
    const table = tableOf(joined('a', 'bc'), value(), ...kept);
    const older = graphOf(heap);
    heap.unlink(map, table);
    kept[0] = heap.node({ type: 'string', name: 'def' }, { from: pool, type: 'weak' });
    tableOf(...kept, joined('x', 'yz'), value());
    const { missed, came } = compare(older, graphOf(heap));
    expect({ missed, came }).toEqual({ missed: [], came: ['def', '(concatenated string)', 'x', 'yz', 'Session'] });
  });

  test('in a linked list are told by what else holds them rather than by their place in it', () => {
    const heap = new Heap();
    const app = heap.object('App', ROOT, 'app');
    const list = heap.object('TimersList', app, 'list');
    const all = heap.object('Array', app, 'all');
    const timers = [0, 1, 2, 3].map((at) => heap.object('Timeout', all, at, 'element'));
    heap.link(timers[0], { from: list, name: 'next' });
    heap.link(timers[1], { from: timers[0], name: 'next' });
    const older = graphOf(heap);
    heap.unlink(timers[0], timers[1]);
    const late = heap.object('Timeout', all, 4, 'element');
    heap.link(late, { from: timers[0], name: 'next' });
    heap.link(timers[3], { from: late, name: 'next' });
    expect(compare(older, graphOf(heap))).toMatchObject({ wrong: [], missed: [], came: ['Timeout'] });
  });

  test('under keys that are numbers far apart are told by the key: what comes and goes beside them moves no other', () => {
    const heap = new Heap();
    const lists = heap.object('Object', ROOT, 'timerListMap');
    const listAt = (ms: number): number => heap.object('TimersList', lists, ms, 'element');
    const first = listAt(40);
    heap.object('Timeout', listAt(5000), 'next');
    const older = graphOf(heap);
    heap.unlink(lists, first);
    heap.object('Timeout', listAt(28_800_000), 'next');
    expect(compare(older, graphOf(heap))).toMatchObject({ wrong: [], missed: [], came: ['TimersList', 'Timeout'] });
  });

  test('in an array are told by their order: what leaves its beginning moves all that stays', () => {
    const heap = new Heap();
    const queue = heap.object('Array', ROOT, 'queue');
    const jobs = [0, 1, 2].map((at) => heap.object(`Job ${at}`, queue, at, 'element'));
    const older = graphOf(heap);
    jobs.forEach((job) => heap.unlink(queue, job));
    jobs.slice(1).forEach((job, at) => heap.link(job, { from: queue, name: at, type: 'element' }));
    expect(compare(older, graphOf(heap))).toMatchObject({ wrong: [], missed: [], came: [] });
  });

  test('that were replaced by others of their class at the same place count as the same', () => {
    const heap = new Heap();
    const app = heap.object('App', ROOT, 'app');
    const request = heap.object('Request', app, 'current');
    const older = graphOf(heap);
    heap.unlink(app, request);
    heap.object('Request', app, 'current');
    expect(compare(older, graphOf(heap))).toMatchObject({ wrong: ['Request'], missed: [], came: [] });
  });

  test('are not the same where class, name or content differ, whatever holds them', () => {
    const heap = new Heap();
    const app = heap.object('App', ROOT, 'app');
    const [first, second] = [
      heap.object('Old', app, 'a'),
      heap.node({ type: 'string', name: 'x' }, { from: app, name: 'b' }),
    ];
    const older = graphOf(heap);
    heap.unlink(app, first);
    heap.unlink(app, second);
    heap.object('New', app, 'a');
    heap.node({ type: 'string', name: 'y' }, { from: app, name: 'b' });
    expect(compare(older, graphOf(heap))).toMatchObject({ wrong: [], missed: [], came: ['New', 'y'] });
  });

  test('are each taken once, where several references lead to them', () => {
    const heap = new Heap();
    const map = new MapModel(heap, ROOT, 'map');
    const value = map.add('Value');
    heap.link(value, { from: ROOT, name: 'also' });
    heap.link(ROOT, { from: value, name: 'circle' });
    const graph = graphOf(heap);
    const olderOf = [...sameObjects(graph, graphOf(heap))].filter((node) => node !== NO_OBJECT);
    expect(new Set(olderOf).size).toBe(olderOf.length);
    expect(olderOf).toHaveLength(graph.nodeCount);
  });
});
