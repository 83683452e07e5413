// Does one server take in so many processes that report once a minute: no row lost, how late, in how much memory?
//
//   npm run bench -w packages/server -- [processes] [seconds] [postgres://…]
//
// Starts `ebb up` as users do, on an empty SQLite database or the given empty one of PostgreSQL, and sends what agents
// send (OTLP in JSON, gzip, some eighty points) at an even rate, whether or not answers come. In the end the rows in the
// database are counted against the answers. The sender shares the machine with the server.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const processes = Number(process.argv[2] ?? 10_000);
const seconds = Number(process.argv[3] ?? 60);
const databaseUrl = process.argv[4];
const folder = mkdtempSync(join(tmpdir(), 'ebb-ingest-bench-'));
const bin = fileURLToPath(new URL('../../packages/cli/bin/ebb.js', import.meta.url));

const startedMs = performance.now();
const place = databaseUrl === undefined ? ['--data', folder] : ['--database', databaseUrl];
const child = spawn(process.execPath, [bin, 'up', '--port', '0', ...place], { stdio: ['ignore', 'pipe', 'inherit'] });
const told: Record<string, string> = {};
for await (const line of createInterface(child.stdout)) {
  const [, name = '', value = ''] = /^(\w+) +(\S+)$/.exec(line) ?? [];
  told[name] = value;
  if (name === 'listening') break;
}
const startMs = performance.now() - startedMs;
const status = (): string => readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8');
const kilobytes = (field: string): number => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status())?.[1]);
const cpuSeconds = (): number => {
  const fields = readFileSync(`/proc/${child.pid ?? 0}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};
const rssAtStartMb = kilobytes('VmRSS') / 1e3;

const attributes = (values: Record<string, string>): object[] =>
  Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }));

type LabelledPoint = [value: number, labels?: Record<string, string>];

/** What the agent of one process sends at one moment. */
function body(process: number, timeMs: number): Buffer {
  const timeUnixNano = `${timeMs}000000`;
  const gauge = (name: string, ...points: LabelledPoint[]): object => ({
    name,
    unit: 'By',
    description: 'What it is.',
    gauge: {
      dataPoints: points.map(([asDouble, labels = {}]) => ({ asDouble, timeUnixNano, attributes: attributes(labels) })),
    },
  });
  const verdicts = ['clean', 'warming', 'bounded', 'leak', 'native'];
  const spaces = ['new', 'old', 'code', 'large_object', 'trusted', 'shared', 'read_only', 'code_large_object'];
  const metrics = [
    gauge('process.memory.usage', [1e8 + process]),
    gauge('ebb.memory.floor', [4e7, { 'ebb.memory.kind': 'heap' }], [1e6, { 'ebb.memory.kind': 'external' }]),
    gauge('ebb.memory.limit', [2e9, { 'ebb.limit.kind': 'heap' }]),
    gauge('ebb.requests', [process * 7]),
    gauge('ebb.verdict', ...verdicts.map((name): LabelledPoint => [Number(name === 'clean'), { 'ebb.verdict': name }])),
    gauge('ebb.growth', [10, { 'ebb.bound': 'estimate' }], [-5, { 'ebb.bound': 'low' }], [25, { 'ebb.bound': 'high' }]),
    ...['used', 'space.size', 'space.available_size', 'space.physical_size'].map((name) =>
      gauge(
        `v8js.memory.heap.${name}`,
        ...spaces.map((space): LabelledPoint => [1e6, { 'v8js.heap.space.name': space }]),
      ),
    ),
    ...['min', 'max', 'mean', 'p50', 'p90', 'p99'].map((name) => gauge(`nodejs.eventloop.delay.${name}`, [0.01])),
    ...Array.from({ length: 25 }, (_, i) => gauge(`other.metric.${i}`, [i])),
  ];
  const resource = { 'service.name': 'bench', 'service.version': '1.0', 'service.instance.id': `i${process}` };
  const scopeMetrics = [{ metrics }];
  return gzipSync(
    JSON.stringify({ resourceMetrics: [{ resource: { attributes: attributes(resource) }, scopeMetrics }] }),
    { level: 1 },
  );
}

const agent = new Agent({ keepAlive: true, maxSockets: 256 });
const latencies: number[] = [];
const statuses = new Map<number, number>();
async function send(packed: Buffer): Promise<void> {
  const sentMs = performance.now();
  await new Promise<void>((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${told['agents'] ?? ''}`,
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      'content-length': packed.length,
    };
    request(`${told['listening'] ?? ''}/v1/metrics`, { method: 'POST', agent, headers }, (response) => {
      response.resume().on('end', () => {
        const { statusCode = 0 } = response;
        statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
        latencies.push(performance.now() - sentMs);
        resolve();
      });
    })
      .on('error', reject)
      .end(packed);
  });
}

const rate = processes / 60;
const total = Math.round(rate * seconds);
const cpuBefore = cpuSeconds();
const beganMs = performance.now();
const under: Promise<void>[] = [];
for (let sent = 0; sent < total;) {
  const due = Math.min(total, Math.floor(((performance.now() - beganMs) / 1000) * rate) + 1);
  for (; sent < due; sent++) under.push(send(body(sent % processes, Date.now())));
  await new Promise((resolve) => setTimeout(resolve, 5));
}
await Promise.all(under);
const tookSeconds = (performance.now() - beganMs) / 1000;
const cpu = cpuSeconds() - cpuBefore;
const intakeOf = await fetch(`${told['listening'] ?? ''}/api/v1/intake`, {
  headers: { authorization: `Bearer ${told['admin'] ?? ''}` },
});
const { reports, knownProcesses } = (await intakeOf.json()) as { reports: number; knownProcesses: number };
const peakMb = kilobytes('VmHWM') / 1e3;
child.kill('SIGTERM');
await once(child, 'exit');

const sorted = latencies.toSorted((a, b) => a - b);
const quantile = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? NaN).toFixed(0);
console.log(
  `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, Node ${process.versions.node}, ${databaseUrl === undefined ? 'SQLite' : 'PostgreSQL'}`,
);
console.log(`start to listening    ${startMs.toFixed(0)} ms, ${rssAtStartMb.toFixed(0)} MB RSS`);
console.log(
  `sent                  ${total} reports of ${Math.min(total, processes)} processes in ${tookSeconds.toFixed(1)} s (${rate.toFixed(0)} a second asked)`,
);
console.log(`answers               ${[...statuses].map(([code, count]) => `${count} × ${code}`).join(', ')}`);
console.log(`latency               p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms, most ${quantile(1)} ms`);
console.log(
  `server                ${((cpu / total) * 1e3).toFixed(2)} ms of CPU a report, ${peakMb.toFixed(0)} MB RSS at most`,
);
if (databaseUrl === undefined) {
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(join(folder, 'ebb.sqlite'), { readOnly: true });
  const { count } = database.prepare('select count(*) as count from samples').get() as { count: number };
  console.log(`rows in the database  ${count} of ${statuses.get(200) ?? 0} acknowledged`);
  if (count < (statuses.get(200) ?? 0)) process.exitCode = 1;
  database.close();
} else console.log(`rows                  ${reports} reports of ${knownProcesses} processes taken`);
if ((statuses.get(200) ?? 0) < total) process.exitCode = 1;
rmSync(folder, { recursive: true, force: true });
