// Every query on a heap small enough to know its answer by heart.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HeapError } from '../errors/heap-error.ts';
import { shop, shopHeap } from '../fixtures/shop-heap.ts';
import { buildSnapshot, snapshotFolder, type SnapshotSpec } from '../fixtures/snapshot-builder.ts';
import { parseSnapshot } from '../parse/parse-snapshot.ts';
import { buildGraph } from '../graph/heap-graph.ts';
import { takeCensus } from './census.ts';
import type { CodeQuery, Queries, QueryName } from './queries.ts';
import { openForQueries, type Serve } from './serve.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

const control = { checkpoint: () => undefined, onProgress: () => undefined };
let file: string;
let serve: Serve;
let serveStrings: Serve;
const open = (path: string, allowStrings: boolean): Serve =>
  openForQueries({ file: path, cwd: folder.path('.'), allowStrings }, control);
beforeAll(() => {
  file = folder.write(buildSnapshot(shopHeap()));
  serve = open(file, false);
  serveStrings = open(file, true);
});

const ask = <Name extends QueryName>(name: Name, input: Queries[Name]['input']): Queries[Name]['answer'] =>
  serve(name, input, control);
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof HeapError) return error.code;
    throw error;
  }
  return 'no error';
};

test('summary: the figures of the file and of the heap', () => {
  expect(ask('summary', null)).toMatchObject({
    file,
    nodeVersion: null,
    nodeFields: 6,
    objects: 15,
    references: 17,
    heapBytes: 8191,
    classes: 13,
    kinds: expect.arrayContaining([
      { kind: 'object', objects: 8, shallowBytes: 6263 },
      { kind: 'closure', objects: 1, shallowBytes: 512 },
    ]) as unknown,
  });
});

test('summary: what a cut-off file had lost is said, and of a whole one nothing', () => {
  const text = buildSnapshot(shopHeap());
  const summaryOf = (length: number): Queries['summary']['answer'] =>
    open(folder.write(text.slice(0, length)), false)('summary', null, control);
  expect(summaryOf(text.length)).not.toHaveProperty('lost');
  expect(summaryOf(text.indexOf('"strings":[')).lost).toEqual([
    expect.stringMatching(/^the file is cut off; lost: all \d+ names of objects, properties, functions and files$/),
  ]);
  expect(summaryOf(text.indexOf('"strings":[') + 60).lost).toEqual([
    expect.stringMatching(/^the file is cut off; lost: \d+ of \d+ names of/),
  ]);
});

test('classes: count, size and what all of them retain, in any order, filtered, in pages', () => {
  const byRetained = ask('classes', { limit: 2 });
  expect(byRetained.rows.map(({ type }) => type)).toEqual(['Session', 'global']);
  expect(byRetained).toMatchObject({ total: 13, next: 2 });
  expect(ask('classes', { filter: 'sess' }).rows).toEqual([
    // Alice (with her cart), Bob and the lost one: the text is held by two of them, so by none.
    { type: 'Session', objects: 3, shallowBytes: 4144, retainedBytes: 4144 + 64, largestId: shop.lost, location: null },
    expect.objectContaining({ type: 'SessionStore' }),
  ]);
  expect(ask('classes', { sort: 'objects', limit: 1 }).rows[0].type).toBe('Session');
  expect(ask('classes', { sort: 'shallowBytes', limit: 1 }).rows[0].type).toBe('Session');
  expect(ask('classes', { sort: 'type', limit: 3, offset: 1 }).rows.map(({ type }) => type)).toEqual([
    '(array)',
    '(root)',
    'Cart',
  ]);
});

test('contents: what the heap holds, made once', () => {
  const contents = ask('contents', null);
  expect(contents).toMatchObject({ totals: { objects: 15, bytes: 8191 }, duplicatedStrings: { groups: [] } });
  expect(contents.classes[0]).toMatchObject({ type: 'Session', nodeId: shop.lost });
  expect(ask('contents', null)).toBe(contents);
});

test('objects: those of one class, the largest first', () => {
  const { rows, total } = ask('objects', { type: 'Session' });
  expect(total).toBe(3);
  expect(rows.map(({ id }) => id)).toEqual([shop.lost, shop.alice, shop.bob]);
  expect(rows[1]).toEqual({
    id: shop.alice,
    type: 'Session',
    kind: 'object',
    name: null,
    shallowBytes: 16,
    retainedBytes: 80,
    distance: 5,
    location: null,
  });
  expect(ask('objects', { type: 'Sess' }).total).toBe(0);
});

test('object: what it is and what it refers to, the heaviest first', () => {
  const { object, references } = ask('object', { id: shop.store });
  expect(object).toMatchObject({ type: 'SessionStore', name: 'store', distance: 2, retainedBytes: 2 + 4 + 8 + 80 });
  expect(references.rows).toMatchObject([
    { name: 'sessions', kind: 'property', strong: true, object: { id: shop.sessions, name: 'sessions' } },
  ]);
  const held = ask('object', { id: shop.handle }).references.rows;
  expect(held.map(({ name, strong }) => [name, strong])).toEqual([
    ['lost', false],
    ['watched', true],
  ]);
});

