// Of N forked snapshots of a service under load, how many come whole, at the first try and after more, and is the
// service harmed? The service allocates all the time (the collector runs concurrently), and answers requests.
// Run by hand: node_modules/.bin/node bench/capture/reliability.bench.ts [captures] [heap MB] [majors, as 20,22] >> bench/capture/results/reliability.md
import { mkdtempSync, readdirSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { availableNodes } from '../../test/nodes/index.ts';
import { isWholeSnapshot, machine, quantile, startService } from './service.ts';

const captures = Number(process.argv[2] ?? 200);
const heapMegabytes = Number(process.argv[3] ?? 20);
const majors = process.argv[4]?.split(',').map(Number);
const scenarios: Record<string, object> = {
  '': {},
  ', two busy workers': { workers: 2 },
  ', busy thread pool': { busyPool: true },
  ', inspector and sampling profile': { inspector: true },
};
const scenario = process.argv[5] ?? '';

const folder = mkdtempSync(join(tmpdir(), 'ebb-reliability-'));
const day = new Date().toISOString().slice(0, 10);
console.log(
  `\n${captures} captures a version, ${heapMegabytes} MB of heap and garbage${scenario}. ${day}, ${machine()}.\n`,
);
console.log(
  '| Node | whole at the 1st try | within 2 | within 3 | never | failed tries | pause median, p99, max, ms | waited for threads, max ms | awake at fork | requests | failed | p99 while a child runs / else, ms | descriptors but sockets, before and after | zombies | files left |',
);
console.log('|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|');
for (const node of availableNodes()) {
  if (majors !== undefined && !majors.includes(node.major)) continue;
  const service = await startService(node.path, { heapMegabytes, ...scenarios[scenario] });
  const within = [0, 0, 0];
  const failures: Record<string, number> = {};
  const pauses: number[] = [];
  const waits: number[] = [];
  const during: number[] = [];
  const apart: number[] = [];
  let never = 0;
  let awake = 0;
  let descriptors: [number, number] | undefined;
  let zombies = 0;
  for (let made = 0; made < captures; made++) {
    const file = join(folder, 'one.heapsnapshot');
    // At any moment of the service's own rhythm.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 200));
    const begun = performance.now();
    const { capture, error, before, after } = await service.capture({ file, method: 'fork' });
    const ended = performance.now();
    descriptors = [descriptors?.[0] ?? before.descriptors, after.descriptors];
    zombies = Math.max(zombies, after.zombies);
    const tries = capture?.attempts ?? error?.attempts ?? [];
    for (const { outcome, detail, pauseMs, waitedMs, threadsAwake } of tries) {
      pauses.push(pauseMs);
      waits.push(waitedMs);
      if (threadsAwake > 0) awake++;
      const name = [outcome, detail].filter(Boolean).join(' ');
      if (outcome !== 'whole') failures[name] = (failures[name] ?? 0) + 1;
    }
    if (capture !== undefined && (await isWholeSnapshot(file))) {
      for (let most = 0; most < 3; most++) if (tries.length <= most + 1) within[most]++;
    } else {
      never++;
      failures[error?.code ?? 'not whole'] = (failures[error?.code ?? 'not whole'] ?? 0) + 1;
    }
    rmSync(file, { force: true });
    for (const { atMs, ms } of service.latencies.splice(0)) (atMs > begun && atMs < ended ? during : apart).push(ms);
  }
  const { failed } = service;
  await service.stop();
  const left = readdirSync(folder);
  for (const name of left) unlinkSync(join(folder, name));
  const failureText = Object.entries(failures).map(([name, count]) => `${count} ${name}`);
  console.log(
    `| ${[
      node.major,
      ...within.map((count) => `${count} of ${captures}`),
      never,
      failureText.join(', ') || 'none',
      `${quantile(pauses, 0.5).toFixed(1)}, ${quantile(pauses, 0.99).toFixed(1)}, ${Math.max(...pauses).toFixed(1)}`,
      Math.max(...waits).toFixed(0),
      awake,
      during.length + apart.length,
      Object.entries(failed)
        .map(([reason, count]) => `${count} ${reason}`)
        .join(', ') || 0,
      `${quantile(during, 0.99).toFixed(1)} / ${quantile(apart, 0.99).toFixed(1)}`,
      descriptors?.join(', '),
      zombies,
      left.length,
    ].join(' | ')} |`,
  );
}
rmSync(folder, { recursive: true, force: true });
