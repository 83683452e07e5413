// What does the agent cost a service: CPU by request, memory, start-up? Beside it, in the same rounds, the OpenTelemetry
// Node SDK with its instrumentations for http and the runtime. A round starts each variant anew, warms it up, and sends
// the same requests to each in turns; the order changes from round to round. What counts is the ratio within a round.
// `npm run bench -w packages/agent` runs 32 rounds (about ten minutes on a quiet machine); an argument names another
// number. It prints a page for results/overhead.md, which is committed only from a quiet machine.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cpus, loadavg } from 'node:os';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const rounds = Number(process.argv[2] ?? 32);
const warmupRequests = 4000;
const slices = 4;
const requestsPerSlice = 2000;
const connections = 8;

const variants: Record<string, string[]> = {
  without: [],
  Ebb: ['--require', here('../../packages/agent/dist/register.cjs')],
  OpenTelemetry: ['--require', here('fixtures/otel.cjs')],
};
const names = Object.keys(variants);

interface State {
  cpuMicroseconds: number;
  rssBytes: number;
}

class Service {
  readonly child: ChildProcess;
  readonly #lines: Interface;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: connections });
  #port = 0;
  startMs = 0;

  constructor(flags: string[], receiver: string) {
    this.child = spawn(process.execPath, [...flags, here('server.cjs')], {
      env: {
        PATH: process.env['PATH'],
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver,
        // Six times as often as by default, so that each round has its share of exports.
        OTEL_METRIC_EXPORT_INTERVAL: '10000',
        OTEL_TRACES_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
        OTEL_SERVICE_NAME: 'bench',
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.child.once('exit', (code) => {
      if (code !== 0) throw new Error(`${flags.join(' ')}: the service ended with ${String(code)}`);
    });
    this.#lines = createInterface({ input: this.child.stdout! });
  }

  /** Until the first answer. */
  async start(): Promise<void> {
    const spawnedMs = performance.now();
    this.#port = (JSON.parse(await this.#line()) as { port: number }).port;
    await this.#ask(0);
    this.startMs = performance.now() - spawnedMs;
  }

  async state(): Promise<State> {
    const line = this.#line();
    this.child.stdin!.write('cpu\n');
    return JSON.parse(await line) as State;
  }

  async load(requests: number): Promise<void> {
    let sent = 0;
    const worker = async (): Promise<void> => {
      while (sent < requests) await this.#ask(sent++);
    };
    await Promise.all(Array.from({ length: connections }, worker));
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('close', resolve));
    this.#agent.destroy();
    this.child.stdin!.end();
    await ended;
  }

  async #line(): Promise<string> {
    const [line] = (await once(this.#lines, 'line')) as [string];
    return line;
  }

  async #ask(id: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const options = { port: this.#port, host: '127.0.0.1', path: `/items/${String(id)}?q=1`, agent: this.#agent };
      get(options, (response) => {
        if (response.statusCode !== 200) reject(new Error(`status ${String(response.statusCode)}`));
        response.resume().on('end', resolve);
      }).on('error', reject);
    });
  }
}

interface Measured {
  cpuMicrosecondsPerRequest: number;
  rssMegabytes: number;
  startMs: number;
  startCpuMs: number;
}

async function round(order: string[], receiver: string): Promise<Record<string, Measured>> {
  const services = new Map<string, Service>();
  const measured: Record<string, Measured> = {};
  for (const name of order) {
    const service = new Service(variants[name], receiver);
    await service.start();
    // What is loaded just after the start belongs to it.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const { cpuMicroseconds } = await service.state();
    services.set(name, service);
    measured[name] = {
      cpuMicrosecondsPerRequest: 0,
      rssMegabytes: 0,
      startMs: service.startMs,
      startCpuMs: cpuMicroseconds / 1e3,
    };
  }
  for (const service of services.values()) await service.load(warmupRequests);
  for (let slice = 0; slice < slices; slice++) {
    for (const name of slice % 2 === 0 ? order : [...order].reverse()) {
      const service = services.get(name)!;
      const before = await service.state();
      await service.load(requestsPerSlice);
      const after = await service.state();
      const used = after.cpuMicroseconds - before.cpuMicroseconds;
      measured[name].cpuMicrosecondsPerRequest += used / requestsPerSlice / slices;
      measured[name].rssMegabytes = after.rssBytes / 2 ** 20;
    }
  }
  for (const service of services.values()) await service.stop();
  return measured;
}

const mean = (values: number[]): number => values.reduce((all, value) => all + value, 0) / values.length;
const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

/** One-sided, by Student's t; its quantile by the expansion of Cornish and Fisher. */
function upperLimit(values: number[]): number {
  const average = mean(values);
  const df = values.length - 1;
  const deviation = Math.sqrt(values.reduce((all, value) => all + (value - average) ** 2, 0) / df);
  const z = 1.6449;
  const t = z + (z ** 3 + z) / (4 * df) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * df ** 2);
  return average + (t * deviation) / Math.sqrt(values.length);
}

if (!existsSync(here('peers/node_modules'))) {
  execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: here('peers'), stdio: 'inherit' });
}
let exports = 0;
const receiver = createServer((request, response) => {
  exports += 1;
  request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
});
await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${String((receiver.address() as AddressInfo).port)}`;
const loadBefore = loadavg()[0];
const results: Record<string, Measured>[] = [];
for (let i = 0; i < rounds; i++) {
  const shift = i % names.length;
  results.push(await round([...names.slice(shift), ...names.slice(0, shift)], url));
  process.stderr.write(`\rround ${String(i + 1)} of ${String(rounds)}`);
}
process.stderr.write('\n');
receiver.close();
receiver.closeAllConnections();
if (exports < rounds) throw new Error('hardly anything was exported: what was measured is not the agents');

const rows = names.map((name) => {
  const of = (field: keyof Measured): number[] => results.map((each) => each[name][field]);
  const less = (field: keyof Measured): number[] => results.map((each) => each[name][field] - each['without'][field]);
  const ratios = results.map(
    (each) => (each[name].cpuMicrosecondsPerRequest / each['without'].cpuMicrosecondsPerRequest - 1) * 100,
  );
  const cpu = median(of('cpuMicrosecondsPerRequest')).toFixed(1);
  if (name === 'without') {
    const plain = [of('rssMegabytes'), of('startMs'), of('startCpuMs')].map((values) => median(values).toFixed(0));
    return `| ${[name, cpu, '', '', '', ...plain].join(' | ')} |`;
  }
  const added = [less('rssMegabytes'), less('startMs'), less('startCpuMs')].map(
    (values) => `+${median(values).toFixed(1)}`,
  );
  const cost = [mean(ratios), median(ratios), upperLimit(ratios)].map((value) => value.toFixed(2));
  return `| ${[name, cpu, ...cost, ...added].join(' | ')} |`;
});
console.log(`# What the agent costs

Node ${process.version}, ${String(cpus().length)} × ${cpus()[0]?.model ?? 'unknown'}; load ${loadBefore.toFixed(1)} before, ${loadavg()[0].toFixed(1)} after. ${new Date().toISOString().slice(0, 10)}.
${String(rounds)} rounds of fresh processes, ${String(slices * requestsPerSlice)} requests each in ${String(slices)} alternating slices after ${String(warmupRequests)} to warm up; an export every 10 seconds.

| | CPU a request, µs | cost, %: mean | median | upper 95 % limit | RSS, MB | first answer, ms | CPU in the first second, ms |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}

RSS, first answer and CPU of the first second: the median, and what is added to it in the same round.`);
