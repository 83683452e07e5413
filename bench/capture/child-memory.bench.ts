// How much memory of its own does the child take, and how large is the file, by what the heap is made of? From this come
// the factors in packages/capture/src/fork/room-for-child.ts.
// Run by hand: node_modules/.bin/node bench/capture/child-memory.bench.ts [heap MB] [majors, as 20,24] > bench/capture/results/child-memory.md
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { availableNodes } from '../../test/nodes/index.ts';
import { startService } from './service.ts';
import { machine } from './table.ts';

const heapMegabytes = Number(process.argv[2] ?? 60);
const majors = process.argv[3]?.split(',').map(Number);
const shapes = ['tiny', 'numbers', 'closures', 'sessions', 'maps', 'strings', 'arrays', 'pages'];

const folder = mkdtempSync(join(tmpdir(), 'ebb-child-memory-'));
console.log(`# What a child needs\n\n${machine()}.\n`);
console.log(
  '| Node | heap of | heap, MB | child, own memory, MB | by heap | file by heap |\n|---|---|---|---|---|---|',
);
for (const node of availableNodes()) {
  if (majors !== undefined && !majors.includes(node.major)) continue;
  for (const shape of shapes) {
    const service = await startService(
      node.path,
      { heapMegabytes, shape, churn: false },
      { requestsPerSecond: 1, flags: ['--max-old-space-size=4000'] },
    );
    const file = join(folder, 'a.heapsnapshot');
    const { capture, error, before } = await service.capture({ file, method: 'fork', optimistic: true });
    const peakBytes = Math.max(0, ...(capture?.attempts ?? error?.attempts ?? []).map((attempt) => attempt.peakBytes));
    const cells = [node.major, shape, Math.round(before.heapUsed / 1e6), Math.round(peakBytes / 1e6)];
    const ratios = [peakBytes, capture?.bytes ?? 0].map((bytes) => (bytes / before.heapUsed).toFixed(1));
    console.log(`| ${[...cells, ...ratios].join(' | ')} |${error === undefined ? '' : ` ${error.code}`}`);
    rmSync(file, { force: true });
    await service.stop();
  }
}
rmSync(folder, { recursive: true, force: true });
