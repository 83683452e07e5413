// The real peers: a Prometheus that scrapes Ebb's agent and writes on to the server, and an Alertmanager that it tells.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { freePort, startAlertmanager, startPrometheus, type Monitor } from './fixtures/monitoring.ts';
import { startTestServer } from './fixtures/test-server.ts';

/** A program that is busy, and leaks when it is told to. */
const program = `
  const kept = [];
  const busy = (ms) => { const end = performance.now() + ms; while (performance.now() < end); };
  setInterval(() => busy(40), 100);
  process.stdin.once('data', () =>
    setInterval(() => { for (let i = 0; i < 3000; i++) kept.push({ i, t: 'x' + i, a: [i] }); gc(); }, 200));`;

interface Incident {
  id: number;
  cause: string;
  level: string;
  summary: string;
  signals: { title: string; endedMs: number | null }[];
  timeline: { kind: string; text: string }[];
}

test(
  'a CPU page by way of Prometheus and Alertmanager is an incident, and the leak that shows then takes it over',
  { timeout: 240_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ebb-monitoring-'));
    const server = await startTestServer();
    const port = await freePort();
    const register = pathToFileURL(join(import.meta.dirname, '../../agent/dist/register.cjs')).href;
    const child = spawn(process.execPath, ['--expose-gc', '--import', register, '-e', program], {
      cwd: folder,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: {
        PATH: process.env['PATH'],
        TMPDIR: folder,
        EBB_PROMETHEUS_PORT: String(port),
        EBB_SAMPLE_INTERVAL: '30',
        EBB_WARMUP: '300',
        EBB_RECORD_DIR: 'off',
      },
    });
    const monitors: Monitor[] = [];
    try {
      const alertmanager = await startAlertmanager(alertmanagerConfig(server.url, server.agent));
      monitors.push(alertmanager);
      const prometheus = await startPrometheus({
        'prometheus.yml': prometheusConfig({ target: port, alertmanager: alertmanager.address, server }),
        'rules.yml': rules,
      });
      monitors.push(prometheus);
      const said = (): string => monitors.map((monitor) => monitor.said()).join('\n');
      /** The only incident, as soon as it is like that: a state, not a time. */
      const until = async (isSo: (incident: Incident) => boolean): Promise<Incident> => {
        for (;;) {
          const [open, ...others] = (await server.send('GET', '/api/v1/incidents?open=false')).json as Incident[];
          expect(others, said()).toEqual([]);
          const incident = open && ((await server.send('GET', `/api/v1/incidents/${open.id}`)).json as Incident);
          if (incident !== undefined && isSo(incident)) return incident;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      };

      const paged = await until(() => true);
      expect(paged).toMatchObject({
        level: 'page',
        signals: expect.arrayContaining([expect.objectContaining({ title: 'HighCPU', endedMs: null })]),
      });
      expect(['open', 'elsewhere']).toContain(paged.cause);
      expect(paged.summary).toMatch(/^checkout: HighCPU \(cpu\)\. /);

      child.stdin.write('leak\n');
      const leaking = await until(({ cause }) => cause === 'memory');
      expect(leaking.summary).toMatch(/^checkout 3\.1 leaks: 1 of 1 process, .*\. The CPU page is /);
      const [service] = (await server.send('GET', '/api/v1/services')).json as { id: number; name: string }[];
      expect(service).toMatchObject({ name: 'checkout', verdict: 'leak', processes: 1 });

      child.kill('SIGKILL');
      const over = await until(({ timeline }) => timeline.some(({ text }) => text === 'HighCPU is over'));
      expect(over.id).toBe(paged.id);
      expect(over.signals.find(({ title }) => title === 'HighCPU')?.endedMs).toBeGreaterThan(0);
      const kinds = over.timeline.map(({ kind }) => kind);
      expect(kinds.indexOf('symptom')).toBeLessThan(kinds.lastIndexOf('cause'));
    } finally {
      child.kill('SIGKILL');
      for (const monitor of monitors) await monitor.stop();
      await server.remove();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

const rules = `
groups:
  - name: cpu
    interval: 1s
    rules:
      - alert: HighCPU
        expr: sum without (cpu_mode) (process_cpu_time_seconds_total) > 0
        labels: { severity: critical }
        annotations: { summary: 'CPU is busy on {{ $labels.instance }}' }
`;

function prometheusConfig(told: {
  target: number;
  alertmanager: string;
  server: { url: string; agent: string };
}): string {
  return `
global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [rules.yml]
scrape_configs:
  - job_name: checkout
    static_configs: [{ targets: ['127.0.0.1:${told.target}'], labels: { version: '3.1' } }]
alerting:
  alertmanagers: [{ static_configs: [{ targets: ['${told.alertmanager}'] }] }]
remote_write:
  - url: ${told.server.url}/api/v1/write
    authorization: { credentials: ${told.server.agent} }
    queue_config: { batch_send_deadline: 1s }
`;
}

function alertmanagerConfig(url: string, token: string): string {
  return `
route: { receiver: ebb, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h }
receivers:
  - name: ebb
    webhook_configs:
      - url: ${url}/api/v1/alertmanager
        send_resolved: true
        http_config: { authorization: { credentials: ${token} } }
`;
}
