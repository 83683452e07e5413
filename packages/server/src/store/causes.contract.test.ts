// One suite for both databases: one incident for one cause, told on its timeline once.
import { describe, expect, test } from 'vitest';
import type { NewChange } from '../changes/change.ts';
import { engines } from '../fixtures/empty-places.ts';
import { edge, report } from '../fixtures/reports.ts';
import { smallLimits, startMs as start, twoServers } from '../fixtures/two-servers.ts';
import { readAlertmanager } from '../ingest/alertmanager.ts';
import type { Figures } from '../ingest/report.ts';
import { ReportWriter } from './report-writer.ts';

const minute = 60_000;

describe.each(engines)('on %s', (engine) => {
  const { clock, opened, servers, look } = twoServers(engine);

  async function tell(
    minutes: number,
    verdict: 'leak' | 'clean' | 'warming',
    figures: Partial<Figures> = {},
    identity: { instance?: string; version?: string } = {},
  ): Promise<void> {
    clock.nowMs = start + minutes * minute;
    const writer = await ReportWriter.open(opened[0], smallLimits);
    const leak = verdict === 'leak' ? { secondsToLimit: 3000, bytesPerSecond: 1e5 } : {};
    await writer.write([report(clock.nowMs, { figures, identity, edge: edge(verdict, leak) })]);
  }

  async function fire(
    alertname: string,
    told: { status?: string; startsAt?: number; labels?: object } = {},
  ): Promise<void> {
    const labels = { alertname, service: 'shop', severity: 'critical', ...told.labels };
    const startsAt = new Date(told.startsAt ?? start).toISOString();
    const alert = {
      status: told.status ?? 'firing',
      labels,
      annotations: {},
      startsAt,
      endsAt: new Date(clock.nowMs).toISOString(),
    };
    const { alerts } = readAlertmanager({ version: '4', alerts: [alert] }, clock.nowMs);
    // Sent again, and to the other server, too.
    for (const one of servers) await one.signals.record(alerts, clock.nowMs);
  }

  async function onlyIncident(): Promise<{ cause: string; level: string; summary: string; timeline: string[] }> {
    const [incident, ...others] = await servers[0].incidents.list({ open: false, most: 10 });
    expect(others).toEqual([]);
    const timeline = await servers[0].incidents.timeline(incident.id);
    return {
      ...incident,
      timeline: timeline.map(({ timeMs, kind, text }) => `${(timeMs - start) / minute} ${kind}: ${text}`),
    };
  }

  test('a CPU page before the verdict is an incident whose cause is open; the leak takes it over as its cause', async () => {
    await tell(0, 'warming', { gcShare: 0.1 });
    await fire('HighCPU');
    await look();
    expect(await onlyIncident()).toMatchObject({ cause: 'open', level: 'page' });
    await tell(3, 'warming', { gcShare: 0.71 });
    await look();
    await look();
    await tell(10, 'leak', { gcShare: 0.71 });
    await fire('SlowRequests', { startsAt: clock.nowMs, labels: { severity: 'warning' } });
    await look();
    const leak = 'shop 1.0 leaks: 1 of 1 process, +6.0 MB a minute; the limit is 50 minutes away';
    const gc = 'The CPU page is garbage collection: up to 71 % of the time';
    expect(await onlyIncident()).toMatchObject({
      cause: 'memory',
      summary: `${leak}. ${gc}; also told: SlowRequests (latency)`,
    });
    await tell(20, 'clean', { gcShare: 0.01 });
    await fire('HighCPU', { status: 'resolved' });
    await fire('SlowRequests', {
      status: 'resolved',
      startsAt: start + 10 * minute,
      labels: { severity: 'warning' },
    });
    await look();
    await tell(36, 'clean', { gcShare: 0.01 });
    await look();
    const { timeline } = await onlyIncident();
    expect(timeline).toEqual([
      '0 opened: page: shop: HighCPU (cpu). The cause is open: 1 process, 1 warming; collections take 10 % of the time',
      '0 symptom: HighCPU (cpu, page, told by Alertmanager)',
      '3 symptom: garbage collection (gc): up to 71 % of the time, in 1 of 1 process',
      `10 cause: memory: ${leak}. ${gc}; also told: SlowRequests (latency)`,
      '10 symptom: SlowRequests (latency, warning, told by Alertmanager)',
      '20 calm: shop: no process runs out of memory any more',
      '20 symptom-over: HighCPU is over',
      '20 symptom-over: garbage collection is over',
      '20 symptom-over: SlowRequests is over',
      '36 resolved: shop: no process runs out of memory any more',
    ]);
  });

  test('CPU pages that are collections, latency, restarts, OOM kills and growth of one service are one incident, its cause first', async () => {
    const near = { floorBytes: 97e6, heapLimitBytes: 100e6, startedMs: start - 60 * minute };
    await tell(0, 'warming', { gcShare: 0.6 });
    await tell(0, 'warming', near, { instance: 'pod-2' });
    // Each from another rule of another team, at another time; none of them says memory but the last.
    const alerts: [minutes: number, alertname: string, labels: object][] = [
      [1, 'HighCPU', {}],
      [2, 'HighRequestLatency', { severity: 'warning' }],
      [3, 'KubePodCrashLooping', { job: 'kube-state-metrics', service: 'kube-state-metrics', container: 'shop' }],
      [5, 'PodNotReady', { reason: 'OOMKilled', job: 'kubelet', service: 'kubelet', container: 'shop' }],
    ];
    for (const [minutes, alertname, labels] of alerts) {
      await tell(minutes, 'warming', { gcShare: 0.6 });
      await fire(alertname, { startsAt: clock.nowMs, labels });
      await look();
    }
    await tell(6, 'warming', { floorBytes: 2e7, startedMs: start + 6 * minute }, { instance: 'pod-2' });
    await look();
    await tell(8, 'leak', { gcShare: 0.6 });
    await look();
    const { cause, level, summary, timeline } = await onlyIncident();
    expect([cause, level]).toEqual(['memory', 'page']);
    expect(summary).toBe(
      'shop 1.0 leaks: 1 of 2 processes, +6.0 MB a minute; the limit is 50 minutes away. Pod-2 ended at 97 % of its limit, and runs anew. The CPU page is garbage collection: up to 60 % of the time; also told: HighRequestLatency (latency), KubePodCrashLooping (restarts), PodNotReady (oom)',
    );
    const told = timeline.map((line) => / symptom: ([^(]*) \(/.exec(line)?.[1]).filter((title) => title !== undefined);
    expect(told.sort()).toEqual([
      'HighCPU',
      'HighRequestLatency',
      'KubePodCrashLooping',
      'PodNotReady',
      'garbage collection',
      'restart near the limit',
    ]);
    expect((await servers[0].fleet.services()).map(({ name }) => name)).toEqual(['shop']);
  });

  test('a page of a service whose memory is well stays what it is, and is over when it is resolved', async () => {
    await tell(0, 'clean', { gcShare: 0.02 });
    await fire('HighCPU');
    await look();
    expect(await onlyIncident()).toMatchObject({
      cause: 'elsewhere',
      summary:
        'shop: HighCPU (cpu). Memory is not the cause: none of 1 process grows, and collections take 2 % of the time',
    });
    await tell(5, 'clean', { gcShare: 0.02 });
    await fire('HighCPU', { status: 'resolved' });
    await look();
    clock.nowMs += 15 * minute;
    await look();
    expect(await servers[0].incidents.list({ open: true, most: 10 })).toEqual([]);
    // The old webhook, sent again by whoever has kept it, opens nothing.
    await fire('HighCPU');
    await look();
    expect((await onlyIncident()).timeline.at(-1)).toMatch(/^20 resolved: shop: what was told is over\./);
  });

  test('an alert that is not told again for five hours is over', async () => {
    await fire('HighCPU');
    await look();
    clock.nowMs += 5 * 60 * minute;
    await look();
    clock.nowMs += 15 * minute;
    await look();
    expect((await onlyIncident()).timeline.map((line) => line.split(':')[0])).toEqual([
      '0 opened',
      '0 symptom',
      '300 calm',
      '315 resolved',
    ]);
  });

  test('a process that ends near its limit opens an incident of memory, and is told once', async () => {
    const figures = { floorBytes: 97e6, heapLimitBytes: 100e6, startedMs: start - 60 * minute };
    await tell(0, 'warming', figures, { instance: 'pod-1' });
    await tell(4, 'warming', { floorBytes: 2e7 }, { instance: 'pod-2' });
    await look();
    // The next one under the same name.
    await tell(
      5,
      'warming',
      { floorBytes: 99e6, heapLimitBytes: 100e6, startedMs: start + 4 * minute },
      { instance: 'pod-2' },
    );
    await tell(6, 'warming', { floorBytes: 1e7, startedMs: start + 6 * minute }, { instance: 'pod-2' });
    await look();
    await look();
    const { cause, level, summary, timeline } = await onlyIncident();
    expect([cause, level]).toEqual(['memory', 'warning']);
    expect(summary).toBe('shop: 2 processes ended near their limit, and run anew');
    expect(timeline).toEqual([
      '4 opened: warning: shop: pod-1 ended at 97 % of its limit, and runs anew',
      '0 symptom: restart near the limit (restarts, warning): pod-1 ended at 97 % of its limit, and runs anew',
      '6 symptom: restart near the limit (restarts, warning): pod-2 ended at 99 % of its limit, and runs anew',
    ]);
  });

  test('services are found by what monitoring knows of them, and names are values, whatever stands in them', async () => {
    await tell(0, 'clean');
    const hostile = `'); drop table signals; --<script>`;
    await fire('A', { labels: { namespace: 'prod' } });
    await fire('B', { labels: { service: hostile, alertname: hostile } });
    const services = await servers[0].fleet.services();
    expect(services.map(({ name }) => name).sort()).toEqual([hostile, 'shop']);
    // Two of one name in two environments: which one is meant cannot be told.
    const writer = await ReportWriter.open(opened[0], smallLimits);
    const places = ['eu', 'us'].map((environment) =>
      report(clock.nowMs, { identity: { service: 'web', environment } }),
    );
    await writer.write(places);
    await fire('C', { labels: { service: 'web' } });
    const webs = (await servers[0].fleet.services()).filter(({ name }) => name === 'web');
    expect(webs.map(({ environment }) => environment).sort()).toEqual(['', 'eu', 'us']);
  });

  test('alerts beyond the room for services and for alerts are refused, and those that are known are not', async () => {
    const alerts = (count: number, labels: (i: number) => object): ReturnType<typeof readAlertmanager>['alerts'] =>
      readAlertmanager(
        {
          version: '4',
          alerts: Array.from({ length: count }, (_, i) => ({
            status: 'firing',
            labels: { alertname: 'HighCPU', ...labels(i) },
            startsAt: new Date(start).toISOString(),
          })),
        },
        clock.nowMs,
      ).alerts;
    const [{ signals }] = servers;
    const services = await signals.record(
      alerts(15, (i) => ({ service: `s${i}` })),
      clock.nowMs,
    );
    expect(services).toEqual({ taken: 10, refused: Array.from({ length: 5 }, () => 'services') });
    const many = alerts(600, (i) => ({ service: 's1', pod: `p${i}` }));
    expect((await signals.record(many, clock.nowMs)).refused.length).toBeGreaterThanOrEqual(100);
    expect((await signals.record(many.slice(0, 1), clock.nowMs)).refused).toEqual([]);
  });

  const change = (told: Partial<NewChange> = {}): NewChange => ({
    service: { service: 'shop', namespace: '', environment: '' },
    timeMs: clock.nowMs,
    timeTold: true,
    kind: 'deploy',
    summary: 'Deploy 1.1',
    source: 'ci',
    version: '1.1',
    revision: 'abc',
    links: [{ href: 'https://ci/1', text: 'build' }],
    ...told,
  });

  test('a change is stored once, however often and wherever it is told', async () => {
    const [one, other] = servers;
    expect(await one.changes.record(change())).toMatchObject({ isNew: true });
    expect(await other.changes.record(change())).toMatchObject({ isNew: false });
    expect(await other.changes.record(change({ timeMs: clock.nowMs + 1000 }))).toMatchObject({ isNew: true });
    const untold = change({ timeTold: false, summary: 'no time' });
    expect(await one.changes.record(untold)).toMatchObject({ isNew: true });
    expect(await one.changes.record({ ...untold, timeMs: clock.nowMs + 9 * minute })).toMatchObject({ isNew: false });
    expect(await one.changes.record({ ...untold, timeMs: clock.nowMs + 30 * minute })).toMatchObject({ isNew: true });
    const list = await one.changes.list({ fromMs: 0, toMs: clock.nowMs + 60 * minute, most: 10 });
    expect(list.map(({ summary }) => summary)).toEqual(['no time', 'Deploy 1.1', 'no time', 'Deploy 1.1']);
  });

  test('changes of a day before and meanwhile stand on the timeline, and versions that telemetry shows are changes', async () => {
    clock.nowMs = start - 30 * 60 * minute;
    await servers[0].changes.record(change({ summary: 'long ago' }));
    await tell(-120, 'clean', {}, { version: '1.0' });
    await tell(-60, 'clean', {}, { version: '1.1', instance: 'b' });
    await tell(-59, 'clean', {}, { version: '1.1', instance: 'c' });
    await tell(0, 'leak', {}, { version: '1.1', instance: 'c' });
    await look();
    await tell(5, 'leak', {}, { version: '1.1', instance: 'c' });
    await servers[1].changes.record(change({ summary: 'Roll back to 1.0', version: '1.0' }));
    // The old version, in a new process.
    await tell(6, 'leak', {}, { version: '1.0', instance: 'd' });
    await look();
    const { timeline } = await onlyIncident();
    expect(timeline.filter((line) => line.includes(' change: '))).toEqual([
      '-60 change: version: 1.1 runs; before: 1.0, told by telemetry',
      '5 change: deploy: Roll back to 1.0, revision abc, told by ci',
      '6 change: version: 1.0 runs again; before: 1.1, told by telemetry',
    ]);
  });

  test('a rollback minutes after its deploy is one, where the processes before have told their end', async () => {
    await tell(-3, 'clean', {}, { version: '1.0', instance: 'a' });
    await tell(-2, 'clean', { endedMs: start - 2 * minute }, { version: '1.0', instance: 'a' });
    await tell(-1, 'clean', {}, { version: '1.1', instance: 'b' });
    await tell(0, 'leak', {}, { version: '1.1', instance: 'b' });
    await look();
    await tell(1, 'clean', {}, { version: '1.0', instance: 'c' });
    await look();
    const { timeline } = await onlyIncident();
    expect(timeline.filter((line) => line.includes(' change: '))).toEqual([
      '-1 change: version: 1.1 runs; before: 1.0, told by telemetry',
      '1 change: version: 1.0 runs again; before: 1.1, told by telemetry',
    ]);
  });
});
