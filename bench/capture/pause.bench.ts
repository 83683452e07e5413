// How long does a snapshot stop a process, forked and inline, by the size of its heap? Each forked figure is the median
// of several, and of these the first child runs to its end while requests come in; the others are ended at once, because
// the pause is over when they begin. Inline beside it, on the same heap.
// Run by hand: node_modules/.bin/node bench/capture/pause.bench.ts [majors, as 20,24] > bench/capture/results/pause.md
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { availableNodes } from '../../test/nodes/index.ts';
import { isWholeSnapshot, machine, quantile, startService } from './service.ts';

const majors = process.argv[2]?.split(',').map(Number);
const rounds = 9;
/** Ordinary objects where an inline snapshot can be waited for; large ones beyond that: a fork copies page tables. */
const cases: { heapMegabytes: number; shape: 'sessions' | 'pages'; workers: number; inline: boolean }[] = [
  { heapMegabytes: 100, shape: 'sessions', workers: 0, inline: true },
  { heapMegabytes: 100, shape: 'sessions', workers: 2, inline: false },
  { heapMegabytes: 1000, shape: 'pages', workers: 0, inline: true },
  { heapMegabytes: 2000, shape: 'pages', workers: 0, inline: true },
  { heapMegabytes: 4000, shape: 'pages', workers: 0, inline: true },
];

const folder = mkdtempSync(join(tmpdir(), 'ebb-pause-'));
console.log(`# How long a snapshot stops a process\n\n${machine()}. ${new Date().toISOString().slice(0, 10)}.\n`);
console.log(
  'Heap: "sessions" are many small objects, "pages" strings of 20 KB. Pause: all that the event loop stood still for ' +
    `the capture, median and range of ${rounds} forks; of it, \`fork()\` itself. p99: of requests while the first child ran.\n`,
);
console.log(
  '| Node | heap, MB | of | busy workers | resident, MB | forked: pause, ms | fork(), ms | child, s | p99 meanwhile, ms | p99 before, ms | whole | inline: pause, ms |',
);
console.log('|---|---|---|---|---|---|---|---|---|---|---|---|');
for (const node of availableNodes()) {
  if (majors !== undefined && !majors.includes(node.major)) continue;
  for (const { heapMegabytes, shape, workers, inline } of cases) {
    const service = await startService(
      node.path,
      { heapMegabytes, shape, workers, churn: false },
      { flags: ['--max-old-space-size=6000'], requestsPerSecond: 50 },
    );
    const file = join(folder, 'a.heapsnapshot');
    await new Promise((resolve) => setTimeout(resolve, 4000));
    const before = service.latencies.splice(0).map(({ ms }) => ms);
    const { capture, error, before: state } = await service.capture({ file, method: 'fork' });
    const meanwhile = service.latencies.splice(0).map(({ ms }) => ms);
    const whole = capture !== undefined && (await isWholeSnapshot(file));
    rmSync(file, { force: true });
    const attempts = [...(capture?.attempts ?? error?.attempts ?? [])];
    while (attempts.length < rounds) {
      const ended = await service.capture({ file, method: 'fork', timeoutMs: 1 });
      attempts.push(...(ended.error?.attempts ?? ended.capture?.attempts ?? []));
      rmSync(file, { force: true });
    }
    const pauses = attempts.map(({ pauseMs }) => pauseMs);
    const forks = attempts.map(({ forkMs }) => forkMs);
    const blocked = inline ? (await service.capture({ file, method: 'inline' })).capture?.pauseMs : undefined;
    rmSync(file, { force: true });
    await service.stop();
    console.log(
      `| ${[
        node.major,
        heapMegabytes,
        shape,
        workers,
        Math.round(state.rss / 1e6),
        `${quantile(pauses, 0.5).toFixed(1)} (${Math.min(...pauses).toFixed(1)} to ${Math.max(...pauses).toFixed(1)})`,
        quantile(forks, 0.5).toFixed(1),
        ((attempts[0]?.tookMs ?? 0) / 1e3).toFixed(1),
        quantile(meanwhile, 0.99).toFixed(0),
        quantile(before, 0.99).toFixed(0),
        whole ? 'yes' : `no: ${error?.code}`,
        blocked?.toFixed(0) ?? (inline ? 'refused' : ''),
      ].join(' | ')} |`,
    );
  }
}
rmSync(folder, { recursive: true, force: true });
