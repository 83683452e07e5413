/** A receiver of OTLP/HTTP for tests: takes metrics in JSON, and holds each against the protocol's JSON mapping. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

type Json = Record<string, unknown>;

/** One data point, its attributes as a plain object. */
export interface ReceivedPoint {
  attributes: Record<string, string | number | boolean>;
  /** Of a number; undefined for a histogram. */
  value: number | undefined;
  /** Of a histogram. */
  count: number | undefined;
}

/** One export, decoded. */
export interface ReceivedExport {
  resource: Record<string, string | number | boolean>;
  metrics: Map<string, ReceivedPoint[]>;
}

/** A receiver that listens; close it at the end. */
export interface OtlpReceiver {
  url: string;
  exports: ReceivedExport[];
  /** The same as text, unpacked, with the headers that came along. */
  texts: string[];
  /** What did not follow the protocol, in words. */
  faults: string[];
  /** Waits for an export that has come or will come; the test's own timeout bounds it. */
  until(wanted: (received: ReceivedExport) => boolean): Promise<ReceivedExport>;
  close(): void;
}

/** Starts a receiver on a free port of the loopback. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const waiting = new Set<() => void>();
  const exports: ReceivedExport[] = [];
  const faults: string[] = [];
  const texts: string[] = [];
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('error', () => undefined);
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      try {
        if (request.method !== 'POST' || request.url !== '/v1/metrics') throw new Error(String(request.url));
        if (request.headers['content-type'] !== 'application/json') throw new Error('content-type');
        const bytes = Buffer.concat(parts);
        const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
        texts.push(`${JSON.stringify(request.headers)}\n${body.toString()}`);
        exports.push(...decode(JSON.parse(body.toString()) as Json));
      } catch (error) {
        faults.push(String(error));
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"partialSuccess":{}}');
      for (const look of [...waiting]) look();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    exports,
    texts,
    faults,
    until: (wanted) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = exports.find(wanted);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The sum of a metric's points that have these attributes. */
export function valueOf(
  received: ReceivedExport | undefined,
  name: string,
  attributes: ReceivedPoint['attributes'] = {},
): number | undefined {
  const points = received?.metrics
    .get(name)
    ?.filter((point) => Object.entries(attributes).every(([key, value]) => point.attributes[key] === value));
  if (points === undefined || points.length === 0) return undefined;
  return points.reduce((all, { value, count }) => all + (value ?? count ?? 0), 0);
}

/** ExportMetricsServiceRequest → its exports; throws at what the mapping does not allow. */
function decode(request: Json): ReceivedExport[] {
  only(request, ['resourceMetrics']);
  return list(request['resourceMetrics']).map((resourceMetrics) => {
    only(resourceMetrics, ['resource', 'scopeMetrics']);
    const resource = attributesOf(resourceMetrics['resource'] as Json);
    const metrics = new Map<string, ReceivedPoint[]>();
    for (const scopeMetrics of list(resourceMetrics['scopeMetrics'])) {
      only(scopeMetrics, ['scope', 'metrics']);
      for (const metric of list(scopeMetrics['metrics'])) {
        only(metric, ['name', 'unit', 'description', 'gauge', 'sum', 'histogram']);
        const name = text(metric['name']);
        if (metrics.has(name)) throw new Error(`${name} stands twice in one export`);
        metrics.set(name, pointsOf(metric));
      }
    }
    return { resource, metrics };
  });
}

