import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readAlertmanager } from './alertmanager.ts';
import { readChangeEvent, routingKeyOf } from './change-event.ts';

const nowMs = Date.UTC(2026, 10, 21, 14, 30);
const alert = (told: Record<string, unknown> = {}): Record<string, unknown> => ({
  status: 'firing',
  labels: { alertname: 'HighCPU', service: 'shop', severity: 'critical' },
  annotations: { summary: 'CPU is at 97 %' },
  startsAt: '2026-11-21T14:20:00.123456789Z',
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL: 'http://prometheus/graph?g0.expr=x',
  fingerprint: 'c0ffee0123456789',
  ...told,
});
const webhook = (...alerts: unknown[]): object => ({ version: '4', groupKey: '{}', truncatedAlerts: 0, alerts });

test('an alert becomes a signal of the service that its labels name', () => {
  const { alerts, refused } = readAlertmanager(webhook(alert()), nowMs);
  expect(refused.size).toBe(0);
  const startedMs = Date.UTC(2026, 10, 21, 14, 20, 0, 123);
  expect(alerts).toEqual([
    {
      service: { service: 'shop', namespace: '', environment: '' },
      signal: {
        source: 'alertmanager',
        key: 'c0ffee0123456789',
        toldStartMs: startedMs,
        kind: 'cpu',
        level: 'page',
        title: 'HighCPU',
        text: 'CPU is at 97 %',
        url: 'http://prometheus/graph?g0.expr=x',
        startedMs,
        endedMs: null,
      },
    },
  ]);
});

test('of an exporter that tells of others, the container counts, not the exporter', () => {
  const labels = {
    ...{ alertname: 'KubePodCrashLooping', job: 'kube-state-metrics', service: 'prom-kube-state-metrics' },
    ...{ namespace: 'prod', pod: 'shop-1', container: 'shop' },
  };
  const [told] = readAlertmanager(webhook(alert({ labels })), nowMs).alerts;
  expect(told).toMatchObject({ service: { service: 'shop', namespace: 'prod' }, signal: { kind: 'restarts' } });
});

test('clocks that are off: no signal begins or ends after now, or ends before it began', () => {
  const ahead = alert({ startsAt: '2026-11-21T18:00:00Z' });
  const resolved = { status: 'resolved', endsAt: '2026-11-21T19:00:00Z' };
  const backwards = alert({ ...resolved, endsAt: '2026-11-21T10:00:00Z' });
  const [first, second, third, fourth] = readAlertmanager(
    webhook(ahead, alert(resolved), backwards, alert({ status: 'resolved', endsAt: 'nonsense' })),
    nowMs,
  ).alerts.map(({ signal }) => signal);
  expect(first).toMatchObject({ startedMs: nowMs, endedMs: null, toldStartMs: Date.UTC(2026, 10, 21, 18) });
  expect(second?.endedMs).toBe(nowMs);
  expect(third?.endedMs).toBe(third?.startedMs);
  expect(fourth?.endedMs).toBe(nowMs);
});

test.each([
  ['shape', null],
  ['shape', alert({ labels: undefined })],
  ['shape', alert({ labels: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`l${i}`, 'x'])) })],
  ['shape', alert({ status: 'pending' })],
  ['shape', alert({ startsAt: '0001-01-01T00:00:00Z' })],
  ['shape', alert({ startsAt: 12 })],
  ['unnamed', alert({ labels: { alertname: 'Watchdog' } })],
  ['own', alert({ labels: { alertname: 'EbbMemory', service: 'shop' } })],
  ['own', alert({ labels: { alertname: 'EbbIncident', service: 'shop' } })],
  ['label', alert({ labels: { alertname: 'x'.repeat(300), service: 'shop' } })],
  ['label', alert({ labels: { alertname: 'x', service: 'x'.repeat(300) } })],
])('an alert that lacks something is refused as %s, and the others are taken', (why, told) => {
  const { alerts, refused } = readAlertmanager(webhook(told, alert()), nowMs);
  expect([...refused]).toEqual([[why, 1]]);
  expect(alerts).toHaveLength(1);
});