test('retainers: what keeps an object, the nearest to the globals first; weak references keep nothing', () => {
  const { rows } = ask('retainers', { id: shop.aliceCart });
  expect(rows.map(({ name, object }) => [name, object.id])).toEqual([
    ['cart', shop.alice],
    ['watched', shop.handle],
  ]);
  expect(ask('retainers', { id: shop.lost })).toEqual({ rows: [], total: 0, next: null });
});

test('path: the way a person tells, through variables and properties, past stores', () => {
  const path = ask('path', { id: shop.alice });
  expect(path.stops.map(({ name }) => name).slice(-2)).toEqual(['sessions', 'Session']);
  expect(path.stops.map(({ id }) => id).slice(-2)).toEqual([shop.sessions, shop.alice]);
  expect(path.stops.at(-1)).toMatchObject({ edge: '[key]', retainedBytes: 80 });
  // A store that no program can name is told below what holds it.
  expect(
    ask('path', { id: shop.table })
      .stops.map(({ id }) => id)
      .slice(-2),
  ).toEqual([shop.sessions, shop.table]);
});

test("shortestPath: the fewest references, past V8's own roots where there is another way", () => {
  const path = ask('shortestPath', { id: shop.aliceCart });
  expect(path.stops.map(({ id }) => id)).toEqual([
    shop.root,
    shop.global,
    shop.store,
    shop.sessions,
    shop.table,
    shop.alice,
    shop.aliceCart,
  ]);
  expect(path).toMatchObject({ length: 6, omitted: 0 });
  const system = ask('shortestPath', { id: shop.handle });
  expect(system.stops.map(({ id }) => id)).toEqual([shop.root, shop.gcRoots, shop.handle]);
  expect(ask('shortestPath', { id: shop.root })).toMatchObject({ length: 0, stops: [{ id: shop.root }] });
});

test('dominators: the chain up; dominated: what hangs on an object; retainedSet: what would be freed with it', () => {
  const chain = ask('dominators', { id: shop.alice }).rows.map(({ id }) => id);
  expect(chain).toEqual([shop.table, shop.sessions, shop.store, shop.global, shop.root]);
  const below = ask('dominated', { id: shop.global }).rows.map(({ id }) => id);
  expect(below).toEqual([shop.handler, shop.sharedName, shop.store, shop.bob]);
  const set = ask('retainedSet', { id: shop.store });
  expect(set).toMatchObject({ objects: 5, bytes: 94, object: { id: shop.store } });
  expect(set.classes.rows.map(({ type, objects, shallowBytes }) => [type, objects, shallowBytes])).toEqual([
    ['Cart', 1, 64],
    ['Session', 1, 16],
    ['(array)', 1, 8],
    ['Map', 1, 4],
    ['SessionStore', 1, 2],
  ]);
});

test('findByName: what a property or variable of a name holds', () => {
  const { rows } = ask('findByName', { name: 'sessions' });
  expect(rows).toMatchObject([
    { object: { id: shop.sessions }, kind: 'property', heldBy: { id: shop.store, type: 'SessionStore' } },
  ]);
  expect(ask('findByName', { name: 'cache' }).rows).toMatchObject([
    { object: { id: shop.cache }, kind: 'context', heldBy: { id: shop.scope, type: 'scope' } },
  ]);
  expect(ask('findByName', { name: 'no such name' }).total).toBe(0);
});

