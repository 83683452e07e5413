import { afterAll, beforeAll, expect, test } from 'vitest';
import { otlpJson } from '../fixtures/reports.ts';
import { startTestServer, type Answer, type TestServer } from '../fixtures/test-server.ts';

const nowMs = Date.UTC(2026, 10, 21, 14, 30);
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ now: () => nowMs, limits: { bodyBytes: 300_000, refusalsPerMinute: 1000 } });
});
afterAll(async () => await server.remove());

const webhook = (service: string, told: object = {}): object => ({
  version: '4',
  groupKey: '{}:{alertname="HighCPU"}',
  truncatedAlerts: 0,
  status: 'firing',
  receiver: 'ebb',
  groupLabels: {},
  commonLabels: {},
  commonAnnotations: {},
  externalURL: 'http://alertmanager',
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'HighCPU', service, severity: 'critical' },
      annotations: { summary: 'hot' },
      startsAt: '2026-11-21T14:20:00Z',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'http://prometheus/graph',
      fingerprint: 'c0ffee',
      ...told,
    },
  ],
});
const post = async (path: string, body: unknown, token = server.agent): Promise<Answer> =>
  await server.send('POST', path, { body, token });

/** The incident of a service, as soon as there is one. */
async function incidentOf(name: string): Promise<Record<string, unknown>> {
  for (;;) {
    const services = (await server.send('GET', '/api/v1/incidents')).json as { id: number; summary: string }[];
    const found = services.find(({ summary }) => summary.startsWith(name));
    if (found !== undefined) return (await server.send('GET', `/api/v1/incidents/${found.id}`)).json;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('a webhook becomes an incident with its signal, and sent again it is the same one', async () => {
  for (let i = 0; i < 3; i++)
    expect(await post('/api/v1/alertmanager', webhook('shop'))).toMatchObject({
      status: 200,
      json: { taken: 1, refused: 0, reasons: '' },
    });
  const incident = await incidentOf('shop');
  expect(incident).toMatchObject({
    cause: 'open',
    level: 'page',
    impact: null,
    summary: 'shop: HighCPU (cpu). None of its processes is heard of, so nothing is known of its memory',
    signals: [{ title: 'HighCPU', kind: 'cpu', text: 'hot', url: 'http://prometheus/graph', endedMs: null }],
    timeline: [{ kind: 'opened' }, { kind: 'symptom', text: 'HighCPU (cpu, page, told by Alertmanager): hot' }],
  });
  expect((await server.send('GET', `/api/v1/incidents/${String(incident['id'])}/impact`)).json).toEqual({
    impact: null,
  });
  expect((await server.send('GET', '/api/v1/incidents/999/impact')).status).toBe(404);
});

test('HTML and SQL in names are names', async () => {
  const name = `<img src=x onerror=alert(1)>'; drop table signals; --`;
  expect((await post('/api/v1/alertmanager', webhook(name))).json).toMatchObject({ taken: 1 });
  expect(await incidentOf(name)).toMatchObject({ level: 'page' });
});

test('forged webhooks and changes are refused, whatever they say', async () => {
  const viewer = (await post('/api/v1/tokens', { name: 'v', role: 'viewer' }, server.admin)).json.token as string;
  const change = { payload: { summary: 'x' } };
  for (const [token, status] of [
    ['', 401],
    ['ebb_agent_forged', 401],
    [viewer, 403],
  ] as const) {
    expect((await post('/api/v1/alertmanager', webhook('forged'), token)).status).toBe(status);
    expect((await post('/api/v1/changes', { service: 'forged', summary: 'x' }, token)).status).toBe(status);
    expect((await post('/v2/change/enqueue', { ...change, routing_key: token }, '')).status).toBe(status);
  }
  // A header that is there wins over the key in the body.
  expect((await post('/v2/change/enqueue', { ...change, routing_key: server.agent }, 'ebb_agent_forged')).status).toBe(
    401,
  );
  const changes = (await server.send('GET', '/api/v1/changes')).json as unknown[];
  expect(changes).toEqual([]);
});

test.each([
  ['no JSON', '{', 400],
  ['another shape', {}, 400],
  ['another version', { version: '3', alerts: [] }, 400],
  ['a name that would be a prototype', '{"version":"4","alerts":[],"__proto__":{"x":1}}', 400],
  ['too much', { version: '4', alerts: [{ labels: { x: 'x'.repeat(400_000) } }] }, 413],
])('%s is refused', async (_what, body, status) => {
  expect((await post('/api/v1/alertmanager', body)).status).toBe(status);
});

test('what is refused of a webhook is counted and told', async () => {
  const before = (await server.send('GET', '/api/v1/intake')).json;
  const body = webhook('x'.repeat(5000)) as { alerts: object[] };
  const { status, json } = await post('/api/v1/alertmanager', {
    ...body,
    truncatedAlerts: 7,
    alerts: [...body.alerts, 5],
  });
  expect([status, json.taken, json.refused]).toEqual([200, 0, 2]);
  expect(json.reasons).toContain('longer than 256 characters');
  expect(json.reasons).toContain('7 alerts were left out by Alertmanager itself');
  const after = (await server.send('GET', '/api/v1/intake')).json;
  expect(after.refusedAlerts.label - before.refusedAlerts.label).toBe(1);
  expect(after.refusedAlerts.shape - before.refusedAlerts.shape).toBe(1);
  expect(after.truncatedAlerts - before.truncatedAlerts).toBe(7);
});

test("a change comes as PagerDuty's senders send it, once, with its routing key as the token", async () => {
  const event = {
    routing_key: server.agent,
    payload: {
      summary: 'Build <b>42</b> of shop deployed',
      timestamp: '2026-11-21T14:25:00.000+00:00',
      source: 'build-pipeline',
      custom_details: { service: 'shop', version: '1.1', commit: '4f2c1d0', build: 42 },
    },
    links: [
      { href: 'https://ci.example/42', text: 'build' },
      { href: 'javascript:alert(1)', text: 'no' },
    ],
  };
  for (let i = 0; i < 2; i++)
    expect(await post('/v2/change/enqueue', event, '')).toMatchObject({ status: 202, json: { status: 'success' } });
  const changes = (await server.send('GET', '/api/v1/changes')).json as { serviceId: number }[];
  expect(changes).toEqual([
    {
      id: expect.any(Number),
      serviceId: expect.any(Number),
      timeMs: Date.UTC(2026, 10, 21, 14, 25),
      kind: 'deploy',
      summary: 'Build <b>42</b> of shop deployed',
      source: 'build-pipeline',
      version: '1.1',
      revision: '4f2c1d0',
      links: [{ href: 'https://ci.example/42', text: 'build' }],
    },
  ]);
  // It stands on the timeline of the incident that is open since the first test.
  for (;;) {
    const { timeline } = (await incidentOf('shop')) as { timeline: { kind: string; text: string }[] };
    const told = timeline.filter(({ kind }) => kind === 'change');
    if (told.length > 0) {
      expect(told.map(({ text }) => text)).toEqual([
        'deploy: Build <b>42</b> of shop deployed, version 1.1, revision 4f2c1d0, told by build-pipeline',
      ]);
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});

test('a change whose service nobody says is listed, and of one that is known by its source it is that one', async () => {
  const enqueue = async (payload: object, query = ''): Promise<number> =>
    (await post(`/v2/change/enqueue${query}`, { routing_key: server.agent, payload }, '')).status;
  expect(await enqueue({ summary: 'nobody' })).toBe(202);
  expect(await enqueue({ summary: 'by source', source: 'shop' })).toBe(202);
  expect(await enqueue({ summary: 'by query' }, '?service=shop')).toBe(202);
  const changes = (await server.send('GET', '/api/v1/changes')).json as { summary: string; serviceId: number | null }[];
  const ids = Object.fromEntries(changes.map(({ summary, serviceId }) => [summary, serviceId]));
  expect(ids['nobody']).toBeNull();
  expect(ids['by source']).toBe(ids['by query']);
  expect(ids['by source']).not.toBeNull();
});

test.each([
  ['without a summary', { source: 'x' }],
  ['without a payload', undefined],
  ['of a time that is none', { summary: 'x', timestamp: 'yesterday' }],
  ['of a year ago', { summary: 'x', timestamp: '2025-11-21T14:30:00Z' }],
])('a change event %s is refused', async (_what, payload) => {
  const { status, json } = await post('/v2/change/enqueue', { routing_key: server.agent, payload }, '');
  expect([status, json.code]).toEqual([400, 'EBB_SERVER_BAD_REQUEST']);
});

test("a change is told in Ebb's own words, too: a time ahead is taken as now", async () => {
  const told = { service: 'pay', summary: 'flag on', kind: 'flag', timeMs: nowMs + 3_600_000 };
  expect((await post('/api/v1/changes', told)).status).toBe(201);
  expect((await post('/api/v1/changes', told)).status).toBe(200);
  expect((await post('/api/v1/changes', { ...told, more: 1 })).status).toBe(400);
  expect((await post('/api/v1/changes', { ...told, service: 'x'.repeat(300) })).status).toBe(400);
  const [change] = (await server.send('GET', '/api/v1/changes?most=1')).json as object[];
  expect(change).toMatchObject({ kind: 'flag', timeMs: nowMs, summary: 'flag on' });
});

test('another version in telemetry is a change by itself', async () => {
  for (const [version, instance] of [
    ['1.0', 'a'],
    ['1.1', 'b'],
  ])
    expect((await post('/v1/metrics', otlpJson(nowMs, { service: 'stock', version, instance }))).status).toBe(200);
  const changes = (await server.send('GET', '/api/v1/changes')).json as { summary: string }[];
  expect(changes.filter(({ summary }) => summary.includes('runs'))).toMatchObject([
    { kind: 'version', summary: '1.1 runs; before: 1.0', version: '1.1', source: 'telemetry' },
  ]);
});
