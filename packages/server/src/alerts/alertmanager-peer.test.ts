// The real Alertmanager: Ebb's alerts are its alerts, until they are over.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAlertmanager, type Monitor } from '../fixtures/monitoring.ts';
import { startReceiver, type FakeReceiver } from '../fixtures/receiver.ts';
import { otlpJson } from '../fixtures/reports.ts';
import { startTestServer, type TestServer } from '../fixtures/test-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-alertmanager-peer-'));
let monitor: Monitor;
let onCall: FakeReceiver;
let server: TestServer;

beforeAll(async () => {
  onCall = await startReceiver();
  monitor = await startAlertmanager(`
route: { receiver: on-call, group_by: [alertname, service], group_wait: 0s, group_interval: 1s }
receivers: [{ name: on-call, webhook_configs: [{ url: "${onCall.url}" }] }]
`);
  const rulesFile = join(folder, 'rules.yaml');
  writeFileSync(
    rulesFile,
    `
url: https://ebb.example
levels: { quiet: 1s }
services: [{ match: { service: shop }, labels: { team: web } }]
routes: [{ to: [alertmanager], group_interval: 0s }]
receivers: { alertmanager: { alertmanager: { url: "http://${monitor.address}" } } }
`,
  );
  server = await startTestServer({ rulesFile, environment: {} });
});
afterAll(async () => {
  await server.remove();
  await monitor.stop();
  await onCall.close();
  rmSync(folder, { recursive: true, force: true });
});

const report = async (verdict: string, secondsToLimit?: number): Promise<void> => {
  const attributes = [{ key: 'ebb.bound', value: { stringValue: 'estimate' } }];
  const timeMs = Date.now();
  const point = { timeUnixNano: `${timeMs}000000`, asDouble: secondsToLimit, attributes };
  const metrics = secondsToLimit === undefined ? [] : [{ name: 'ebb.time_to_limit', gauge: { dataPoints: [point] } }];
  const body = otlpJson(timeMs, { service: 'shop', verdict, metrics });
  expect((await server.send('POST', '/v1/metrics', { body, token: server.agent })).status).toBe(200);
};
interface Seen {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  generatorURL: string;
}
const active = async (): Promise<Seen[]> =>
  (await (await fetch(`http://${monitor.address}/api/v2/alerts`)).json()) as Seen[];
const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
};
const severities = async (): Promise<string> => (await active()).map(({ labels }) => labels['severity']).join();

test(
  'an alert is there with its labels, is raised, reaches whom Alertmanager tells, and ends',
  { timeout: 120_000 },
  async () => {
    await report('leak');
    await until(async () => (await severities()) === 'info');
    const [alert] = await active();
    expect(alert.labels).toEqual({
      alertname: 'EbbMemory',
      service: 'shop',
      severity: 'info',
      incident: '1',
      team: 'web',
    });
    expect(alert.annotations['summary']).toContain('shop 1.0 leaks');
    expect(alert.generatorURL).toBe('https://ebb.example/incidents/1');
    await report('leak', 60);
    // The milder one has ended: there are never two.
    await until(async () => (await severities()) === 'critical');
    const told = (status: string, severity: string): boolean =>
      onCall.told.some(({ json }) =>
        json.alerts.some(
          (one: { status: string; labels: Record<string, string> }) =>
            one.status === status && one.labels['severity'] === severity,
        ),
      );
    await until(() => told('firing', 'critical'));
    // What Alertmanager says of Ebb's own alert is no news to Ebb, and keeps nothing open.
    const [{ text }] = onCall.told.filter(({ json }) => json.status === 'firing');
    const back = await server.send('POST', '/api/v1/alertmanager', { body: text, token: server.agent });
    expect(back).toMatchObject({
      status: 200,
      json: { taken: 0, reasons: expect.stringContaining('alerts of Ebb itself') },
    });
    await report('clean');
    await until(async () => (await active()).length === 0);
    await until(() => told('resolved', 'critical'));
  },
);
