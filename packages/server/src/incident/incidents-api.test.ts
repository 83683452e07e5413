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
  expect(json).toMatchObject({ level: 'notice', summary, resolvedMs: null, timeline: [{ kind: 'opened' }] });
  expect((await server.send('GET', '/api/v1/incidents?open=false')).json).toHaveLength(1);
});

test('an incident that does not exist, and a question that makes no sense, are told', async () => {
  expect((await server.send('GET', '/api/v1/incidents/99')).status).toBe(404);
  expect((await server.send('GET', '/api/v1/incidents/x')).status).toBe(400);
  expect((await server.send('GET', '/api/v1/incidents?most=0')).status).toBe(400);
  expect((await server.send('GET', '/api/v1/incidents', { token: server.agent })).status).toBe(403);
});
