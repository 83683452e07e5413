// What the agent costs while it runs: the storefront in one process, its agent off and on by turns. Between fresh processes
// (overhead.bench.ts) the layout of memory and what V8 happens to optimise differ by more than the agent costs; within one
// they do not. What this leaves out is what is there in both: that its code is loaded (the table of RSS there has it), and
// what V8 has seen of both ways. An agent's start is outside of what is measured, its timers and exports are within: an
// export every four seconds, fifteen times as often as by default, so that each turn of some five has one.
//
//   npm run bench:switched -w packages/agent -- [PAIRS] [--write]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { itemsLoad, storefrontLoad, type Load } from './customers.ts';
import { mean, median, upperLimit } from './figures.ts';
import { environment, Service } from './service.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false } },
});
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const pairs = Number(positionals[0] ?? 36);
/** Each process has so many: what is peculiar to one of them is in a part of the figures only. */
const pairsOfProcess = 12;

interface Kind {
  name: string;
  script: string;
  env: NodeJS.ProcessEnv;
  /** Requests: some five seconds, so that exports and samples have their share. */
  perSlice: number;
  load: (port: number, seed: number) => Load & { end(): void };
}

const kinds: Kind[] = [
  {
    name: 'storefront (Express)',
    script: here('../../examples/storefront/dist/server.js'),
    env: { PORT: '0', RELEASE: '1.0' },
    perSlice: 8000,
    load: storefrontLoad,
  },
  {
    name: 'a service that does next to nothing',
    script: here('server.cjs'),
    env: {},
    perSlice: 150_000,
    load: (port) => itemsLoad(port),
  },
];

interface Pair {
  offMicroseconds: number;
  onMicroseconds: number;
}

/** Off and on, then on and off: what drifts (heap, machine) falls on both alike. */
async function measure(kind: Kind, env: NodeJS.ProcessEnv, seed: number, count: number): Promise<Pair[]> {
  const service = new Service(['--require', here('fixtures/switched.cjs'), kind.script], { ...env, ...kind.env });
  await service.listening();
  const load = kind.load(service.port, seed);
  let isOn = false;
  const slice = async (wanted: boolean): Promise<number> => {
    if (isOn !== wanted) await service.switchAgent((isOn = wanted));
    // What a start leaves to be done is not of the requests.
    await load(kind.perSlice / 20);
    const before = service.cpuMicroseconds();
    await load(kind.perSlice);
    return (service.cpuMicroseconds() - before) / kind.perSlice;
  };
  for (const wanted of [false, true, false, true]) await slice(wanted);
  const measured: Pair[] = [];
  for (let pair = 0; pair < count; pair++) {
    const order = pair % 2 === 0 ? [false, true] : [true, false];
    const used = [await slice(order[0]), await slice(order[1])];
    const [offMicroseconds = NaN, onMicroseconds = NaN] = pair % 2 === 0 ? used : used.reverse();
    measured.push({ offMicroseconds, onMicroseconds });
    process.stderr.write(`\r${kind.name}: process ${String(seed)}, pair ${String(pair + 1)} of ${String(count)}`);
  }
  load.end();
  await service.stop();
  return measured;
}

function rowOf({ name }: Kind, measured: Pair[]): string {
  const off = measured.map(({ offMicroseconds }) => offMicroseconds);
  const more = measured.map(({ offMicroseconds, onMicroseconds }) => onMicroseconds - offMicroseconds);
  const shares = measured.map(({ offMicroseconds, onMicroseconds }) => (onMicroseconds / offMicroseconds - 1) * 100);
  const cells = [
    name,
    String(measured.length),
    median(off).toFixed(1),
    median(more).toFixed(1),
    ...[mean(shares), median(shares), upperLimit(shares)].map((share) => share.toFixed(2)),
  ];
  return `| ${cells.join(' | ')} |`;
}

let exports = 0;
const receiver = createServer((request, response) => {
  exports += 1;
  request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
});
await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
const records = mkdtempSync(join(tmpdir(), 'ebb-switched-'));
const env = {
  ...environment(`http://127.0.0.1:${String((receiver.address() as AddressInfo).port)}`, records),
  OTEL_METRIC_EXPORT_INTERVAL: '4000',
};
const startedMs = performance.now();
const loadBefore = loadavg()[0] ?? 0;
const rows: string[] = [];
for (const kind of kinds) {
  const measured: Pair[] = [];
  for (let seed = 1; measured.length < pairs; seed++)
    measured.push(...(await measure(kind, env, seed, Math.min(pairsOfProcess, pairs - measured.length))));
  process.stderr.write('\n');
  rows.push(rowOf(kind, measured));
}
receiver.close();
receiver.closeAllConnections();
rmSync(records, { recursive: true });
if (exports < kinds.length * pairs) throw new Error('hardly anything was exported: what was measured is not the agent');

const report = `# What the agent costs while it runs

\`npm run bench:switched -w packages/agent -- ${String(pairs)}\`: Node ${process.version}, ${String(cpus().length)} × ${cpus()[0]?.model ?? 'unknown'}; load ${loadBefore.toFixed(1)} before, ${(loadavg()[0] ?? 0).toFixed(1)} after. ${new Date().toISOString().slice(0, 10)}, ${((performance.now() - startedMs) / 60_000).toFixed(1)} minutes.

One process, its agent off and on by turns, ${kinds.map(({ perSlice, name }) => `${perSlice.toLocaleString('en')} requests a turn (${name})`).join(', ')}; ${String(pairsOfProcess)} pairs a process. An export every four seconds, fifteen times as often as by default; the recorder runs.

| service | pairs | CPU a request with the agent off, µs: median | more with it on, µs: median | %: mean | median | upper 95 % limit of the mean |
|---|---|---|---|---|---|---|
${rows.join('\n')}

CPU is that of all threads of the service. Between fresh processes, and beside OpenTelemetry: [overhead.md](overhead.md).
`;
console.log(report);
if (options.write) writeFileSync(here('results/switched.md'), report);
