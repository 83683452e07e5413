// The real peers while the database is away: what they had to tell meanwhile is all there when it is back.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAlertmanager, startPrometheus, type Monitor } from './fixtures/monitoring.ts';
import { startCluster, type Cluster } from './fixtures/postgres.ts';
import { startTestServer, type TestServer } from './fixtures/test-server.ts';

let cluster: Cluster;
let server: TestServer;
let isBroken = false;
/** What Prometheus scrapes. */
const target = createServer((_request, response) => {
  response.end(`process_resident_memory_bytes ${1e8 + Math.random() * 1e6}\nbroken ${isBroken ? 1 : 0}\n`);
});
const monitors: Monitor[] = [];

beforeAll(async () => {
  cluster = startCluster();
  server = await startTestServer({ database: { url: cluster.makeDatabase() } });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  for (const monitor of monitors) await monitor.stop();
  target.close();
  await server.remove();
  cluster.remove();
});

const until = async (holds: () => Promise<boolean>): Promise<void> => {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 100));
};
const list = async <Row>(path: string): Promise<Row[]> => {
  const { status, json } = await server.send('GET', path);
  return status === 200 ? (json as Row[]) : [];
};
/** The sum of a counter of a monitor's own. */
const counter = async ({ address }: Monitor, name: string): Promise<number> => {
  const text = await (await fetch(`http://${address}/metrics`)).text();
  return [...text.matchAll(new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, 'gm'))].reduce(
    (sum, [, n]) => sum + Number(n),
    0,
  );
};

/** When Prometheus has scraped the target. */
async function scraped({ address }: Monitor): Promise<number[]> {
  const query = encodeURIComponent('process_resident_memory_bytes{job="stub"}[10m]');
  const { data } = (await (await fetch(`http://${address}/api/v1/query?query=${query}`)).json()) as {
    data: { result: { values: [seconds: number, value: string][] }[] };
  };
  return data.result.flatMap(({ values }) => values.map(([seconds]) => Math.round(seconds * 1000)));
}

/** At which times the server has samples of the only process of a service. */
async function stored(name: string): Promise<number[]> {
  const services = await list<{ id: number; name: string }>('/api/v1/services');
  const service = services.find((one) => one.name === name);
  if (service === undefined) return [];
  const [process] = await list<{ id: number }>(`/api/v1/services/${service.id}/processes`);
  return (await list<{ timeMs: number }>(`/api/v1/processes/${process.id}/samples`)).map(({ timeMs }) => timeMs);
}

test(
  'samples of Prometheus, an alert of Alertmanager and an export of OpenTelemetry that PostgreSQL could not take come later, whole',
  { timeout: 240_000 },
  async () => {
    const alertmanager = await startAlertmanager(`
route: { receiver: ebb, group_wait: 0s, group_interval: 1s, repeat_interval: 1h }
receivers:
  - name: ebb
    webhook_configs:
      - { url: '${server.url}/api/v1/alertmanager', http_config: { authorization: { credentials: '${server.agent}' } } }
`);
    monitors.push(alertmanager);
    const prometheus = await startPrometheus({
      'prometheus.yml': `
global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [rules.yml]
scrape_configs:
  - { job_name: stub, static_configs: [{ targets: ['127.0.0.1:${(target.address() as AddressInfo).port}'] }] }
alerting: { alertmanagers: [{ static_configs: [{ targets: ['${alertmanager.address}'] }] }] }
remote_write:
  - url: ${server.url}/api/v1/write
    authorization: { credentials: ${server.agent} }
    queue_config: { batch_send_deadline: 1s, max_backoff: 1s }
`,
      'rules.yml': `
groups:
  - name: stub
    rules: [{ alert: HighErrorRate, expr: broken > 0, labels: { severity: critical } }]
`,
    });
    monitors.push(prometheus);
    await until(async () => (await stored('stub')).length > 1);

    cluster.stop();
    expect((await server.send('GET', '/api/v1/health', { token: '' })).status).toBe(503);
    // Longer than tokens are remembered: who cannot be looked up is not taken for a stranger, whom exporters give up.
    const awaySinceMs = Date.now();
    isBroken = true;
    const exporter = new OTLPMetricExporter({
      url: `${server.url}/v1/metrics`,
      headers: { authorization: `Bearer ${server.agent}` },
      timeoutMillis: 120_000,
    });
    const provider = new MeterProvider({
      resource: resourceFromAttributes({ 'service.name': 'otel', 'service.instance.id': 'a' }),
      readers: [
        new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000, exportTimeoutMillis: 120_000 }),
      ],
    });
    provider
      .getMeter('test')
      .createObservableUpDownCounter('process.memory.usage')
      .addCallback((result) => result.observe(1e8));
    const exported = provider.forceFlush();
    await until(
      async () =>
        Date.now() - awaySinceMs > 6000 &&
        (await counter(prometheus, 'prometheus_remote_storage_samples_retried_total')) > 0 &&
        (await counter(alertmanager, 'alertmanager_notification_requests_failed_total')) > 0,
    );
    expect(
      (await server.send('POST', '/v1/metrics', { body: { resourceMetrics: [] }, token: server.agent })).status,
    ).toBe(503);
    cluster.start();

    await exported;
    expect(await stored('otel')).toHaveLength(1);
    const told = await scraped(prometheus);
    expect(told.filter((timeMs) => timeMs > awaySinceMs).length).toBeGreaterThan(3);
    await until(async () => {
      const times = new Set(await stored('stub'));
      return told.every((timeMs) => times.has(timeMs));
    });
    await until(async () =>
      (await list<{ summary: string }>('/api/v1/incidents')).some(({ summary }) =>
        summary.startsWith('stub: HighErrorRate'),
      ),
    );
    expect(await counter(prometheus, 'prometheus_remote_storage_samples_failed_total')).toBe(0);
    await provider.shutdown();
  },
);
