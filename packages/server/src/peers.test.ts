// The real peers: OpenTelemetry's own exporters, and Ebb's agent in a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import {
  AggregationTemporalityPreference,
  OTLPMetricExporter as JsonExporter,
} from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentEnvironment } from './fixtures/agent-environment.ts';
import { startTestServer, type TestServer } from './fixtures/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => await server.remove());

test.each([
  ['protobuf, gzip', ProtobufExporter, 'gzip'],
  ['protobuf', ProtobufExporter, 'none'],
  ['JSON, gzip', JsonExporter, 'gzip'],
  ['JSON', JsonExporter, 'none'],
])("OpenTelemetry's exporter speaks to it: %s", async (name, Exporter, compression) => {
  const exporter = new Exporter({
    url: `${server.url}/v1/metrics`,
    headers: { authorization: `Bearer ${server.agent}` },
    compression: compression as never,
  });
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const resource = resourceFromAttributes({
    'service.name': `otel ${name}`,
    'service.version': '2.1',
    'host.name': 'web-1',
    'process.pid': 4711,
    'deployment.environment.name': 'test',
  });
  const meter = new MeterProvider({ resource, readers: [reader] }).getMeter('test');
  meter.createObservableUpDownCounter('process.memory.usage', { unit: 'By' }).addCallback((result) => {
    result.observe(123_456_789);
  });
  meter.createObservableGauge('process.uptime', { unit: 's' }).addCallback((result) => result.observe(12.5));
  const durations = meter.createHistogram('http.server.request.duration', { unit: 's' });
  durations.record(0.1, { 'http.route': '/a' });
  durations.record(0.2, { 'http.route': '/a' });
  durations.record(0.3, { 'http.route': '/b' });
  meter.createCounter('of.no.use').add(1);
  await reader.forceFlush();
  await reader.shutdown();

  const services = (await server.send('GET', '/api/v1/services')).json;
  const service = services.find((one: { name: string }) => one.name === `otel ${name}`);
  expect(service).toMatchObject({ environment: 'test', processes: 1, verdict: 'warming' });
  const [process] = (await server.send('GET', `/api/v1/services/${service.id}/processes`)).json;
  expect(process).toMatchObject({
    version: '2.1',
    instance: 'web-1:4711',
    pid: 4711,
    rssBytes: 123_456_789,
    requests: 3,
    judgedBy: 'server',
  });
  expect(process.lastSeenMs - process.startedMs).toBeGreaterThan(11_000);
});

test.each([
  ['protobuf', ProtobufExporter],
  ['JSON', JsonExporter],
])(
  'exponential histograms of its SDK count, too; sums since the export before are no sums: %s',
  async (name, Exporter) => {
    const send = async (service: string, temporalityPreference: AggregationTemporalityPreference): Promise<unknown> => {
      const exporter = new Exporter({
        ...{ url: `${server.url}/v1/metrics`, headers: { authorization: `Bearer ${server.agent}` } },
        temporalityPreference,
      });
      const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
      const aggregation = { type: AggregationType.EXPONENTIAL_HISTOGRAM } as const;
      const meter = new MeterProvider({
        resource: resourceFromAttributes({ 'service.name': service, 'service.instance.id': 'a' }),
        readers: [reader],
        views: [{ instrumentName: 'http.server.request.duration', aggregation }],
      }).getMeter('test');
      meter.createObservableUpDownCounter('process.memory.usage').addCallback((result) => result.observe(1e8));
      const durations = meter.createHistogram('http.server.request.duration', { unit: 's' });
      for (const seconds of [0.1, 0.2, 1, 1.5, 30]) durations.record(seconds, { 'http.route': '/a' });
      await reader.forceFlush();
      await reader.shutdown();
      const services = (await server.send('GET', '/api/v1/services')).json as { id: number; name: string }[];
      const id = services.find((one) => one.name === service)?.id;
      return (await server.send('GET', `/api/v1/services/${id}/processes`)).json;
    };
    expect(await send(`exponential ${name}`, AggregationTemporalityPreference.CUMULATIVE)).toMatchObject([
      { rssBytes: 1e8, requests: 5 },
    ]);
    expect(await send(`differences ${name}`, AggregationTemporalityPreference.DELTA)).toMatchObject([
      { rssBytes: 1e8, requests: null },
    ]);
  },
);

