// What an agent sends, as it sends it: one export of a real agent is caught, and reports of as many processes as are
// wanted are made of it, with an identity, times and figures of their own. What tells processes apart is 3 KB of the
// text; the rest is packed once a moment and appended, because the packing of a hundred thousand reports a minute would
// take more of the machine than the server does. It is one gzip stream all the same, as long or longer than an agent's.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { crc32, deflateRawSync, gunzipSync, gzipSync } from 'node:zlib';

interface Attribute {
  key: string;
  value: object;
}
interface Metric {
  name: string;
  gauge?: { dataPoints: Record<string, unknown>[] };
  sum?: { dataPoints: Record<string, unknown>[] };
  histogram?: { dataPoints: Record<string, unknown>[] };
}
interface Export {
  resourceMetrics: [{ resource: { attributes: Attribute[] }; scopeMetrics: [{ scope: object; metrics: Metric[] }] }];
}

/** What one process tells. */
export interface Told {
  service: string;
  version: string;
  instance: string;
  rssBytes: number;
  floorBytes: number;
  requests: number;
  verdict: 'clean' | 'leak';
}

const program = `
const http = require('node:http');
const server = http.createServer((req, res) => res.end('ok')).listen(0, '127.0.0.1', async () => {
  const { port } = server.address();
  for (let i = 0; ; i++) {
    await fetch('http://127.0.0.1:' + port + '/things/' + (i % 4)).then((answer) => answer.text());
    if (i % 50 === 0) gc();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});`;

/** Runs a small service with the agent in it, and returns its first export that has a floor and a trend. */
export async function catchExport(): Promise<Export> {
  let found: (caught: Export) => void = () => undefined;
  const caught = new Promise<Export>((resolve) => {
    found = resolve;
  });
  const receiver = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      const body = JSON.parse(gunzipSync(Buffer.concat(parts)).toString()) as Export;
      const names = body.resourceMetrics[0].scopeMetrics[0].metrics.map(({ name }) => name);
      if (['ebb.memory.floor', 'ebb.growth', 'http.server.request.duration'].every((name) => names.includes(name)))
        found(body);
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const register = fileURLToPath(new URL('../../packages/agent/dist/register.cjs', import.meta.url));
  const child = spawn(process.execPath, ['--expose-gc', '--require', register, '-e', program], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      EBB_RECORD_DIR: 'off',
      EBB_SAMPLE_INTERVAL: '100',
      EBB_WARMUP: '1000',
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=SERVICE,service.version=VERSION,deployment.environment.name=production',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
    },
  });
  try {
    return await caught;
  } finally {
    child.kill('SIGKILL');
    receiver.close();
    receiver.closeAllConnections();
  }
}

const ownMetrics = ['process.memory.usage', 'ebb.memory.floor', 'ebb.requests', 'ebb.verdict', 'ebb.time_to_limit'];

/** Makes bodies of a moment. */
export class ReportMaker {
  readonly #caught: Export;
  #timeMs = NaN;
  #own: string[] = [];
  #rest = Buffer.alloc(0);
  #restPacked = Buffer.alloc(0);

  constructor(caught: Export) {
    this.#caught = caught;
  }

  /** How large a report is: as made here, plain; packed as made here; and packed as an agent does. */
  sizes(): { plain: number; packed: number; packedByAgent: number } {
    const packed = this.body(example, 1e12);
    const plain = gunzipSync(packed);
    return { plain: plain.length, packed: packed.length, packedByAgent: gzipSync(plain, { level: 6 }).length };
  }

