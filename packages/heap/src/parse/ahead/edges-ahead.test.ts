import { truncateSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { buildDocument, type SnapshotSpec, snapshotFolder } from '../../fixtures/snapshot-builder.ts';
import { readLayout } from '../meta.ts';
import { parseSnapshot } from '../parse-snapshot.ts';
import { EdgesAhead } from './edges-ahead.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

/** Enough edges that they are read in several windows. */
const many = 40_000;
const spec: SnapshotSpec = {
  nodes: Array.from({ length: many }, (_, k) => ({ id: 2 * k + 1, name: `node ${k % 50}` })),
  edges: Array.from({ length: many - 1 }, (_, k) => ({ from: 2 * k + 1, to: 2 * k + 3, name: `p${k % 9}` })),
};
const text = JSON.stringify(buildDocument(spec));
const layout = readLayout((JSON.parse(text) as { snapshot: unknown }).snapshot, 'test');
const start = text.indexOf('"edges":[') + '"edges":['.length;
const end = text.indexOf(']', start) + 1;

function ahead(file: string): EdgesAhead {
  const started = EdgesAhead.start(file, layout, 10, 0);
  if (started === null) throw new Error('not started');
  return started;
}

test('another thread reads the same edges, and says where they end', () => {
  const file = folder.write(text);
  const reading = ahead(file);
  const taken = reading.take(start);
  reading.stop();
  const { edgeCount, edgeType, edgeName, edgeTo, largestEdgeName } = parseSnapshot(file);
  expect(taken?.endByte).toBe(end);
  expect(taken?.columns.edgeCount).toBe(edgeCount);
  expect(taken?.columns.largestEdgeName).toBe(largestEdgeName);
  expect(taken?.columns.edgeType).toEqual(edgeType);
  expect(taken?.columns.edgeName).toEqual(edgeName);
  expect(taken?.columns.edgeTo).toEqual(edgeTo);
});

test('so it does where there are more types of edges than its compiled kernel knows', () => {
  const document = buildDocument(spec);
  (document.snapshot.meta.edge_types[0] as string[]).push(...Array.from({ length: 70 }, (_, type) => `type ${type}`));
  const wide = JSON.stringify(document);
  const file = folder.write(wide);
  const reading = EdgesAhead.start(file, readLayout(document.snapshot, 'test'), 10, 0);
  const taken = reading?.take(wide.indexOf('"edges":[') + '"edges":['.length);
  reading?.stop();
  const { edgeType, edgeName, edgeTo, largestEdgeName } = parseSnapshot(file);
  expect(taken?.columns).toEqual({ edgeCount: many - 1, edgeType, edgeName, edgeTo, largestEdgeName });
});

test('edges that begin elsewhere than this thread found them are not taken', () => {
  const reading = ahead(folder.write(text));
  expect(reading.take(start - 1)).toBeNull();
  reading.stop();
});

test('edges that are cut off, damaged or not found are left to this thread, which says what is wrong', () => {
  const cut = folder.write(text);
  truncateSync(cut, start + 1000);
  const damaged = folder.write(`${text.slice(0, start + 1000)}x${text.slice(start + 1000)}`);
  const spaced = folder.write(text.replace('"edges":[', '"edges": ['));
  const gone = folder.write(text);
  for (const file of [cut, damaged, spaced, `${gone}.missing`]) {
    const reading = ahead(file);
    expect(reading.take(start)).toBeNull();
    reading.stop();
  }
});

test('a small file is read by one thread', () => {
  expect(EdgesAhead.start(folder.write(text), layout, 10)).toBeNull();
});
