// Of N forked snapshots of a service under load, how many come whole, at the first try and after more, and is the
// service harmed? The service allocates all the time (the collector runs concurrently), and answers requests.
// Run by hand: node_modules/.bin/node bench/capture/reliability.bench.ts [--node 20] [--captures 200] [--heap 8] [--beside workers|pool|inspector] [--niceness 0]
import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { availableNodes } from '../../test/nodes/index.ts';
import { isWholeSnapshot, quantile, startService } from './service.ts';
import { flag, numbers, openTable } from './table.ts';

const majors = numbers('node') ?? [20, 22, 24, 26];
const captures = Number(flag('captures') ?? 200);
const heapMegabytes = Number(flag('heap') ?? 8);
const besides = {
  requests: {},
  workers: { workers: 2 },
  pool: { busyPool: true },
  inspector: { inspector: true },
};
const beside = (flag('beside') ?? 'requests') as keyof typeof besides;
const requestsPerSecond = 50;
/**
 * Of the child. In production it is 19, and a child waits until nobody else wants the CPU: on a machine that others use,
 * too, this bench then waits for them, ten seconds and more a capture. For the service the same priority is the harder test.
 */
const niceness = Number(flag('niceness') ?? 0);

const folder = mkdtempSync(join(tmpdir(), 'ebb-reliability-'));
const table = openTable(
  'reliability',
  [
    '# Of forked snapshots under load, how many come whole?',
    `A service with a heap of so many MB beside its garbage allocates 800 objects a millisecond, so that the collector runs all the time, and answers ${requestsPerSecond} requests a second, while one snapshot after the other is taken of it at random moments. "Beside": what else goes on: two busy worker threads, a busy thread pool (zlib, crypto, files), an inspector with a sampling profile. The child has the priority of the service (in production the lowest, for which a busy machine makes one wait). Whole: a file that parses and has as many nodes and edges as it says. Pause: of every attempt, the failed ones too. Descriptors: open in the service before and after, without sockets, which come and go with the requests.`,
    'Aims, of 200: 190 whole at the first try, 198 within two, all within three; no request failed, no descriptor leaked.',
  ],
  [
    'Node',
    'beside',
    'captures',
    'heap, MB',
    'whole at the 1st try',
    'within 2',
    'within 3',
    'failed tries',
    'attempts: pause median, p99, max, ms',
    'threads awake at the fork',
    'requests answered',
    'failed',
    'p99 while a child runs / else, ms',
    'descriptors',
    'zombies, files left',
    'took, s',
  ],
  2,
);
for (const node of availableNodes().filter(({ major }) => majors.includes(major))) await measure(node);
rmSync(folder, { recursive: true, force: true });

async function measure(node: { major: number; path: string }): Promise<void> {
  const startedMs = performance.now();
  const service = await startService(node.path, { heapMegabytes, ...besides[beside] }, { requestsPerSecond });
  const within = [0, 0, 0];
  const failures: Record<string, number> = {};
  const count = (name: string): void => void (failures[name] = (failures[name] ?? 0) + 1);
  const [pauses, during, apart]: number[][] = [[], [], []];
  const checks: Promise<void>[] = [];
  const descriptors: number[] = [];
  let [awake, zombies] = [0, 0];
  for (let made = 0; made < captures; made++) {
    const file = join(folder, 'one.heapsnapshot');
    // At any moment of the service's own rhythm.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 150));
    const begun = performance.now();
    const { capture, error, before, after } = await service.capture({ file, method: 'fork', niceness });
    const ended = performance.now();
    descriptors.push(before.descriptors, after.descriptors);
    process.stderr.write(`\rNode ${node.major}: ${made + 1} of ${captures}`);
    zombies = Math.max(zombies, after.zombies);
    const tries = capture?.attempts ?? error?.attempts ?? [];
    for (const { outcome, detail, pauseMs, threadsAwake } of tries) {
      pauses.push(pauseMs);
      if (threadsAwake > 0) awake++;
      if (outcome !== 'whole') count([outcome, detail].filter(Boolean).join(' '));
    }
    for (const { atMs, ms } of service.latencies.splice(0)) (atMs > begun && atMs < ended ? during : apart).push(ms);
    if (capture === undefined) {
      count(`never: ${String(error?.code)}`);
      continue;
    }
    // Looked at while the next one is taken; no more than two files at a time.
    const taken = join(folder, `${made}.heapsnapshot`);
    renameSync(file, taken);
    await checks.at(-1);
    checks.push(
      isWholeSnapshot(taken).then((whole) => {
        rmSync(taken);
        if (!whole) count('not whole');
        else for (let most = 0; most < 3; most++) if (tries.length <= most + 1) within[most]++;
      }),
    );
  }
  process.stderr.write('\n');
  await Promise.all(checks);
  const { failed } = service;
  await service.stop();
  const left = readdirSync(folder);
  for (const name of left) rmSync(join(folder, name));
  table.row([
    node.major,
    beside,
    captures,
    heapMegabytes,
    ...within,
    listed(failures) || 'none',
    [quantile(pauses, 0.5), quantile(pauses, 0.99), Math.max(...pauses)].map((ms) => ms.toFixed(1)).join(', '),
    awake,
    during.length + apart.length,
    listed(failed) || 0,
    `${quantile(during, 0.99).toFixed(0)} / ${quantile(apart, 0.99).toFixed(0)}`,
    `${descriptors[0]}, ${descriptors.at(-1)}`,
    `${zombies}, ${left.length}`,
    ((performance.now() - startedMs) / 1e3).toFixed(0),
  ]);
}

function listed(counts: Record<string, number>): string {
  return Object.entries(counts)
    .map(([name, times]) => `${times} ${name}`)
    .join(', ');
}
