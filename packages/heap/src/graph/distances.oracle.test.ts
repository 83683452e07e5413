// DevTools' own engine as the oracle: heap-snapshot-toolkit is Chromium's heap_snapshot_worker, repackaged.
import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'heap-snapshot-toolkit';
import { afterAll, expect, test } from 'vitest';
import { snapshotFolder } from '../fixtures/snapshot-builder.ts';
import { parseSnapshot } from '../parse/parse-snapshot.ts';
import { computeDistances, NO_DISTANCE, SYSTEM_DISTANCE } from './distances.ts';
import { buildGraph } from './heap-graph.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

test('every node of a real snapshot is as far away as DevTools says', async () => {
  const file = folder.path('varied.heapsnapshot');
  const program = fileURLToPath(new URL('../fixtures/varied-heap.cjs', import.meta.url));
  execFileSync(process.execPath, [program, file], { stdio: 'ignore' });
  const graph = buildGraph(parseSnapshot(file));
  const ours = computeDistances(graph);
  const { nodeDistances: theirs } = (await parse(createReadStream(file, 'utf8'))) as unknown as {
    nodeDistances: Int32Array;
  };
  const differences: string[] = [];
  const met = { near: 0, system: 0, unreached: 0 };
  for (let node = 0; node < graph.nodeCount; node++) {
    if (ours[node] !== theirs[node]) differences.push(`@${graph.nodeId[node]}: ours ${ours[node]}, ${theirs[node]}`);
    met[ours[node] === NO_DISTANCE ? 'unreached' : ours[node] >= SYSTEM_DISTANCE ? 'system' : 'near']++;
  }
  expect(differences.slice(0, 20)).toEqual([]);
  expect(met.near).toBeGreaterThan(10_000);
  expect(met.system).toBeGreaterThan(1000);
  expect(theirs).toHaveLength(graph.nodeCount);
});
