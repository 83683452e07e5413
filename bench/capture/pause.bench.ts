// How long does a snapshot stop a process, forked and inline, by the size of its heap? Each forked figure is the median
// of several, and of these the first child runs to its end while requests come in; the others are ended at once, because
// the pause is over when they begin. Inline beside it, on the same heap; and, right after, the fork of a C program with as
// much memory, which is the least that the kernel asks of anybody (bare-fork.c; `cc` compiles it).
// Run by hand: node_modules/.bin/node bench/capture/pause.bench.ts [--node 20,24] [--heap 100,1000,4000] [--workers 0,2] [--forks 9] [--no-inline]
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { availableNodes } from '../../test/nodes/index.ts';
import { isWholeSnapshot, quantile, startService } from './service.ts';
import { flag, numbers, openTable } from './table.ts';

const majors = numbers('node') ?? [24];
const heaps = numbers('heap') ?? [100, 1000, 2000, 4000];
const workerCounts = numbers('workers') ?? [0, 2];
const forks = Number(flag('forks') ?? 9);
const inline = !process.argv.includes('--no-inline');
/** Ordinary objects where an inline snapshot can be waited for; large ones beyond that: a fork copies page tables. */
const shapeOf = (heapMegabytes: number): 'sessions' | 'pages' => (heapMegabytes > 300 ? 'pages' : 'sessions');
/** What stands for "before": requests are asked for so long without a capture. */
const calmMs = 5000;

const folder = mkdtempSync(join(tmpdir(), 'ebb-pause-'));
const bareFork = join(folder, 'bare-fork');
execFileSync('cc', ['-O2', '-o', bareFork, fileURLToPath(new URL('bare-fork.c', import.meta.url))]);
const table = openTable(
  'pause',
  [
    '# How long a snapshot stops a process',
    `Heap: "sessions" are many small objects, "pages" strings of 20 KB. Pause: all that the event loop stood still for the capture, median and range of so many forks; of it, the median of \`fork()\` itself, of making V8's mappings inheritable, and of looking at the threads and standing still for them. Bare fork: the median of as many forks of a C program that has as much resident memory and does nothing else, right after on the same machine. Inline: one snapshot of the same heap in the thread. p99: of 50 requests a second, in ${calmMs / 1e3} s before the first capture and while its child ran and copied pages, with the lowest priority. Aims: 20 ms at 100 MB, 60 ms at 1 GB, 150 ms at 4 GB, without workers; three times that with two busy ones.`,
    'The machine is a virtual one with pages of 4 KB (`transparent_hugepage=madvise`); the fork takes less with larger ones.',
  ],
  [
    'Node',
    'heap, MB',
    'of',
    'busy workers',
    'resident, MB',
    'forks',
    'pause, ms',
    '`fork()`, ms',
    'mappings, ms',
    'threads, ms',
    'bare fork, ms',
    'inline, ms',
    'p99 before, ms',
    'p99 meanwhile, ms',
    'child, s',
    'whole',
  ],
  4,
);
for (const node of availableNodes().filter(({ major }) => majors.includes(major))) {
  for (const heapMegabytes of heaps) for (const workers of workerCounts) await measure(node, heapMegabytes, workers);
}
rmSync(folder, { recursive: true, force: true });

async function measure(node: { major: number; path: string }, heapMegabytes: number, workers: number): Promise<void> {
  const shape = shapeOf(heapMegabytes);
  const service = await startService(
    node.path,
    { heapMegabytes, shape, workers, churn: false },
    { flags: ['--max-old-space-size=6000'], requestsPerSecond: 50 },
  );
  // Optimistic: strings of 20 KB take far less memory to be written than small objects, for which room is asked.
  const file = join(folder, 'a.heapsnapshot');
  await new Promise((resolve) => setTimeout(resolve, calmMs));
  const before = service.latencies.splice(0).map(({ ms }) => ms);
  const { capture, error, before: state } = await service.capture({ file, method: 'fork', optimistic: true });
  const meanwhile = service.latencies.splice(0).map(({ ms }) => ms);
  const whole = capture !== undefined && (await isWholeSnapshot(file));
  rmSync(file, { force: true });
  const attempts = [...(capture?.attempts ?? error?.attempts ?? [])];
  while (attempts.length > 0 && attempts.length < forks) {
    const ended = await service.capture({ file, method: 'fork', optimistic: true, timeoutMs: 1 });
    attempts.push(...(ended.error?.attempts ?? ended.capture?.attempts ?? []));
    rmSync(file, { force: true });
  }
  // With workers the snapshot of the main thread is the same one.
  const blocking =
    inline && workers === 0 ? await service.capture({ file, method: 'inline', optimistic: true }) : undefined;
  rmSync(file, { force: true });
  await service.stop();
  const residentMegabytes = Math.round(state.rss / 1e6);
  const bare = execFileSync(bareFork, [String(residentMegabytes), String(forks)], { encoding: 'utf8' });
  const pauses = attempts.map(({ pauseMs }) => pauseMs);
  const median = (of: (attempt: (typeof attempts)[number]) => number): string =>
    quantile(attempts.map(of), 0.5).toFixed(1);
  table.row([
    node.major,
    heapMegabytes,
    shape,
    workers,
    residentMegabytes,
    attempts.length,
    `${median(({ pauseMs }) => pauseMs)} (${Math.min(...pauses).toFixed(1)} to ${Math.max(...pauses).toFixed(1)})`,
    median(({ forkMs }) => forkMs),
    median(({ mappingsMs }) => mappingsMs),
    median(({ threadsMs }) => threadsMs),
    quantile(bare.trim().split('\n').map(Number), 0.5).toFixed(1),
    blocking === undefined ? '' : (blocking.capture?.pauseMs.toFixed(0) ?? String(blocking.error?.code)),
    quantile(before, 0.99).toFixed(0),
    quantile(meanwhile, 0.99).toFixed(0),
    ((attempts[0]?.tookMs ?? 0) / 1e3).toFixed(1),
    whole ? 'yes' : `no: ${error?.code ?? 'cut'}`,
  ]);
}
