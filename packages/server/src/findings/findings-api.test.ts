import { afterAll, beforeAll, expect, test } from 'vitest';
import { findingBody } from '../fixtures/findings.ts';
import { otlpJson } from '../fixtures/reports.ts';
import { startTestServer, type Answer, type TestServer } from '../fixtures/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ limits: { mostServices: 6 } });
});
afterAll(async () => await server.remove());

const tell = async (body: unknown, token = server.agent): Promise<Answer> =>
  await server.send('POST', '/api/v1/findings', { body, token });
const findingsOf = async (serviceId: number): Promise<Record<string, unknown>[]> =>
  (await server.send('GET', `/api/v1/services/${serviceId}/findings`)).json;

test('findings of a report are told of the service that its resource names, and told again they are the same ones', async () => {
  const resource = { 'service.name': 'shop', 'service.version': '1.1', 'service.instance.id': 'a', 'process.pid': 7 };
  const report = {
    ...{ format: 'ebb.watch/1', verdict: 'leak', pid: 7, trend: { bytesPerRequest: 2000 } },
    findings: [
      findingBody({ path: [{ name: 'dropped' }] } as object),
      findingBody({ fingerprint: 'b', verdict: 'bounded' }),
    ],
  };
  const { status, json } = await tell({ resource, ...report });
  expect([status, json]).toEqual([200, { serviceId: 1, taken: 1, left: 1 }]);
  await tell({ resource, ...report });
  await tell({ resource: { ...resource, 'service.instance.id': 'b' }, ...report });
  const [found, ...others] = await findingsOf(1);
  expect(others).toEqual([]);
  expect(found).toMatchObject({
    ...{ version: '1.1', instance: 'b', confirmed: true, subject: 'sessions (Map)', times: 2 },
    ...{ bytesPerRequest: 1900, routes: ['POST /login'], sampleType: 'Session' },
    holder: { type: 'Map', name: 'sessions', location: { repoPath: 'src/session-store.ts', line: 12 } },
    insertedAt: { line: 31 },
  });
  expect(JSON.stringify(found)).not.toContain('dropped');
});

test('what was confirmed stays so, and another version has a finding of its own', async () => {
  const { entriesPerRequest: _, ...bare } = findingBody();
  const of = async (version: string, verdict: 'leak' | 'suspect'): Promise<number> =>
    (await tell({ service: 'cart', version, trend: { bytesPerRequest: 2000 }, findings: [{ ...bare, verdict }] })).json
      .serviceId;
  const id = await of('2.0', 'suspect');
  for (const [version, verdict] of [
    ['1.0', 'suspect'],
    ['1.0', 'leak'],
    ['1.0', 'suspect'],
  ] as const)
    await of(version, verdict);
  const found = await findingsOf(id);
  expect(
    found.map(({ version, confirmed, times, bytesPerRequest }) => [version, confirmed, times, bytesPerRequest]),
  ).toEqual([
    ['1.0', true, 3, 2000],
    ['2.0', false, 1, null],
  ]);
});

test.each([
  ['nobody says whose they are', { findings: [] }, /give 'service'/],
  ['there are none', { service: 'shop' }, /findings/],
  ['there are too many', { service: 'shop', findings: Array(51).fill(findingBody()) }, /findings/],
  ['one has no fingerprint', { service: 'shop', findings: [findingBody({ fingerprint: ' ' })] }, /no fingerprint/],
  ['a line is none', { service: 'shop', findings: [findingBody({ insertedAt: { file: 'a', line: 0 } })] }, /line/],
  ['a title is endless', { service: 'shop', findings: [findingBody({ title: 'x'.repeat(2001) })] }, /title/],
  ['a name is endless', { service: 'x'.repeat(300), findings: [] }, /the service is longer than 256/],
  ['a figure is none', { service: 'shop', findings: [findingBody({ growthBytes: 'many' as never })] }, /growthBytes/],
])('a body is refused, with a reason, where %s', async (_what, body, reason) => {
  const { status, json } = await tell(body);
  expect([status, json.code, json.message]).toEqual([400, 'EBB_SERVER_BAD_REQUEST', expect.stringMatching(reason)]);
});

