import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { openProgram, openSpec } from '../fixtures/opened.ts';
import { snapshotFolder, type EdgeSpec, type NodeSpec } from '../fixtures/snapshot-builder.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import { classTable, contextsOf } from './class-table.ts';
import type { HeapContents } from './contents.ts';
import { describeOverAllocated } from './over-allocated.ts';
import { References } from './references.ts';
import { Stores } from './stores.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

const describeIn = (heap: OpenedHeap): HeapContents['overAllocated'] =>
  describeOverAllocated(heap, new References(heap), contextsOf(heap.graph, classTable(heap)).globals);

/** Bytes of a store with so many slots. */
const storeBytes = (slots: number): number => 8 * (slots + 2);

interface StoreSpec {
  /** Class of the object that has the store. */
  owner: string;
  store: 'elements' | 'table' | 'properties';
  slots: number;
  /** Positions at which references to objects stand. */
  positions: number[];
  /** Of an array: indexes at which they stand, the positions unless given. */
  indexes?: number[];
  /** Of an array: its hidden class. */
  shape?: 'packed' | 'holey' | 'numbers';
}

/** Collections, each the property `kept` of an object of `Owner`, with the hidden classes of arrays. */
function heapOf(...specs: StoreSpec[]): OpenedHeap {
  const nodes: NodeSpec[] = [
    { id: 1, type: 'synthetic' },
    { id: 3, type: 'hidden', name: 'system / NativeContext', selfSize: 8 },
    { id: 5, type: 'object shape', name: 'system / Map', selfSize: 8 },
    { id: 7, type: 'object shape', name: 'system / Map', selfSize: 8 },
    { id: 9, type: 'object shape', name: 'system / Map', selfSize: 8 },
    { id: 11, name: 'Value', selfSize: 8 },
  ];
  const edges: EdgeSpec[] = [
    { from: 1, to: 3, type: 'element', name: 1 },
    { from: 3, to: 5, type: 'internal', name: 'js_array_packed_elements_map' },
    { from: 3, to: 7, type: 'internal', name: 'js_array_holey_elements_map' },
    { from: 3, to: 9, type: 'internal', name: 'map' },
    { from: 1, to: 11, type: 'element', name: 2 },
  ];
  specs.forEach(({ owner, store, slots, positions, indexes = positions, shape = 'holey' }, at) => {
    const [holder, own, storeId] = [6 * at + 21, 6 * at + 23, 6 * at + 25];
    nodes.push({ id: holder, name: 'Owner', selfSize: 8 }, { id: own, name: owner, selfSize: 32 });
    nodes.push({ id: storeId, type: 'array', selfSize: storeBytes(slots) });
    edges.push({ from: 1, to: holder, type: 'element', name: at + 3 }, { from: holder, to: own, name: 'kept' });
    edges.push({ from: own, to: storeId, type: 'internal', name: store });
    if (store === 'elements') {
      for (const index of indexes) edges.push({ from: own, to: 11, type: 'element', name: index });
      const map = shape === 'packed' ? 5 : shape === 'holey' ? 7 : 9;
      if (owner === 'Array') edges.push({ from: own, to: map, type: 'internal', name: 'map' });
    }
    for (const position of positions) edges.push({ from: storeId, to: 11, type: 'internal', name: String(position) });
  });
  return openSpec(folder, { nodes, edges });
}

const range = (length: number, first = 0, step = 1): number[] => Array.from({ length }, (_, at) => first + at * step);

/** Cause, room and waste of what is told. */
const told = (heap: OpenedHeap): string[] =>
  describeIn(heap).collections.map(
    ({ type, cause, used, slots, wastedBytes, collections }) =>
      `${collections} ${type}: ${cause}, ${used} of ${slots}, ${wastedBytes}`,
  );

describe('arrays', () => {
  test('with holes: the slots where nothing stands', () => {
    const array: StoreSpec = { owner: 'Array', store: 'elements', slots: 50_000, positions: range(100, 0, 400) };
    expect(told(heapOf(array))).toEqual(['1 Array: gaps, 100 of 50000, 399200']);
    expect(told(heapOf({ ...array, owner: 'Object' }))).toEqual(['1 Object: gaps, 100 of 50000, 399200']);
    expect(told(heapOf({ ...array, positions: range(100) }))).toEqual(['1 Array: capacity, 100 of 50000, 399200']);
  });

  test('that were pushed to: what V8 gave them for more, where it is no more than that', () => {
    const array: StoreSpec = { owner: 'Array', store: 'elements', slots: 17, positions: [0], shape: 'packed' };
    const many = Array.from({ length: 200 }, () => array);
    expect(told(heapOf(...many))).toEqual(['200 Array: capacity, 200 of 3400, 25600']);
    // Longer than V8 makes an array for one: the others are numbers, which no snapshot shows.
    expect(told(heapOf(...many.map((each) => ({ ...each, slots: 3000 }))))).toEqual([]);
  });

  test('nothing is said of arrays of numbers, of well-filled ones and of those without any reference', () => {
    const array: StoreSpec = { owner: 'Array', store: 'elements', slots: 50_000, positions: range(100) };
    expect(told(heapOf({ ...array, shape: 'numbers' }))).toEqual([]);
    expect(told(heapOf({ ...array, positions: range(26_000) }))).toEqual([]);
    expect(told(heapOf({ ...array, positions: [] }))).toEqual([]);
  });

  test('with indexes far apart: the empty entries of their hash table', () => {
    const slots = 4 + 3 * 4096;
    const positions = range(200, 5, 60);
    const indexes = range(200, 0, 100_000);
    expect(told(heapOf({ owner: 'Array', store: 'elements', slots, positions, indexes }))).toEqual([
      `1 Array: gaps, 200 of 4096, ${(4096 - 200) * 24}`,
    ]);
  });
});

