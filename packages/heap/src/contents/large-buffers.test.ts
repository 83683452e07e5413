import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { openProgram, openSpec } from '../fixtures/opened.ts';
import { snapshotFolder, type EdgeSpec, type NodeSpec } from '../fixtures/snapshot-builder.ts';
import type { OpenedHeap } from '../opened/opened-heap.ts';
import { classTable, contextsOf } from './class-table.ts';
import type { HeapContents } from './contents.ts';
import { describeBuffers } from './large-buffers.ts';
import { References } from './references.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

const describeIn = (heap: OpenedHeap): HeapContents['buffers'] =>
  describeBuffers(heap, new References(heap), contextsOf(heap.graph, classTable(heap)).scopes);

interface BufferSpec {
  bytes: number;
  /** Class and property that hold it. */
  owner: string;
  name: string;
  /** Views of the ArrayBuffer; the owner holds the first of them, or the ArrayBuffer itself where there are none. */
  views: number;
  /** Whether its ArrayBuffer has the hidden class of the slab that Buffers are cut from. */
  isSlab?: boolean;
}

/** Buffers, and the scope of node:buffer with the slab that is cut from now, of 8192 bytes. */
function heapOf(...specs: BufferSpec[]): OpenedHeap {
  const nodes: NodeSpec[] = [
    { id: 1, type: 'synthetic' },
    { id: 3, name: 'system / Context', selfSize: 8 },
    { id: 5, name: 'ArrayBuffer', selfSize: 88 },
    { id: 7, type: 'native', name: 'system / JSArrayBufferData', selfSize: 8192 },
    { id: 9, type: 'object shape', name: 'system / Map', selfSize: 8 },
    { id: 11, type: 'object shape', name: 'system / Map', selfSize: 8 },
  ];
  const edges: EdgeSpec[] = [
    { from: 1, to: 3, type: 'element', name: 1 },
    { from: 3, to: 5, type: 'context', name: 'allocPool' },
    { from: 5, to: 7, type: 'internal', name: 'backing_store' },
    { from: 5, to: 9, type: 'internal', name: 'map' },
  ];
  let id = 13;
  const add = (spec: Omit<NodeSpec, 'id'>): number => {
    nodes.push({ id, ...spec });
    id += 2;
    return id - 2;
  };
  specs.forEach(({ bytes, owner, name, views, isSlab = false }) => {
    const holder = add({ name: owner, selfSize: 16 });
    const buffer = add({ name: 'ArrayBuffer', selfSize: 88 });
    const store = add({ type: 'native', name: 'system / JSArrayBufferData', selfSize: bytes });
    edges.push({ from: 1, to: holder, type: 'element', name: id });
    edges.push({ from: buffer, to: store, type: 'internal', name: 'backing_store' });
    edges.push({ from: buffer, to: isSlab ? 9 : 11, type: 'internal', name: 'map' });
    if (views === 0) edges.push({ from: holder, to: buffer, name });
    for (let at = 0; at < views; at++) {
      const view = add({ name: 'Buffer', selfSize: 96 });
      edges.push({ from: view, to: buffer, type: 'internal', name: 'buffer' });
      edges.push({ from: holder, to: view, name: at === 0 ? name : `${name}${at}` });
    }
  });
  return openSpec(folder, { nodes, edges });
}

const upload: BufferSpec = { bytes: 100_000, owner: 'Upload', name: 'body', views: 1 };

test('stores are told by the views of the program and the references that hold those, all of one together', () => {
  const { bytes, largest, slabs } = describeIn(
    heapOf(upload, { ...upload, bytes: 300_000 }, { ...upload, owner: 'Image', name: 'pixels', views: 0 }),
  );
  expect(bytes).toBe(500_000 + 8192);
  expect(
    largest.map(({ type, bytes: each, buffers, path }) => ({ type, bytes: each, buffers, last: path.at(-1)?.edge })),
  ).toEqual([
    { type: 'Buffer', bytes: 400_000, buffers: 2, last: 'body' },
    { type: 'ArrayBuffer', bytes: 100_000, buffers: 1, last: 'pixels' },
  ]);
  expect(slabs).toEqual([]);
});