test('who only reads tells nothing, who only tells reads nothing, and a service that is not there has none', async () => {
  expect((await tell({ service: 'shop', findings: [] }, '')).status).toBe(401);
  const viewer = await server.send('POST', '/api/v1/tokens', { body: { name: 'v', role: 'viewer' } });
  expect((await tell({ service: 'shop', findings: [] }, viewer.json.token)).status).toBe(403);
  expect((await server.send('GET', '/api/v1/services/1/findings', { token: server.agent })).status).toBe(403);
  expect((await server.send('GET', '/api/v1/services/99/findings')).status).toBe(404);
});

test('text of any kind is kept as one line', async () => {
  const hostile = findingBody({ subject: 'a\u0000b\ud800\r\nc <script>', fingerprint: 'h' });
  const { json } = await tell({ service: 'shop', findings: [hostile] });
  const found = (await findingsOf(json.serviceId)).find(({ fingerprint }) => fingerprint === 'h');
  expect(found?.['subject']).toBe('ab\ufffd c <script>');
});

test('a finding takes the lead in the incident of its service, and is told on its timeline once', async () => {
  const body = otlpJson(Date.now(), { service: 'checkout', version: '3.0', verdict: 'leak' });
  const led =
    'checkout 3.0 leaks: sessions (Map) in src/session-store.ts:12 keeps what it gets, 1.9 kB a request; 1 of 1 process; no limit is known';
  await server.send('POST', '/v1/metrics', { body, token: server.agent });
  const takenMs = Date.now() - 60_000;
  const captures = [
    { kind: 'snapshot', takenMs, pauseMs: 34.6 },
    { kind: 'profile', takenMs: takenMs - 1000 },
    // As in a watch report, which has no times; and of a kind that nobody knows.
    { kind: 'snapshot', pauseMs: 3, method: 'fork' },
    { kind: 'photograph', takenMs },
  ];
  for (let i = 0; i < 2; i++)
    await tell({ service: 'checkout', version: '3.0', instance: 'a', captures, findings: [findingBody()] });
  for (;;) {
    const open = (await server.send('GET', '/api/v1/incidents')).json as { id: number; summary: string }[];
    const found = open.find(({ summary }) => summary === led);
    if (found !== undefined) {
      const { json } = await server.send('GET', `/api/v1/incidents/${found.id}`);
      const told = (json.timeline as { kind: string; text: string }[]).filter(({ kind }) => kind === 'finding');
      expect(told).toEqual([
        expect.objectContaining({
          text: 'sessions (Map) in src/session-store.ts:12 keeps what it gets, 1.9 kB a request; fed by POST /login; found in 3.0',
        }),
      ]);
      // What it rests on, when it was taken, and what that cost the process.
      const taken = (json.timeline as { kind: string; text: string; timeMs: number }[]).filter(
        ({ kind }) => kind === 'capture',
      );
      expect(taken.map(({ timeMs, text }) => [timeMs, text])).toEqual([
        [takenMs - 1000, 'profile of allocations of a (3.0)'],
        [takenMs, 'heap snapshot of a (3.0); it stood still for 35 ms'],
      ]);
      const [{ serviceId }] = (await server.send('GET', '/api/v1/incidents')).json as { serviceId: number }[];
      expect((await findingsOf(serviceId))[0]?.['captures']).toEqual([
        { kind: 'profile', takenMs: takenMs - 1000, pauseMs: null },
        { kind: 'snapshot', takenMs, pauseMs: 34.6 },
      ]);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});

test('services beyond the limit are refused', async () => {
  const answers: number[] = [];
  for (let i = 0; i < 6; i++) answers.push((await tell({ service: `new ${i}`, findings: [] })).status);
  expect(answers).toEqual([200, 200, 200, 400, 400, 400]);
});
