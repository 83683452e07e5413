// DevTools' own engine as the oracle of the class table: heap-snapshot-toolkit is its heap_snapshot_worker, repackaged.
import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'heap-snapshot-toolkit';
import { afterAll, expect, test, vi } from 'vitest';
import { snapshotFolder } from '../fixtures/snapshot-builder.ts';
import { buildGraph, type HeapGraph } from '../graph/heap-graph.ts';
import { openHeap } from '../opened/opened-heap.ts';
import { parseSnapshot } from '../parse/parse-snapshot.ts';
import { classTable } from './class-table.ts';
import { countClasses, describeClasses, describeTotals } from './classes.ts';
import { retainedByClass } from './retained-by-class.ts';

/** What is used here of DevTools' JSHeapSnapshot. */
interface DevTools {
  totalSize: number;
  calculateShallowSizes(): void;
  inferInterfaceDefinitions(): unknown[];
  getStatistics(): {
    native: { total: number; typedArrays: number };
    v8heap: { code: number; jsArrays: number; strings: number; system: number };
  };
  getAggregatesByClassKey(
    sorted: boolean,
    key: string,
  ): Record<string, { name: string; count: number; self: number; maxRet: number }>;
}

const folder = snapshotFolder();
afterAll(() => folder.stop());

/** DevTools' answers, without what it does beside: sizes moved into owners, and shapes made up for plain objects. */
async function devTools(file: string): Promise<DevTools> {
  const read = async (): Promise<DevTools> => (await parse(createReadStream(file, 'utf8'))) as unknown as DevTools;
  const { prototype } = (await read()).constructor as unknown as { prototype: DevTools };
  vi.spyOn(prototype, 'calculateShallowSizes').mockImplementation(() => {});
  vi.spyOn(prototype, 'inferInterfaceDefinitions').mockReturnValue([]);
  return read();
}

function bytesOfFunctions(graph: HeapGraph, name: string): number {
  let bytes = 0;
  for (let node = 0; node < graph.nodeCount; node++)
    if (graph.nodeType[node] === graph.nodeTypes.closure && graph.strings.get(graph.nodeName[node]) === name)
      bytes += graph.nodeSelfSize[node];
  return bytes;
}

test('classes and kinds are those of DevTools', async () => {
  const file = folder.path('varied.heapsnapshot');
  const program = fileURLToPath(new URL('../fixtures/varied-heap.cjs', import.meta.url));
  execFileSync(process.execPath, [program, file], { stdio: 'ignore' });
  const heap = openHeap(buildGraph(parseSnapshot(file)), { cwd: folder.path(''), onProgress: () => {} });
  const table = classTable(heap);
  const figures = countClasses(heap, table);
  const retainedBytes = retainedByClass(heap, { classOf: table.classOf, classCount: table.names.length });
  const { classes, otherClasses } = describeClasses(heap, table, figures, retainedBytes);

  const theirs = await devTools(file);
  // DevTools says `system / Context` where a person says scope, and tells a class's attached and detached objects apart,
  // which means nothing without a page.
  const known = new Map<string, { name: string; figures: number[] }>();
  for (const [key, { name, count, self, maxRet }] of Object.entries(
    theirs.getAggregatesByClassKey(false, 'allObjects'),
  )) {
    const same = known.get(key.replace(/^,Detached /, ','));
    const before = same?.figures ?? [0, 0, 0];
    known.set(key.replace(/^,Detached /, ','), {
      name: name
        .replace(/^Detached /, '')
        .replace(/^system \/ Context$/, 'scope')
        .replace(/^system \/ /, ''),
      figures: [before[0] + count, before[1] + self, before[2] + maxRet],
    });
  }
  const row = (name: string, figures: number[]): string => `${name}: ${figures.join(', ')}`;
  const theirRows = [...known.values()].map(({ name, figures }) => row(name, figures));
  const ourRows = classes.map(({ type, objects, shallowBytes, retainedBytes }) =>
    row(type, [objects, shallowBytes, retainedBytes]),
  );
  expect(ourRows.length).toBeGreaterThan(100);
  expect(ourRows.filter((each) => !theirRows.includes(each))).toEqual([]);
  expect(otherClasses.classes + classes.length).toBe(known.size);
  expect(otherClasses.objects + classes.reduce((sum, { objects }) => sum + objects, 0)).toBe(
    [...known.values()].reduce((sum, { figures }) => sum + figures[0], 0),
  );
  expect(classes.find(({ type }) => type === 'Session')).toMatchObject({
    objects: 3000,
    location: { file: program, line: 8 },
  });

  const { native, v8heap } = theirs.getStatistics();
  const totals = describeTotals(heap.graph, table, figures);
  const bytes = Object.fromEntries(totals.byKind.map((each) => [each.kind, each.bytes]));
  expect(totals.bytes).toBe(theirs.totalSize);
  expect(bytes).toMatchObject({
    // DevTools takes a function of the name for an array too.
    arrays: v8heap.jsArrays - bytesOfFunctions(heap.graph, 'Array'),
    strings: v8heap.strings,
    code: v8heap.code,
    system: v8heap.system,
    buffers: native.typedArrays,
  });
});