test("Ebb's agent reports floor, limits, requests and its own verdict", { timeout: 240_000 }, async () => {
  const register = pathToFileURL(join(import.meta.dirname, '../../agent/dist/register.cjs')).href;
  const folder = mkdtempSync(join(tmpdir(), 'ebb-peer-'));
  const program = `
    const kept = [];
    setInterval(() => { for (let i = 0; i < 3000; i++) kept.push({ i, t: 'x' + i, a: [i] }); gc(); }, 200);`;
  const child = spawn(process.execPath, ['--expose-gc', '--import', register, '-e', program], {
    cwd: folder,
    stdio: 'ignore',
    env: agentEnvironment(server, {
      service: 'leaky',
      folder,
      OTEL_RESOURCE_ATTRIBUTES: 'service.version=1.1',
      EBB_SAMPLE_INTERVAL: '30',
      EBB_WARMUP: '300',
    }),
  });
  try {
    let service: { id: number; verdict: string } | undefined;
    // Until the agent's leak is the server's: a state, not a time.
    while (service?.verdict !== 'leak') {
      expect(child.exitCode).toBeNull();
      await new Promise((resolve) => setTimeout(resolve, 200));
      const services = (await server.send('GET', '/api/v1/services')).json;
      service = services.find((one: { name: string }) => one.name === 'leaky');
    }
    const [told] = (await server.send('GET', `/api/v1/services/${service.id}/processes`)).json;
    expect(told).toMatchObject({ version: '1.1', pid: child.pid, judgedBy: 'agent', verdict: 'leak' });
    for (const field of ['rssBytes', 'floorBytes', 'heapLimitBytes', 'bytesPerSecond', 'secondsToLimit', 'startedMs']) {
      expect(told[field], field).toBeGreaterThan(0);
    }
    const [soonest, latest] = told.secondsToLimitInterval;
    expect(soonest).toBeLessThanOrEqual(told.secondsToLimit);
    if (latest !== null) expect(latest).toBeGreaterThanOrEqual(told.secondsToLimit);
    const changes = (await server.send('GET', `/api/v1/processes/${told.id}/verdicts`)).json;
    expect(changes.at(-1)).toMatchObject({ verdict: 'leak' });
    const samples = (await server.send('GET', `/api/v1/processes/${told.id}/samples`)).json;
    expect(samples.length).toBeGreaterThan(1);
    // It is the first of the services, because it runs out.
    expect((await server.send('GET', '/api/v1/services')).json[0]).toMatchObject({ name: 'leaky', confirmed: true });
  } finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});

interface Measured {
  all: Record<string, number>;
  routes: { route: string; requests: number }[];
  sentence: string;
}

/** Serves a shop in which the cart is slow for some and fails for others. */
const shop = `
  require('node:http').createServer((request, response) => {
    const [, what] = request.url.split('/');
    if (what === 'fail') response.statusCode = 503;
    setTimeout(() => response.end(), what === 'slow' ? 1100 : 0);
  }).listen(0, '127.0.0.1', function () { console.log(this.address().port); });`;

test(
  'what an incident does to requests and clients comes from the agent, and no address does',
  { timeout: 240_000 },
  async () => {
    const register = pathToFileURL(join(import.meta.dirname, '../../agent/dist/register.cjs')).href;
    const folder = mkdtempSync(join(tmpdir(), 'ebb-peer-'));
    writeFileSync(join(folder, 'shop.cjs'), shop);
    const child = spawn(process.execPath, ['--import', register, 'shop.cjs'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: agentEnvironment(server, { service: 'cart', folder }),
    });
    try {
      const [port] = (await once(createInterface(child.stdout), 'line')) as [string];
      const services = async (): Promise<{ id: number; name: string }[]> =>
        (await server.send('GET', '/api/v1/services')).json as { id: number; name: string }[];
      // The agent is there when it tells of the process.
      while (!(await services()).some(({ name }) => name === 'cart'))
        await new Promise((resolve) => setTimeout(resolve, 50));
      const ask = async (path: string, client: number): Promise<void> => {
        const headers = { 'x-forwarded-for': `203.0.113.${client}, 10.0.0.1` };
        await (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).text();
      };
      const clients = Array.from({ length: 100 }, (_, i) => i);
      await Promise.all(clients.map((client) => ask('/fast', client)));
      // Thirty of a hundred clients; ten of them twice.
      await Promise.all(clients.slice(0, 20).map((client) => ask('/slow', client)));
      await Promise.all(clients.slice(10, 30).map((client) => ask('/fail', client)));
      const alerts = [
        { status: 'firing', labels: { alertname: 'ErrorRate', service: 'cart' }, startsAt: new Date().toISOString() },
      ];
      expect(
        (await server.send('POST', '/api/v1/alertmanager', { body: { version: '4', alerts }, token: server.agent }))
          .status,
      ).toBe(200);
      const measured = async (): Promise<Measured | null> => {
        const open = (await server.send('GET', '/api/v1/incidents')).json as { id: number; summary: string }[];
        const own = open.find(({ summary }) => summary.startsWith('cart'));
        return own === undefined ? null : (await server.send('GET', `/api/v1/incidents/${own.id}/impact`)).json.impact;
      };
      const requestsOf = (told: Measured | null, name: string): unknown =>
        told?.routes.find(({ route }) => route === name)?.requests;
      let impact = await measured();
      while (requestsOf(impact, 'GET /slow') !== 20 || requestsOf(impact, 'GET /fail') !== 20) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        impact = await measured();
      }
      expect(Object.fromEntries(impact?.routes.map((one) => [one.route, one]) ?? [])).toMatchObject({
        'GET /slow': { slow: 20, failed: 0, requestShare: 1 },
        'GET /fail': { slow: 0, failed: 20, requestShare: 1 },
      });
      const { affectedClients, clients: all, clientShare } = impact?.all ?? {};
      // Thirty at least, as near as a sketch is; of all, if they were there in the same minute.
      expect(affectedClients).toBeGreaterThanOrEqual(27);
      expect(all).toBeLessThan(110);
      expect(clientShare).toBeGreaterThan(0.25);
      expect(impact?.sentence).toMatch(/^\d+ % of requests and about \d+ % of clients slow or failing from /);
      const stored = readdirSync(server.directory).map((file) => readFileSync(join(server.directory, file), 'latin1'));
      expect(stored.join('')).toContain('GET /slow');
      expect(stored.join('')).not.toContain('203.0.113.');
    } finally {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
