import { afterAll, expect, test } from 'vitest';
import { buildSnapshot, snapshotFolder } from '../fixtures/snapshot-builder.ts';
import type { EdgeSpec, NodeSpec } from '../fixtures/snapshot-builder.ts';
import { parseSnapshot } from '../parse/parse-snapshot.ts';
import { containerOf, isBackingStore, measureContainers } from './containers.ts';
import { buildGraph, type HeapGraph } from './heap-graph.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

const graphOf = (nodes: NodeSpec[], edges: EdgeSpec[]): HeapGraph =>
  buildGraph(parseSnapshot(folder.write(buildSnapshot({ nodes, edges }))));

// Ordinals: 0 root, 1 the Map, 2 its table, 3 and 4 values, 5 the array, 6 its elements.
const mapAndArray = graphOf(
  [
    { id: 1, type: 'synthetic' },
    { id: 3, name: 'Map', selfSize: 32 },
    { id: 5, type: 'array', selfSize: 4096 },
    { id: 7, name: 'Session', selfSize: 56 },
    { id: 9, name: 'Session', selfSize: 56 },
    { id: 11, name: 'Array', selfSize: 16 },
    { id: 13, type: 'array', selfSize: 64 },
  ],
  [
    { from: 1, to: 3 },
    { from: 1, to: 11 },
    { from: 3, to: 5, type: 'internal', name: 'table' },
    { from: 5, to: 7, type: 'hidden', name: 1 },
    { from: 5, to: 9, type: 'hidden', name: 2 },
    { from: 5, to: 11, type: 'weak', name: 'x' },
    { from: 11, to: 13, type: 'internal', name: 'elements' },
    { from: 11, to: 7, type: 'element', name: 0 },
    { from: 13, to: 9, type: 'hidden', name: 3 },
  ],
);

test('arrays of V8 are backing stores, arrays of JavaScript are objects', () => {
  const stores = [0, 1, 2, 3, 4, 5, 6].filter((node) => isBackingStore(mapAndArray, node));
  expect(stores).toEqual([2, 6]);
});

test('the container of a backing store is the object that holds it, and of an object the object itself', () => {
  expect([0, 1, 2, 3, 4, 5, 6].map((node) => containerOf(mapAndArray, node))).toEqual([0, 1, 1, 3, 4, 5, 5]);
});

test('a container has its own references and those of its stores, strong ones only, and the bytes of the stores', () => {
  const { degree, storeBytes, elements } = measureContainers(mapAndArray);
  expect([...degree]).toEqual([2, 2, 0, 0, 0, 2, 0]);
  expect([...storeBytes]).toEqual([0, 4096, 0, 0, 0, 64, 0]);
  expect([...elements]).toEqual([0, 0, 0, 0, 0, 1, 0]);
});

test("the holes that deleted entries leave in a Map's table are no content", () => {
  const holey = graphOf(
    [
      { id: 1, type: 'synthetic' },
      { id: 3, name: 'Map', selfSize: 32 },
      { id: 5, type: 'array', selfSize: 4096 },
      { id: 7, name: 'Session', selfSize: 56 },
      { id: 9, type: 'hidden', name: 'system / Oddball', selfSize: 32 },
    ],
    [
      { from: 1, to: 3 },
      { from: 3, to: 5, type: 'internal', name: 'table' },
      { from: 5, to: 7, type: 'hidden', name: 1 },
      ...[2, 3, 4, 5].map((slot): EdgeSpec => ({ from: 5, to: 9, type: 'hidden', name: slot })),
    ],
  );
  expect(measureContainers(holey).degree[1]).toBe(1);
});

/** A chain of `count` backing stores below one object, the last one holding another object. */
function storesInARow(count: number, circle = false): HeapGraph {
  const ids = Array.from({ length: count }, (_, at) => 2 * at + 5);
  const last = 2 * count + 5;
  const edges: EdgeSpec[] = [{ from: 1, to: 3 }, ...[...ids, last].map((id) => ({ from: id - 2, to: id }))];
  if (circle) edges.unshift({ from: ids.at(-1)!, to: 5 });
  const stores = ids.map((id): NodeSpec => ({ id, type: 'array', selfSize: 8 }));
  return graphOf([{ id: 1, type: 'synthetic' }, { id: 3, name: 'Map' }, ...stores, { id: last }], edges);
}

test('stores in stores belong to the object above them, up to four deep', () => {
  const four = storesInARow(4);
  expect([2, 3, 4, 5].map((node) => containerOf(four, node))).toEqual([1, 1, 1, 1]);
  expect(measureContainers(four).storeBytes[1]).toBe(32);
  expect(containerOf(storesInARow(5), 6)).toBe(-1);
});

test('a store that only stores hold in a circle, that nothing holds, or that holds itself, has no container or its true one', () => {
  expect(containerOf(storesInARow(2, true), 2)).toBe(1);
  const nothing = graphOf([{ id: 1 }, { id: 3, type: 'array' }], [{ from: 1, to: 3, type: 'weak', name: 'w' }]);
  expect(containerOf(nothing, 1)).toBe(-1);
  const circle = graphOf(
    [{ id: 1 }, { id: 3, type: 'array' }, { id: 5, type: 'array' }],
    [
      { from: 3, to: 5 },
      { from: 5, to: 3 },
    ],
  );
  expect([containerOf(circle, 1), containerOf(circle, 2)]).toEqual([-1, -1]);
  const itself = graphOf(
    [{ id: 1 }, { id: 3, type: 'array' }, { id: 5, name: 'Map' }],
    [
      { from: 1, to: 5 },
      { from: 3, to: 3 },
      { from: 5, to: 3 },
    ],
  );
  expect(containerOf(itself, 1)).toBe(2);
});