describe('Maps and Sets', () => {
  const buckets = 2048;
  const map = (positions: number[]): StoreSpec => ({
    owner: 'Map',
    store: 'table',
    slots: 3 + 7 * buckets,
    positions,
  });
  const first = 3 + buckets;

  test('with deleted entries: those of the table that are not used, whether keys, values or both can be seen', () => {
    const expected = [`1 Map: deleted, 1000 of 4096, ${(4096 - 1000) * 24}`];
    expect(told(heapOf(map(range(1000, first, 3))))).toEqual(expected);
    expect(told(heapOf(map(range(1000, first + 1, 3))))).toEqual(expected);
    const both = range(1000, first, 3).flatMap((key) => [key, key + 1]);
    expect(told(heapOf(map(both)))).toEqual(expected);
    const set: StoreSpec = { ...map(range(1000, first, 2)), owner: 'Set', slots: 3 + 5 * buckets };
    expect(told(heapOf(set))).toEqual([`1 Set: deleted, 1000 of 4096, ${(4096 - 1000) * 16}`]);
  });

  test('half full or more is the price of a hash table', () => {
    expect(told(heapOf(map(range(2048, first, 3))))).toEqual([]);
  });

  test('the smallest table has room for four', () => {
    const small = Array.from({ length: 400 }, (): StoreSpec => ({ ...map([5]), slots: 3 + 7 * 2 }));
    expect(told(heapOf(...small))).toEqual(['400 Map: capacity, 400 of 1600, 28800']);
  });

  test('another table is none of them', () => {
    expect(told(heapOf({ ...map(range(10, first, 3)), slots: 3 + 7 * buckets + 1 }))).toEqual([]);
  });
});

test('records in dictionary mode: their tables, less what plain objects would take', () => {
  const record: StoreSpec = { owner: 'Object', store: 'properties', slots: 6 + 3 * 16, positions: range(6, 6, 3) };
  const records = Array.from({ length: 100 }, () => record);
  const each = storeBytes(54) - 8 * (6 + 2);
  expect(told(heapOf(...records))).toEqual([`100 Object: properties, 600 of 1600, ${100 * each}`]);
});

test('on random tables, what is used is what a count of entries says', () => {
  const table = fc.record({
    exponent: fc.integer({ min: 1, max: 5 }),
    isMap: fc.boolean(),
    entries: fc.uniqueArray(fc.nat(63), { minLength: 1, maxLength: 20 }),
    seen: fc.constantFrom('keys', 'values', 'both'),
  });
  fc.assert(
    fc.property(table, ({ exponent, isMap, entries, seen }) => {
      const buckets = 2 ** exponent;
      const taken = [...new Set(entries.map((entry) => entry % (2 * buckets)))].sort((a, b) => a - b);
      const entrySlots = isMap ? 3 : 2;
      const positions = taken.flatMap((entry) => {
        const key = 3 + buckets + entry * entrySlots;
        return !isMap || seen === 'keys' ? [key] : seen === 'values' ? [key + 1] : [key, key + 1];
      });
      const slots = 3 + buckets + 2 * buckets * entrySlots;
      const { graph } = heapOf({ owner: isMap ? 'Map' : 'Set', store: 'table', slots, positions });
      const room = new Stores(graph).table(graph.nodeCount - 1);
      expect(room).toEqual({ slots: 2 * buckets, used: taken.length, bytesPerSlot: 8 * entrySlots });
    }),
  );
});

test('in a real program: what was deleted from and what has gaps, and none of what is full', () => {
  const { collections } = describeIn(openProgram(folder, 'contents.cjs'));
  const known = collections.map(({ name, cause, used, slots }) => ({ name, cause, used, slots }));
  expect(known).toEqual([
    { name: 'expired', cause: 'deleted', used: 11_000, slots: 32_768 },
    { name: 'slots', cause: 'gaps', used: 100, slots: 50_000 },
  ]);
  const [expired] = collections;
  expect(expired).toMatchObject({ type: 'Map', wastedBytes: (32_768 - 11_000) * 24, location: { line: 29 } });
  expect(JSON.stringify(collections)).not.toContain('SECRET');
});
