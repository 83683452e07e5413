import { afterAll, beforeAll, expect, test } from 'vitest';
import { otlpJson } from '../fixtures/reports.ts';
import { startTestServer, type TestServer } from '../fixtures/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => await server.remove());

test('a verdict that comes in becomes an incident by itself, with its timeline', async () => {
  expect((await server.send('GET', '/api/v1/incidents')).json).toEqual([]);
  const body = otlpJson(Date.now(), { service: `<b>"shop"</b>`, verdict: 'leak' });
  expect((await server.send('POST', '/v1/metrics', { body, token: server.agent })).status).toBe(200);
  let open: { id: number }[] = [];
  while (open.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    open = (await server.send('GET', '/api/v1/incidents')).json;
  }
  const { json } = await server.send('GET', `/api/v1/incidents/${open[0].id}`);
  const summary = `<b>"shop"</b> 1.0 leaks: 1 of 1 process; no limit is known`;
  expect(json).toMatchObject({ level: 'notice', summary, resolvedMs: null });
  expect(json.timeline[0]).toMatchObject({ kind: 'opened', actor: null });
  expect((await server.send('GET', '/api/v1/incidents?open=false')).json).toHaveLength(1);
});

test('an incident that does not exist, and a question that makes no sense, are told', async () => {
  expect((await server.send('GET', '/api/v1/incidents/99')).status).toBe(404);
  expect((await server.send('GET', '/api/v1/incidents/x')).status).toBe(400);
  expect((await server.send('GET', '/api/v1/incidents?most=0')).status).toBe(400);
  expect((await server.send('GET', '/api/v1/incidents', { token: server.agent })).status).toBe(403);
});

test('people work on it: notes, roles, hypotheses; in their zone beside UTC; and resolving it asks for recovery', async () => {
  const post = async (path: string, body: object, method = 'POST'): Promise<number> =>
    (await server.send(method, `/api/v1/incidents/1/${path}`, { body })).status;
  const note = '<script>alert(1)</script> **bold**';
  expect(await post('notes', { text: note })).toBe(201);
  expect(await post('roles/scribe', { name: 'Ada' }, 'PUT')).toBe(200);
  expect(await post('roles/boss', { name: 'Ada' }, 'PUT')).toBe(400);
  const { json: made } = await server.send('POST', '/api/v1/incidents/1/hypotheses', {
    body: { title: 'the release' },
  });
  expect(await post(`hypotheses/${made.id}`, { state: 'confirmed', why: 'it began with it' })).toBe(200);
  const { json, status } = await server.send('GET', '/api/v1/incidents/1?zone=africa/nairobi');
  expect(status).toBe(200);
  expect(json).toMatchObject({
    zones: ['Africa/Nairobi'],
    team: null,
    roles: [{ role: 'scribe', name: 'Ada' }],
    hypotheses: [{ title: 'the release', state: 'confirmed', decidedBy: 'first admin' }],
  });
  const told = json.timeline.find(({ kind }: { kind: string }) => kind === 'note');
  expect(told).toMatchObject({
    text: note,
    actor: 'first admin',
    time: expect.stringMatching(/ UTC \(.*\d\d:\d\d EAT\)$/),
  });
  expect((await server.send('GET', '/api/v1/incidents/1?zone=Mars/Olympus')).json.message).toBe(
    "there is no time zone 'Mars/Olympus'",
  );
  const state = (await server.send('GET', '/api/v1/incidents/1/state')).json;
  expect(state).toMatchObject({ growing: 1, isRecovered: false });
  const refused = await server.send('POST', '/api/v1/incidents/1/resolve', { body: {} });
  expect([refused.status, refused.json.code]).toEqual([409, 'EBB_SERVER_NOT_RECOVERED']);
  expect(await post('resolve', { reason: 'it is a test' })).toBe(200);
  expect(await post('resolve', { reason: 'it is a test' })).toBe(409);
});

test('who only reads writes nothing', async () => {
  const { json } = await server.send('POST', '/api/v1/tokens', { body: { name: 'v', role: 'viewer' } });
  for (const path of ['notes', 'hypotheses', 'resolve'])
    expect((await server.send('POST', `/api/v1/incidents/1/${path}`, { body: {}, token: json.token })).status).toBe(
      403,
    );
});

test('what monitoring tells still has not recovered, however well memory is', async () => {
  const body = otlpJson(Date.now(), { service: 'calm', verdict: 'clean' });
  await server.send('POST', '/v1/metrics', { body, token: server.agent });
  const tell = async (status: string): Promise<void> => {
    const labels = { alertname: 'HighCPU', service: 'calm', severity: 'critical' };
    const startsAt = '2026-11-21T14:20:00Z';
    const alert = { status, labels, annotations: {}, startsAt, ...(status === 'resolved' ? { endsAt: startsAt } : {}) };
    const told = { version: '4', status, alerts: [alert] };
    await server.send('POST', '/api/v1/alertmanager', { body: told, token: server.agent });
  };
  await tell('firing');
  let id: number | undefined;
  while (id === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const open = (await server.send('GET', '/api/v1/incidents')).json as { id: number; summary: string }[];
    id = open.find(({ summary }) => summary.startsWith('calm'))?.id;
  }
  const path = `/api/v1/incidents/${id}/resolve`;
  const refused = await server.send('POST', path, { body: {} });
  expect([refused.status, refused.json.code]).toEqual([409, 'EBB_SERVER_NOT_RECOVERED']);
  expect(refused.json.message).toContain('told still: HighCPU');
  await tell('resolved');
  expect((await server.send('POST', path, { body: {} })).status).toBe(200);
});
