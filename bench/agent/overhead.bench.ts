// What does the agent cost a service: CPU by request, memory, start-up? Beside it, in the same rounds, the OpenTelemetry
// Node SDK with its instrumentations for http and the runtime. Two services: the storefront of examples/ (Express,
// release 1.0) with its customers, and, as the worst case, one that does next to nothing. A round starts each variant
// anew, warms it up until V8 has compiled what is hot, and sends the same requests to each in alternating slices; the
// order changes from round to round. A preload that does nothing is the control: what it seems to cost is what the bench
// itself cannot tell from nothing, since two processes of one program differ by some percent for as long as they live.
// OpenTelemetry is in every eighth round. What counts is the ratio within a round; CPU is that of all the service's
// threads, and of nobody else. `npm run bench -w packages/agent` runs 32 rounds of the storefront and 16 of the small
// service (about 30 minutes on a quiet machine); an argument names another number. It prints a page for results/overhead.md, which is committed only from a quiet machine.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { itemsLoad, storefrontLoad, type Load } from './customers.ts';
import { environment, Service } from './service.ts';
import { mean, median, upperLimit } from './figures.ts';
import { measureListening, measureStartUp } from './start-up.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const rounds = Number(process.argv[2] ?? 32);
const slices = 8;
const roundsForEachOfThePeer = 8;

const variants: Record<string, string[]> = {
  without: [],
  'an empty preload': ['--require', here('fixtures/empty.cjs')],
  Ebb: ['--require', here('../../packages/agent/dist/register.cjs')],
  OpenTelemetry: ['--require', here('fixtures/otel.cjs')],
};
const names = Object.keys(variants);

interface Kind {
  name: string;
  rounds: number;
  script: string;
  env: NodeJS.ProcessEnv;
  warmup: number;
  perSlice: number;
  load: (port: number, seed: number) => Load & { end(): void };
}

const kinds: Kind[] = [
  {
    name: 'storefront (Express)',
    rounds,
    script: here('../../examples/storefront/dist/server.js'),
    env: { PORT: '0', RELEASE: '1.0' },
    // At 5000 V8 still compiles: it optimises another 270 functions in the next 8000 requests, without any agent.
    warmup: 12_000,
    perSlice: 500,
    load: storefrontLoad,
  },
  {
    name: 'a service that does next to nothing',
    rounds: Math.ceil(rounds / 2),
    script: here('server.cjs'),
    env: {},
    warmup: 10_000,
    perSlice: 2000,
    load: (port) => itemsLoad(port),
  },
];

interface Measured {
  cpuMicrosecondsPerRequest: number;
  rssBytes: number;
}

async function round(
  kind: Kind,
  order: string[],
  env: NodeJS.ProcessEnv,
  seed: number,
): Promise<Partial<Record<string, Measured>>> {
  const running = new Map<string, { service: Service; load: Load & { end(): void }; usedMicroseconds: number }>();
  for (const name of order) {
    const service = new Service([...(variants[name] ?? []), kind.script], { ...env, ...kind.env });
    await service.listening();
    running.set(name, { service, load: kind.load(service.port, seed), usedMicroseconds: 0 });
  }
  // What is loaded just after the start is not of the requests.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  for (const { load } of running.values()) await load(kind.warmup);
  for (let slice = 0; slice < slices; slice++) {
    for (const name of slice % 2 === 0 ? order : [...order].reverse()) {
      const each = running.get(name)!;
      const before = each.service.cpuMicroseconds();
      await each.load(kind.perSlice);
      each.usedMicroseconds += each.service.cpuMicroseconds() - before;
    }
  }
  const measured: Partial<Record<string, Measured>> = {};
  for (const [name, { service, load, usedMicroseconds }] of running) {
    const cpuMicrosecondsPerRequest = usedMicroseconds / slices / kind.perSlice;
    measured[name] = { cpuMicrosecondsPerRequest, rssBytes: service.rssBytes() };
    load.end();
    await service.stop();
  }
  return measured;
}