test('findByCode: what a class, its functions and their scopes made and keep, by file and line', () => {
  const [root, global, order, script, sharedInfo, name, method, scope, kept, item] = [
    1, 3, 5, 7, 9, 11, 13, 15, 17, 19,
  ];
  const spec: SnapshotSpec = {
    nodes: [
      { id: root, type: 'synthetic' },
      { id: global, name: 'global' },
      { id: order, name: 'Order', selfSize: 1 },
      { id: script, type: 'code', name: 'system / Script' },
      { id: sharedInfo, type: 'code', name: 'submit' },
      { id: name, type: 'string', name: '/app/src/order.js' },
      { id: method, type: 'closure', name: 'submit', selfSize: 2 },
      { id: scope, type: 'hidden', name: 'system / Context', selfSize: 4 },
      { id: kept, name: 'Kept', selfSize: 8 },
      { id: item, name: 'Item', selfSize: 16 },
    ],
    edges: [
      { from: root, to: global, type: 'shortcut', name: 'global' },
      { from: global, to: order, name: 'order' },
      { from: order, to: item, name: 'item' },
      { from: global, to: method, name: 'submit' },
      { from: method, to: sharedInfo, type: 'internal', name: 'shared' },
      { from: sharedInfo, to: script, type: 'internal', name: 'script' },
      { from: script, to: name, type: 'internal', name: 'name' },
      { from: method, to: scope, type: 'internal', name: 'context' },
      { from: scope, to: kept, type: 'context', name: 'kept' },
    ],
    locations: [
      { node: order, scriptId: 7, line: 2, column: 4 },
      { node: method, scriptId: 7, line: 9, column: 0 },
    ],
  };
  const serveCode = open(folder.write(buildSnapshot(spec)), false);
  const find = (query: CodeQuery): unknown => {
    const { files, retainedBytes, code } = serveCode('findByCode', query, control);
    const rows = code.rows.map(({ location, type, objects, retainedBytes: bytes }) => [
      location.line,
      type,
      objects,
      bytes,
    ]);
    return { files, retainedBytes, rows };
  };
  const files = ['/app/src/order.js'];
  // A scope is told with the function that was made in it.
  const all = {
    files,
    retainedBytes: 31,
    rows: [
      [3, 'Order', 1, 17],
      [10, 'function submit', 2, 14],
    ],
  };
  for (const file of ['order.js', 'src/order.js', './src/order.js', '/app/src/order.js'])
    expect(find({ file })).toEqual(all);
  expect(find({ file: 'order.js', line: 3 })).toEqual({ files, retainedBytes: 17, rows: [[3, 'Order', 1, 17]] });
  expect(find({ file: 'order.js', line: 400 })).toMatchObject({ rows: [[10, 'function submit', 2, 14]] });
  expect(find({ file: 'order.js', line: 1 })).toEqual({ files, retainedBytes: 0, rows: [] });
  for (const file of ['rder.js', 'order', 'app'])
    expect(find({ file })).toEqual({ files: [], retainedBytes: 0, rows: [] });
});

test('compare: new, gone and kept by class, by V8 id', () => {
  const later = folder.write(buildSnapshot(shopHeap(3)));
  const serveLater = open(later, false);
  const change = serveLater('compare', { with: file }, control);
  expect(change).toMatchObject({ earlier: file, later, newObjects: 3, newBytes: 48, goneObjects: 0, keptObjects: 15 });
  expect(change.classes.rows).toEqual([
    {
      type: 'Session',
      newObjects: 3,
      newBytes: 48,
      goneObjects: 0,
      goneBytes: 0,
      keptObjects: 3,
      keptBytes: 4144,
      growthBytes: 48,
      sampleId: 101,
    },
  ]);
  const census = takeCensus(buildGraph(parseSnapshot(file)));
  expect(serveLater('compare', { with: census }, control)).toEqual(change);
  expect(codeOf(() => ask('compare', { with: later }))).toBe('EBB_HEAP_WRONG_ORDER');
});

describe('what a string says and keys that are data', () => {
  test('stand in no answer', () => {
    const answers = [
      ask('object', { id: shop.sharedName }),
      ask('object', { id: shop.cache }),
      ask('retainers', { id: shop.bob }),
      ask('retainers', { id: shop.sharedName }),
      ask('path', { id: shop.sharedName }),
      ask('shortestPath', { id: shop.sharedName }),
      ask('objects', { type: 'string' }),
      ask('classes', {}),
      ask('findByName', { name: 'cache' }),
    ];
    expect(JSON.stringify(answers)).not.toContain('SECRET');
    expect(ask('findByName', { name: 'SECRETkey' }).total).toBe(0);
    expect(ask('object', { id: shop.cache }).references.rows[0].name).toBe('[key]');
  });

  test('stand in them when the user allows it', () => {
    const text = serveStrings('object', { id: shop.sharedName }, control).object.text;
    expect(text).toBe('SECRET text of a string');
    expect(serveStrings('findByName', { name: 'SECRETkey' }, control).rows[0].object.id).toBe(shop.bob);
  });
});

test.each([0, -1, 2, 1.5, Number.NaN, 2 ** 40])('an id that is not there, %d, is EBB_HEAP_UNKNOWN_OBJECT', (id) => {
  for (const name of ['object', 'retainers', 'path', 'shortestPath', 'dominators', 'dominated', 'retainedSet'] as const)
    expect(codeOf(() => ask(name, { id }))).toBe('EBB_HEAP_UNKNOWN_OBJECT');
});

test('an order or a query that does not exist is EBB_HEAP_BAD_QUERY', () => {
  expect(codeOf(() => ask('classes', { sort: 'colour' as 'type' }))).toBe('EBB_HEAP_BAD_QUERY');
  expect(codeOf(() => ask('objects', { type: 'Map', sort: 'colour' as 'shallowBytes' }))).toBe('EBB_HEAP_BAD_QUERY');
  expect(codeOf(() => ask('compare', { with: file, sort: 'colour' as 'newBytes' }))).toBe('EBB_HEAP_BAD_QUERY');
  expect(codeOf(() => ask('toString' as 'summary', null))).toBe('EBB_HEAP_BAD_QUERY');
});