  /** The gzipped body of a request. */
  body(told: Told, timeMs: number): Buffer {
    if (timeMs !== this.#timeMs) this.#prepare(timeMs);
    const leaks = told.verdict === 'leak';
    const values = [
      ...[told.service, told.version, told.instance, String(told.rssBytes), String(told.floorBytes)],
      ...[String(told.requests), leaks ? '0' : '1', leaks ? '1' : '0', leaks ? '1800' : '86400'],
    ];
    let text = '';
    for (const [i, part] of this.#own.entries()) text += i % 2 === 0 ? part : values[Number(part)];
    return this.#packed(Buffer.from(text));
  }

  /** Once a moment: the text around what processes differ in, and the rest. */
  #prepare(timeMs: number): void {
    this.#timeMs = timeMs;
    const [{ resource, scopeMetrics }] = this.#caught.resourceMetrics;
    const [{ scope, metrics }] = scopeMetrics;
    const time = `${timeMs}000000`;
    const at = (text: string): string => text.replace(/"timeUnixNano":"\d+"/g, `"timeUnixNano":"${time}"`);
    const attributes = resource.attributes.map(({ key, value }) => {
      const mark = { 'service.name': 0, 'service.version': 1, 'service.instance.id': 2 }[key];
      return { key, value: mark === undefined ? value : { stringValue: marked(mark) } };
    });
    const own = metrics.filter(({ name }) => ownMetrics.includes(name)).map((metric) => JSON.stringify(ownOf(metric)));
    const rest = metrics.filter(({ name }) => !ownMetrics.includes(name)).map((metric) => JSON.stringify(metric));
    const head = `{"resourceMetrics":[{"resource":${JSON.stringify({ attributes })},"scopeMetrics":[{"scope":${JSON.stringify(scope)},"metrics":[`;
    // Text, and by turns the number of a value. Doubles stand without quotes.
    this.#own = at(`${head}${own.join(',')}`)
      .replace(/"§([678])§"/g, '§$1§')
      .split(/§(\d)§/);
    this.#rest = Buffer.from(at(`,${rest.join(',')}]}]}]}`));
    this.#restPacked = deflateRawSync(this.#rest, { level: 6 });
  }

  /** A stored block, the blocks of the rest, and the sum of both: one gzip stream (RFC 1951, 1952). */
  #packed(own: Buffer): Buffer {
    const head = Buffer.alloc(15);
    head.set([0x1f, 0x8b, 8]);
    head.writeUInt16LE(own.length, 11);
    head.writeUInt16LE(own.length ^ 0xffff, 13);
    const foot = Buffer.alloc(8);
    foot.writeUInt32LE(crc32(this.#rest, crc32(own)), 0);
    foot.writeUInt32LE(own.length + this.#rest.length, 4);
    return Buffer.concat([head, own, this.#restPacked, foot]);
  }
}

const marked = (mark: number): string => `§${mark}§`;
const example: Told = {
  ...{ service: 'service-1', version: '1.0.0', instance: 'instance-1', rssBytes: 1e8, floorBytes: 4e7, requests: 100 },
  verdict: 'clean',
};

function ownOf(metric: Metric): Metric {
  const data = metric.sum ?? metric.gauge;
  const mark = (point: Record<string, unknown>, i: number): Record<string, unknown> => {
    const [attribute] = (point['attributes'] ?? []) as [{ value: { stringValue: string } }?];
    const label = attribute?.value.stringValue;
    const value = (of: number): Record<string, unknown> => ({ ...point, asInt: undefined, asDouble: marked(of) });
    const whole = (of: number): Record<string, unknown> => ({ ...point, asInt: marked(of), asDouble: undefined });
    if (metric.name === 'process.memory.usage') return whole(3);
    if (metric.name === 'ebb.memory.floor' && i === 0) return whole(4);
    if (metric.name === 'ebb.requests') return whole(5);
    if (metric.name === 'ebb.verdict' && label === 'clean') return value(6);
    if (metric.name === 'ebb.verdict' && label === 'leak') return value(7);
    if (metric.name === 'ebb.verdict') return { ...point, asDouble: 0 };
    return metric.name === 'ebb.time_to_limit' ? value(8) : point;
  };
  return {
    ...metric,
    [metric.sum === undefined ? 'gauge' : 'sum']: { ...data, dataPoints: data?.dataPoints.map(mark) },
  };
}
