import { afterAll, beforeAll, expect, test } from 'vitest';
import { otlpJson } from '../fixtures/reports.ts';
import { startTestServer, type TestServer } from '../fixtures/test-server.ts';

const limits = { requestsPerMinute: 5 };
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ limits });
});
afterAll(async () => await server.remove());

test('an address may ask so often a minute, and is told when it may again', async () => {
  const statuses = [];
  for (let i = 0; i < limits.requestsPerMinute; i++)
    statuses.push((await server.send('GET', '/api/v1/services')).status);
  expect(statuses).toEqual([200, 200, 200, 200, 200]);
  // All that is asked counts together, also what needs no token. (Who sends a wrong one is slowed down sooner.)
  for (const path of ['/api/v1/health', '/api/v1/services', '/login']) {
    const late = await server.send('GET', path);
    expect([path, late.status]).toEqual([path, 429]);
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  expect((await server.send('GET', '/api/v1/health')).json).toMatchObject({
    code: 'EBB_SERVER_TOO_MANY_REQUESTS',
    message: 'more than 5 requests in a minute',
    next: expect.stringContaining('retry-after'),
  });
});

test('100,000 processes that report once a minute may do so through one proxy', async () => {
  const usual = await startTestServer();
  const { status, headers } = await usual.send('POST', '/v1/metrics', {
    body: otlpJson(Date.now()),
    token: usual.agent,
  });
  expect(status).toBe(200);
  expect(Number(headers.get('x-ratelimit-limit'))).toBeGreaterThanOrEqual(100_000);
  await usual.remove();
});
