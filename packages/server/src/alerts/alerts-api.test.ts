// Alerting as its users meet it: over HTTP, by files, on the real clock.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startReceiver, type FakeReceiver } from '../fixtures/receiver.ts';
import { otlpJson } from '../fixtures/reports.ts';
import { startTestServer, type TestServer } from '../fixtures/test-server.ts';
import { startServer } from '../server.ts';
import { checkRules } from './rules/check-rules.ts';

const day = 86_400_000;
const folder = mkdtempSync(join(tmpdir(), 'ebb-alerts-api-'));
const rulesFile = join(folder, 'rules.yaml');
const environment = { EBB_TEST_SECRET: 'hush-hush-hush' };
let receiver: FakeReceiver;
let server: TestServer;
let viewer: string;
let responder: string;

beforeAll(async () => {
  receiver = await startReceiver();
  writeFileSync(
    rulesFile,
    `
routes: [{ to: [team] }]
receivers:
  team: { webhook: { url: "${receiver.url}", secret_env: EBB_TEST_SECRET } }
  spare: { slack: { url: "${receiver.url}" } }
heartbeat: { url: "${receiver.url}/heartbeat", every: 10s }
`,
  );
  server = await startTestServer({ rulesFile, environment });
  viewer = await server.tokenOf('viewer');
  responder = await server.tokenOf('responder');
});
afterAll(async () => {
  await server.remove();
  await receiver.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  receiver.told.length = 0;
});
afterEach(() => {
  receiver.answer = (_told, response) => response.end();
});

const silence = (told: object = {}): object => ({
  match: { service: ['shop'] },
  endsMs: Date.now() + 3_600_000,
  why: 'load test',
  ...told,
});