test('native memory and strings count from 64 KB on; texts that are sources of code, and small ones, do not', () => {
  const heap = openSpec(folder, {
    nodes: [
      { id: 1, type: 'synthetic' },
      { id: 3, name: 'Page', selfSize: 16 },
      { id: 5, type: 'string', name: 'SECRET html', selfSize: 70_000 },
      { id: 7, type: 'string', name: 'SECRET code', selfSize: 90_000 },
      { id: 9, type: 'string', name: 'SECRET title', selfSize: 60_000 },
      { id: 11, type: 'native', name: 'Node / zlib_memory', selfSize: 80_000 },
      { id: 13, type: 'code', name: 'system / Script', selfSize: 16 },
    ],
    edges: [
      { from: 1, to: 3, type: 'element', name: 0 },
      { from: 1, to: 13, type: 'element', name: 1 },
      { from: 3, to: 5, name: 'html' },
      { from: 3, to: 9, name: 'title' },
      { from: 3, to: 11, name: 'stream' },
      { from: 13, to: 7, type: 'internal', name: 'source' },
    ],
  });
  const told = describeIn(heap);
  expect(told.bytes).toBe(150_000);
  expect(told.largest.map(({ type, bytes }) => `${type} ${bytes}`)).toEqual([
    'Node / zlib_memory 80000',
    'string 70000',
  ]);
  expect(JSON.stringify(told)).not.toContain('SECRET');
});

describe('slabs that small Buffers are cut from', () => {
  const piece: BufferSpec = { bytes: 8192, owner: 'Token', name: 'bytes', views: 1, isSlab: true };

  test('are told where one Buffer alone keeps each: at least half is in no Buffer', () => {
    const { slabs } = describeIn(heapOf(piece, piece, piece));
    expect(slabs).toMatchObject([{ slabs: 3, bytes: 24_576, views: 3, wastedBytes: 12_288 }]);
    expect(slabs[0].path.at(-1)).toMatchObject({ edge: 'bytes', type: 'Buffer' });
  });

  test('not where several Buffers share them, where there is one, or where the memory is no slab', () => {
    const shared = { ...piece, views: 2 };
    const other = { ...piece, isSlab: false };
    const large = { ...piece, bytes: 9000 };
    expect(describeIn(heapOf(shared, shared, piece, other, other, large, large)).slabs).toEqual([]);
  });
});

test('on random heaps the total is that of all stores', () => {
  const specs = fc.array(
    fc.record({
      bytes: fc.integer({ min: 1, max: 200_000 }),
      owner: fc.constantFrom('A', 'B'),
      name: fc.constantFrom('p', 'q'),
      views: fc.nat(2),
      isSlab: fc.boolean(),
    }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(specs, (list) => {
      const { bytes, largest } = describeIn(heapOf(...list));
      expect(bytes).toBe(8192 + list.reduce((sum, each) => sum + each.bytes, 0));
      expect(largest.reduce((sum, each) => sum + each.bytes, 0)).toBeLessThanOrEqual(bytes);
    }),
  );
});

test('of a real program: its uploads, its samples, and the slabs that small pieces keep', () => {
  const { largest, slabs } = describeIn(openProgram(folder, 'contents.cjs'));
  const find = (edge: string): (typeof largest)[number] | undefined =>
    largest.find(({ path }) => path.some((place) => place.edge === edge));
  expect(find('uploads')).toMatchObject({ type: 'Buffer', bytes: 3_900_000, buffers: 3 });
  expect(find('samples')).toMatchObject({ type: 'Float64Array', bytes: 800_000, buffers: 1 });
  expect(slabs).toHaveLength(1);
  expect(slabs[0]).toMatchObject({ slabs: 200, views: 200, bytes: 200 * (slabs[0].bytes / 200) });
  expect(slabs[0].bytes).toBeGreaterThanOrEqual(200 * 8192);
  expect(slabs[0].path.some(({ edge }) => edge === 'pieces')).toBe(true);
});