test('what is far too long is cut, and a link that could run something is left out', () => {
  const [told] = readAlertmanager(
    webhook(
      alert({
        fingerprint: 'x'.repeat(1000),
        annotations: { description: `<script>\n${'y'.repeat(1e6)}\0` },
        generatorURL: 'javascript:alert(1)',
      }),
    ),
    nowMs,
  ).alerts;
  expect(told?.signal.text).toHaveLength(500);
  expect(told?.signal.key).toMatch(/^[\da-f]{64}$/);
  expect(told?.signal.url).toBeNull();
});

test.each([null, 5, [], {}, { version: '4' }, { version: '3', alerts: [] }])('%j is no webhook', (body) => {
  expect(() => readAlertmanager(body, nowMs)).toThrow(expect.objectContaining({ code: 'EBB_SERVER_BAD_REQUEST' }));
});

const time = fc.oneof(
  fc.constantFrom('2026-11-21T14:20:00Z', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z', ''),
  fc.string(),
  fc.jsonValue(),
);
const text = fc.oneof(fc.string(), fc.constantFrom('shop', '__proto__', `'; drop table signals; --`, '\0', '\ud800'));
const texts = fc.oneof(
  fc.dictionary(fc.oneof(fc.constantFrom('alertname', 'service', 'severity'), text), text),
  fc.jsonValue(),
);
const anyAlert = fc.record(
  {
    status: fc.oneof(fc.constantFrom('firing', 'resolved'), fc.jsonValue()),
    labels: texts,
    annotations: texts,
    startsAt: time,
    endsAt: time,
    generatorURL: text,
    fingerprint: text,
  },
  { requiredKeys: [] },
);

test('any webhook is read or refused, and what is read has times that are times', () => {
  let taken = 0;
  fc.assert(
    fc.property(fc.array(fc.oneof(anyAlert, fc.jsonValue())), (told) => {
      const { alerts, refused } = readAlertmanager(JSON.parse(JSON.stringify(webhook(...told))), nowMs);
      expect(alerts.length + [...refused.values()].reduce((sum, count) => sum + count, 0)).toBe(told.length);
      taken += alerts.length;
      for (const { service, signal } of alerts) {
        expect(service.service).not.toBe('');
        expect(Number.isSafeInteger(signal.toldStartMs)).toBe(true);
        expect(signal.startedMs).toBeLessThanOrEqual(nowMs);
        if (signal.endedMs !== null) expect(signal.endedMs).toBeGreaterThanOrEqual(signal.startedMs);
        expect(JSON.stringify({ service, signal })).not.toContain('\\u0000');
        expect(signal.text.length).toBeLessThanOrEqual(500);
      }
    }),
    { numRuns: 500 },
  );
  expect(taken).toBeGreaterThan(0);
});

test('any change event is read or refused', () => {
  const value = fc.oneof(text, fc.jsonValue());
  const event = fc.record(
    {
      routing_key: value,
      links: fc.oneof(fc.array(fc.record({ href: value, text: value }, { requiredKeys: [] })), fc.jsonValue()),
      payload: fc.oneof(
        fc.record(
          {
            summary: value,
            source: value,
            timestamp: fc.oneof(time, fc.constant(undefined)),
            custom_details: fc.oneof(
              fc.dictionary(fc.constantFrom('service', 'version', 'commit', 'kind'), value),
              value,
            ),
          },
          { requiredKeys: [] },
        ),
        fc.jsonValue(),
      ),
    },
    { requiredKeys: [] },
  );
  let taken = 0;
  fc.assert(
    fc.property(fc.oneof(event, fc.jsonValue()), (told) => {
      const body: unknown = JSON.parse(JSON.stringify(told));
      expect(typeof (routingKeyOf(body) ?? '')).toBe('string');
      try {
        const change = readChangeEvent(body, undefined, nowMs);
        taken += 1;
        expect(change.summary).not.toBe('');
        expect(Number.isFinite(change.timeMs)).toBe(true);
        expect(JSON.stringify(change)).not.toContain('\\u0000');
        for (const { href } of change.links) expect(href).toMatch(/^https?:/);
      } catch (error) {
        expect(error).toMatchObject({ code: 'EBB_SERVER_BAD_REQUEST' });
      }
    }),
    { numRuns: 1000 },
  );
  expect(taken).toBeGreaterThan(0);
});
