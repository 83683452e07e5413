import { afterAll, expect, test } from 'vitest';
import { buildSnapshot, snapshotFolder, type EdgeSpec, type NodeSpec } from '../fixtures/snapshot-builder.ts';
import { buildGraph } from '../graph/heap-graph.ts';
import { parseSnapshot } from '../parse/parse-snapshot.ts';
import { declaredBound, type DeclaredBound } from './declared-bound.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

type Where = 'owner' | 'collection' | 'options' | 'module' | 'static';

/** A class's instance that holds a Map by a property, with a number somewhere about it. */
function boundOf(
  collection: string,
  numbers: [where: Where, name: string, value: number][],
  entries: number,
): DeclaredBound | undefined {
  const nodes: NodeSpec[] = [
    { id: 1, type: 'synthetic' },
    { id: 3, name: 'Store', selfSize: 32 },
    { id: 5, name: 'Map', selfSize: 32 },
    { id: 7, name: 'Object', selfSize: 32 },
    { id: 9, type: 'hidden', name: 'system / Context', selfSize: 32 },
    { id: 11, type: 'closure', name: 'Store', selfSize: 32 },
    { id: 13, name: 'Object', selfSize: 32 },
  ];
  const edges: EdgeSpec[] = [
    { from: 1, to: 3, type: 'element', name: 1 },
    { from: 3, to: 5, name: collection },
    { from: 3, to: 7, name: 'options' },
    { from: 3, to: 13, name: '__proto__' },
    { from: 13, to: 11, name: 'constructor' },
    { from: 11, to: 9, type: 'internal', name: 'context' },
  ];
  const places: Record<Where, number> = { owner: 3, collection: 5, options: 7, module: 9, static: 11 };
  numbers.forEach(([where, name, value], at) => {
    const id = 101 + at * 4;
    nodes.push({ id, type: 'number', name: 'smi number' }, { id: id + 2, type: 'string', name: String(value) });
    edges.push({ from: places[where], to: id, name, type: where === 'module' ? 'context' : 'property' });
    edges.push({ from: id, to: id + 2, type: 'internal', name: 'value' });
  });
  const graph = buildGraph(parseSnapshot(folder.write(buildSnapshot({ nodes, edges }))));
  return declaredBound(graph, 2, entries);
}

test.each<[Where, string]>([
  ['owner', 'max'],
  ['owner', '#maxEntries'],
  ['owner', 'capacity'],
  ['owner', 'maxSessions'],
  ['owner', 'SESSION_LIMIT'],
  ['owner', 'sessionCeiling'],
  ['collection', 'limit'],
  ['options', 'maxItems'],
  ['module', 'MAX_SESSIONS'],
  ['static', 'sessionQuota'],
])('a limit is found on the %s by the name %s', (where, name) => {
  expect(boundOf('sessions', [[where, name, 5000]], 1200)).toEqual({ name, limit: 5000 });
});

test.each<[string, Where, string, number]>([
  ['is below what is in it', 'owner', 'max', 1000],
  ['stands for no limit', 'owner', 'max', 2 ** 31 - 1],
  ['is an age', 'owner', 'maxAge', 60_000],
  ['is a delay', 'owner', 'maxDelayMs', 60_000],
  ['is of bytes', 'owner', 'maxBytes', 1_000_000],
  ['is of something else', 'owner', 'maxRetries', 5000],
  ['is a counter', 'owner', 'size', 5000],
  ["is the module's, for all kinds of things", 'module', 'LIMIT', 5000],
  ["is the module's, for another collection", 'module', 'MAX_JOBS', 5000],
])('a number that %s is no bound', (_, where, name, value) => {
  expect(boundOf('sessions', [[where, name, value]], 1200)).toBeUndefined();
});

test('a limit on size means what is measured, where a size is kept apart from the number of entries', () => {
  const limit: [Where, string, number] = ['owner', 'maxSize', 5_000_000];
  expect(boundOf('cache', [limit], 1200)).toEqual({ name: 'maxSize', limit: 5_000_000 });
  expect(boundOf('cache', [limit, ['owner', 'calculatedSize', 40_000]], 1200)).toBeUndefined();
});