function pointsOf(metric: Json): ReceivedPoint[] {
  const kinds = ['gauge', 'sum', 'histogram'].filter((kind) => metric[kind] !== undefined);
  if (kinds.length !== 1) throw new Error(`${String(metric['name'])} has ${String(kinds.length)} kinds of data`);
  const data = metric[kinds[0]] as Json;
  only(data, kinds[0] === 'gauge' ? ['dataPoints'] : ['dataPoints', 'aggregationTemporality', 'isMonotonic']);
  if (kinds[0] !== 'gauge' && data['aggregationTemporality'] !== 2) throw new Error('not cumulative');
  const seen = new Set<string>();
  return list(data['dataPoints']).map((point) => {
    const attributes = attributesOf(point);
    const key = JSON.stringify(Object.entries(attributes).sort());
    if (seen.has(key)) throw new Error(`${String(metric['name'])} tells ${key} twice`);
    seen.add(key);
    uint64(point['timeUnixNano']);
    if (kinds[0] !== 'gauge' && BigInt(text(point['timeUnixNano'])) < BigInt(text(point['startTimeUnixNano']))) {
      throw new Error(`${String(metric['name'])} ends before it starts`);
    }
    return kinds[0] === 'histogram' ? histogramPoint(point, attributes) : numberPoint(point, attributes);
  });
}

function numberPoint(point: Json, attributes: ReceivedPoint['attributes']): ReceivedPoint {
  only(point, ['attributes', 'timeUnixNano', 'startTimeUnixNano', 'asInt', 'asDouble', 'exemplars']);
  const { asInt, asDouble } = point;
  if ((asInt === undefined) === (asDouble === undefined)) throw new Error('a number has one value');
  if (asInt !== undefined && !/^-?\d+$/.test(text(asInt))) throw new Error(`no int64: ${text(asInt)}`);
  const value = Number(asInt ?? asDouble);
  if (!Number.isFinite(value) || (asDouble !== undefined && typeof asDouble !== 'number')) throw new Error('no double');
  return { attributes, value, count: undefined };
}

function histogramPoint(point: Json, attributes: ReceivedPoint['attributes']): ReceivedPoint {
  only(point, ['attributes', 'timeUnixNano', 'startTimeUnixNano', 'count', 'sum', 'bucketCounts', 'explicitBounds']);
  const counts = (point['bucketCounts'] as unknown[]).map(uint64);
  const bounds = point['explicitBounds'] as number[];
  const count = uint64(point['count']);
  if (counts.length !== bounds.length + 1) throw new Error('bucketCounts and explicitBounds do not fit');
  if (counts.reduce((all, part) => all + part, 0n) !== count) throw new Error('bucketCounts do not add up to count');
  if (bounds.some((bound, i) => i > 0 && bound <= (bounds[i - 1] ?? 0))) throw new Error('bounds do not rise');
  if (typeof point['sum'] !== 'number') throw new Error('sum is no double');
  return { attributes, value: undefined, count: Number(count) };
}

function attributesOf(holder: Json): ReceivedPoint['attributes'] {
  const pairs = list(holder['attributes']).map(({ key, value }): [string, string | number | boolean] => {
    const entries = Object.entries(value as Json);
    const [kind, content] = entries[0] ?? [];
    if (entries.length !== 1) throw new Error(`${String(key)} has ${String(entries.length)} values`);
    if (kind === 'stringValue') return [text(key), text(content)];
    if (kind === 'intValue') return [text(key), Number(BigInt(text(content)))];
    if (kind === 'boolValue') return [text(key), content === true];
    if (kind === 'doubleValue' && typeof content === 'number') return [text(key), content];
    throw new Error(`no value: ${kind ?? ''}`);
  });
  if (new Set(pairs.map(([key]) => key)).size !== pairs.length) throw new Error('an attribute stands twice');
  return Object.fromEntries(pairs);
}

function list(value: unknown): Json[] {
  if (!Array.isArray(value)) throw new Error(`no list: ${JSON.stringify(value)}`);
  return value as Json[];
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new Error(`no string: ${JSON.stringify(value)}`);
  return value;
}

function uint64(value: unknown): bigint {
  if (!/^\d+$/.test(text(value))) throw new Error(`no uint64: ${text(value)}`);
  return BigInt(text(value));
}

/** Receivers must pass over fields that they do not know, so a misspelt one would be lost in silence. */
function only(value: Json, known: readonly string[]): void {
  for (const key of Object.keys(value)) if (!known.includes(key)) throw new Error(`unknown field ${key}`);
}
