// Heap by memory limit: is a snapshot captured or refused, and does the service live? Each cell is a service of its own
// in a group of its own (cgroup v1 or v2, whichever can be written here; root). A cell that refuses is tried again with
// the refusal switched off, so that the watching thread alone has to end the child in time.
// Run by hand, as root: node_modules/.bin/node bench/capture/limits.bench.ts [--node 20,24] [--heap 30,60,120] [--limit 200,300,500,1000,2000]
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { availableNodes } from '../../test/nodes/index.ts';
import { isWholeSnapshot, startService, type CaptureAnswer } from './service.ts';
import { numbers, openTable } from './table.ts';

const majors = numbers('node') ?? [20, 22, 24, 26];
const heapsMegabytes = numbers('heap') ?? [30, 60, 120];
const limitsMegabytes = numbers('limit') ?? [200, 300, 500, 1000, 2000];

const version1 = '/sys/fs/cgroup/memory';
const isVersion1 = existsSync(join(version1, 'memory.limit_in_bytes'));
const parent = isVersion1 ? version1 : '/sys/fs/cgroup';
const folder = mkdtempSync(join(tmpdir(), 'ebb-limits-'));

function makeGroup(megabytes: number): string {
  const group = join(parent, `ebb-limits-${process.pid}-${megabytes}`);
  mkdirSync(group);
  writeFileSync(join(group, isVersion1 ? 'memory.limit_in_bytes' : 'memory.max'), String(megabytes * 1e6));
  return group;
}

/** How often the kernel has killed in the group. */
function killsIn(group: string): number {
  const text = readFileSync(join(group, isVersion1 ? 'memory.oom_control' : 'memory.events'), 'utf8');
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}

function told({ capture, error }: CaptureAnswer, whole: boolean): string {
  const attempts = capture?.attempts ?? error?.attempts ?? [];
  const peak = Math.max(0, ...attempts.map(({ peakBytes }) => peakBytes));
  const took = peak > 0 ? `, child ${Math.round(peak / 1e6)} MB` : '';
  if (capture !== undefined) return `${whole ? 'captured' : 'NOT WHOLE'}${took}`;
  return `${error?.code === 'EBB_CAPTURE_NO_MEMORY' ? 'refused' : (error?.code ?? '')}${took}`;
}

const table = openTable(
  'limits',
  [
    '# Heap by memory limit: captured or refused, and the host lives',
    'Each cell is a service of its own in a group of its own (cgroup v1 or v2, whichever has the memory controller here), with 20 requests a second. "Asked": what comes of a forked snapshot. "Forced": what was refused, tried all the same; then only the watching thread stands between the child and the limit.',
  ],
  [
    'Node',
    'heap, MB',
    'limit, MB',
    'cgroup',
    'asked',
    'forced',
    'host lives',
    'killed by the kernel',
    'requests answered',
    'failed',
    'longest, ms',
  ],
  4,
);
for (const node of availableNodes().filter(({ major }) => majors.includes(major))) {
  for (const heapMegabytes of heapsMegabytes) {
    for (const limit of limitsMegabytes) {
      const group = makeGroup(limit);
      const enter = ['sh', '-c', `echo $$ > ${join(group, 'cgroup.procs')}; exec "$0" "$@"`];
      let cells: (string | number)[];
      try {
        const service = await startService(
          node.path,
          { heapMegabytes, churn: false },
          { prefix: enter, requestsPerSecond: 20 },
        );
        const file = join(folder, 'a.heapsnapshot');
        const asked = await service.capture({ file, method: 'fork' });
        const askedText = told(asked, await isWholeSnapshot(file));
        rmSync(file, { force: true });
        let forcedText = '';
        if (asked.error?.code === 'EBB_CAPTURE_NO_MEMORY') {
          const forced = await service.capture({ file, method: 'fork', optimistic: true });
          forcedText = told(forced, await isWholeSnapshot(file));
          rmSync(file, { force: true });
        }
        const lives = service.child.exitCode === null && service.child.signalCode === null;
        const failed = Object.values(service.failed).reduce((sum, count) => sum + count, 0);
        const longest = Math.max(0, ...service.latencies.map(({ ms }) => ms));
        cells = [askedText, forcedText, lives ? 'yes' : 'NO', killsIn(group)];
        cells.push(service.latencies.length, failed, longest.toFixed(0));
        await service.stop();
      } catch (error) {
        // Heaps that do not fit at all: the service itself dies before anything is asked of it.
        cells = [error instanceof Error ? error.message : String(error), '', 'NO', killsIn(group), '', '', ''];
      }
      table.row([node.major, heapMegabytes, limit, isVersion1 ? 'v1' : 'v2', ...cells]);
      await new Promise((resolve) => setTimeout(resolve, 200));
      rmdirSync(group);
    }
  }
}
rmSync(folder, { recursive: true, force: true });