test('a leak that comes in is told, with no secret anywhere', async () => {
  const body = otlpJson(Date.now(), { service: 'shop', verdict: 'leak' });
  expect((await server.send('POST', '/v1/metrics', { body, token: server.agent })).status).toBe(200);
  const alerts = (): typeof receiver.told => receiver.told.filter(({ path }) => path === '/');
  while (alerts().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  const [{ json, headers }] = alerts();
  expect(json.incidents).toMatchObject([{ change: 'opened', level: 'notice', service: 'shop' }]);
  expect(headers['ebb-signature']).toMatch(/^v1=[0-9a-f]{64}$/);
  let log = await server.send('GET', `/api/v1/deliveries?incidentId=${json.incidents[0].id}`, { token: viewer });
  while (log.json[0].state !== 'done') {
    await new Promise((resolve) => setTimeout(resolve, 20));
    log = await server.send('GET', '/api/v1/deliveries?receiver=team', { token: viewer });
  }
  expect(log.json).toMatchObject([
    { receiver: 'team', isTest: false, attempts: 1, nextMs: null, log: [{ ok: true, status: 200 }] },
  ]);
  expect((await server.send('GET', '/api/v1/deliveries?receiver=spare')).json).toEqual([]);
  expect(log.text).not.toContain('hush');
});

test('a test goes by the way that alerts take, and tells what the receiver answered', async () => {
  expect((await server.send('GET', '/api/v1/receivers', { token: viewer })).json).toEqual([
    { name: 'team', channel: 'webhook' },
    { name: 'spare', channel: 'slack' },
  ]);
  const fire = async (name: string, token = server.admin): Promise<Awaited<ReturnType<typeof server.send>>> =>
    await server.send('POST', `/api/v1/receivers/${name}/test`, { token });
  expect((await fire('team', responder)).status).toBe(403);
  expect((await fire('nobody')).status).toBe(404);
  expect((await fire('team')).json).toEqual({ ok: true, status: 200, detail: 'status 200' });
  const test = receiver.told.find(({ json }) => json?.incidents?.[0]?.change === 'test');
  expect(test?.json).toMatchObject({
    title: 'TEST [notice] ebb-test',
    incidents: [{ id: 0, summary: expect.stringContaining('nothing is wrong') }],
  });
  receiver.answer = (_told, response) => void response.writeHead(503).end('we are hush-hush-hush closed');
  expect((await fire('team')).json).toEqual({ ok: false, status: 503, detail: 'status 503: we are [secret] closed' });
  const [{ isTest, state, log }] = (await server.send('GET', '/api/v1/deliveries?most=1')).json;
  expect([isTest, state, log.length]).toEqual([true, 'failed', 1]);
  const [entry] = (await server.send('GET', '/api/v1/audit?most=1')).json;
  expect(entry).toMatchObject({ action: 'receiver.test', detail: 'team: status 503: we are [secret] closed' });
});

test('a silence says who and why, ends by itself or by hand, and stands in the audit log', async () => {
  expect((await server.send('POST', '/api/v1/silences', { body: silence(), token: viewer })).status).toBe(403);
  const made = await server.send('POST', '/api/v1/silences', { body: silence(), token: responder });
  expect(made).toMatchObject({
    status: 201,
    json: { match: { service: ['shop'] }, createdBy: 'responder', why: 'load test', endedMs: null },
  });
  expect((await server.send('GET', '/api/v1/silences', { token: viewer })).json).toEqual([made.json]);
  const path = `/api/v1/silences/${made.json.id}`;
  expect((await server.send('DELETE', path, { token: responder })).status).toBe(204);
  expect((await server.send('DELETE', path, { token: responder })).status).toBe(404);
  expect((await server.send('GET', '/api/v1/silences')).json).toEqual([]);
  expect((await server.send('GET', '/api/v1/silences?all=true')).json).toMatchObject([{ endedBy: 'responder' }]);
  const actions = (await server.send('GET', '/api/v1/audit?most=2')).json.map(
    ({ action }: { action: string }) => action,
  );
  expect(actions).toEqual(['silence.end', 'silence.create']);
});

test.each([
  [{ endsMs: undefined }],
  [{ endsMs: Date.now() - 1 }],
  [{ endsMs: Date.now() + 31 * day }],
  [{ startsMs: Date.now() + 40 * day, endsMs: Date.now() + 41 * day }],
  [{ why: '' }],
  [{ why: undefined }],
  [{ match: {} }],
  [{ match: { servise: ['shop'] } }],
  [{ match: { service: { like: 'shop' } } }],
  [{ match: { service: [] } }],
  [{ match: { maxLevel: 'all' } }],
  [{ forever: true }],
])('a silence with %j is refused', async (told) => {
  const answer = await server.send('POST', '/api/v1/silences', { body: silence(told) });
  expect(answer).toMatchObject({ status: 400, json: { code: 'EBB_SERVER_BAD_REQUEST' } });
});

const maintenance = (told: object = {}): object => ({
  match: { environment: ['prod'] },
  startsLocal: '2026-11-22T02:00',
  zone: 'Africa/Nairobi',
  durationMs: 3_600_000,
  rule: 'FREQ=WEEKLY;BYDAY=SU',
  untilMs: Date.now() + 100 * day,
  why: 'patch day',
  ...told,
});

test('maintenance is made, listed with its next time, and ended', async () => {
  const body = maintenance({ startsLocal: new Date(Date.now() + day).toISOString().slice(0, 16), rule: undefined });
  const made = await server.send('POST', '/api/v1/maintenance', { body, token: responder });
  expect(made).toMatchObject({
    status: 201,
    json: { zone: 'Africa/Nairobi', rule: null, next: { fromMs: expect.any(Number) } },
  });
  expect((await server.send('GET', '/api/v1/maintenance', { token: viewer })).json).toEqual([made.json]);
  expect((await server.send('DELETE', `/api/v1/maintenance/${made.json.id}`, { token: responder })).status).toBe(204);
  expect((await server.send('GET', '/api/v1/maintenance')).json).toEqual([]);
});

test.each([
  [{ zone: 'Mars/Olympus' }, 'there is no time zone'],
  [{ startsLocal: 'now' }, 'the start is a time like'],
  [{ rule: 'FREQ=MINUTELY' }, 'FREQ=DAILY'],
  [{ untilMs: Date.now() + 400 * day }, 'a year from now'],
  [{ durationMs: 2 * day }, 'a day at most'],
  [{ durationMs: 0 }, 'durationMs'],
])('maintenance with %j is refused, and told why', async (told, said) => {
  const answer = await server.send('POST', '/api/v1/maintenance', { body: maintenance(told) });
  expect(answer).toMatchObject({ status: 400, json: { message: expect.stringContaining(said) } });
});

test('a sign of life is sent while the database is read', async () => {
  const beats = (): number => receiver.told.filter(({ path }) => path === '/heartbeat').length;
  while (beats() === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(receiver.told.find(({ path }) => path === '/heartbeat')?.json).toMatchObject({ format: 'ebb.heartbeat/1' });
});

test('rules that cannot be used keep a server from starting, with everything that is wrong; in a running one the old hold on', async () => {
  const bad = join(folder, 'bad.yaml');
  writeFileSync(bad, 'routs: []\nlevels: { quiet: long }\n');
  const error = await startServer({ database: { directory: join(folder, 'x') }, port: 0, rulesFile: bad }).then(
    () => new Error('it started'),
    (reason: unknown) => reason as Error,
  );
  expect(error).toMatchObject({ code: 'EBB_SERVER_RULES', exitCode: 2 });
  expect(error.message.split('\n').slice(1)).toEqual([
    `${bad}:1:1: there is no 'routs' here; was 'routes' meant?`,
    `${bad}:2:18: quiet: is a duration like 90s, 5m or 1h30m, from 1s to 7d`,
  ]);
  await expect(checkRules(join(folder, 'none.yaml'))).rejects.toMatchObject({ code: 'EBB_SERVER_RULES' });
  expect(await checkRules(rulesFile)).toBe('2 receivers, 1 route, 0 overrides, 0 inhibitions; no route names spare');

  const running = join(folder, 'running.yaml');
  const rules = (name: string): string => `receivers: { ${name}: { slack: { url: "${receiver.url}" } } }\n`;
  writeFileSync(running, rules('one'));
  const other = await startTestServer({ rulesFile: running, environment: {} });
  const names = async (): Promise<string[]> =>
    (await other.send('GET', '/api/v1/receivers')).json.map(({ name }: { name: string }) => name);
  writeFileSync(running, rules('two'));
  await other.reloadRules();
  expect(await names()).toEqual(['two']);
  writeFileSync(running, 'receivers: [');
  await expect(other.reloadRules()).rejects.toMatchObject({ code: 'EBB_SERVER_RULES' });
  expect(await names()).toEqual(['two']);
  await other.remove();
});