const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`;

function rowsOf(kind: Kind, results: Partial<Record<string, Measured>>[]): string[] {
  const plainRss = results.map(({ without }) => without?.rssBytes ?? NaN);
  return names.map((name) => {
    const pairs = results.flatMap(({ without, [name]: each }) => (without && each ? [{ without, each }] : []));
    const used = pairs.map(({ each }) => each.cpuMicrosecondsPerRequest);
    const ratios = pairs.map(
      ({ without, each }) => (each.cpuMicrosecondsPerRequest / without.cpuMicrosecondsPerRequest - 1) * 100,
    );
    const more = pairs.map(({ without, each }) => (each.rssBytes - without.rssBytes) / 2 ** 20);
    const cost =
      name === 'without'
        ? ['', '', '']
        : [mean(ratios), median(ratios), upperLimit(ratios)].map((value) => value.toFixed(2));
    const rss = name === 'without' ? (median(plainRss) / 2 ** 20).toFixed(0) : signed(median(more));
    return `| ${[name === 'without' ? kind.name : '', name, median(used).toFixed(1), ...cost, rss].join(' | ')} |`;
  });
}

if (!existsSync(here('peers/node_modules'))) {
  execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: here('peers'), stdio: 'inherit' });
}
let exports = 0;
/** Who is in a round, and in which order. */
function orderOf(number: number): string[] {
  const present = number % roundsForEachOfThePeer === 0 ? names : names.filter((name) => name !== 'OpenTelemetry');
  const shift = number % present.length;
  return [...present.slice(shift), ...present.slice(0, shift)];
}

const receiver = createServer((request, response) => {
  exports += 1;
  request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
});
await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
const records = mkdtempSync(join(tmpdir(), 'ebb-overhead-'));
const env = environment(`http://127.0.0.1:${String((receiver.address() as AddressInfo).port)}`, records);
const startedMs = performance.now();
const loadBefore = loadavg()[0] ?? 0;
const table: string[] = [];
for (const kind of kinds) {
  const results: Partial<Record<string, Measured>>[] = [];
  for (let i = 0; i < kind.rounds; i++) {
    results.push(await round(kind, orderOf(i), env, i));
    process.stderr.write(`\r${kind.name}: round ${String(i + 1)} of ${String(kind.rounds)}`);
  }
  process.stderr.write('\n');
  table.push(...rowsOf(kind, results));
}
const starts = measureStartUp(variants, { PATH: process.env['PATH'], EBB_RECORD_DIR: records }, Math.min(rounds, 20));
const listening = await measureListening(
  variants,
  [kinds[0].script],
  { ...env, ...kinds[0].env },
  Math.min(rounds, 20),
);
const [none] = Object.values(starts);
const startRows = Object.entries(starts).map(([name, { emptyMs, cpuMs, rssBytes }]) => {
  const less = (value: number, base: number, digits: number): string =>
    name === 'without' ? value.toFixed(digits) : signed(value - base);
  return `| ${[name, less(emptyMs, none.emptyMs, 0), less(listening[name], listening['without'], 0), less(cpuMs, none.cpuMs, 0), less(rssBytes / 2 ** 20, none.rssBytes / 2 ** 20, 0)].join(' | ')} |`;
});
receiver.close();
receiver.closeAllConnections();
rmSync(records, { recursive: true });
if (exports < rounds) throw new Error('hardly anything was exported: what was measured is not the agents');

console.log(`# What the agent costs

Node ${process.version}, ${String(cpus().length)} × ${cpus()[0]?.model ?? 'unknown'}; load ${loadBefore.toFixed(1)} before, ${(loadavg()[0] ?? 0).toFixed(1)} after. ${new Date().toISOString().slice(0, 10)}, ${((performance.now() - startedMs) / 60_000).toFixed(1)} minutes.
${kinds.map((kind) => `${kind.name}: ${String(kind.rounds)} rounds of fresh processes, ${String(slices * kind.perSlice)} requests each in ${String(slices)} alternating slices after ${String(kind.warmup)} to warm up`).join('; ')}. OpenTelemetry is in every eighth round. An export every 10 seconds; Ebb's recorder runs.

| service | | CPU a request, µs | cost, %: mean | median | upper 95 % limit | RSS, MB |
|---|---|---|---|---|---|---|
${table.join('\n')}

CPU is that of all threads of the service. The empty preload is the control: what it shows is not told from nothing. RSS: the median, and the median of what is added to it in the same round.

| start | a program that exits at once, ms | until the storefront listens, ms | CPU until all is loaded, ms | RSS, MB |
|---|---|---|---|---|
${startRows.join('\n')}

Medians of ${String(Math.min(rounds, 20))}, and what is added to that. Nothing is exported by the programs that exit at once. The third column counts what is loaded behind the program's start, too: when the event loop is idle for the first time in Ebb's case.`);
