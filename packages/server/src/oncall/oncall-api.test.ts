// On-call as its users meet it: over HTTP, by a file, on the real clock.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startReceiver, type FakeReceiver } from '../fixtures/receiver.ts';
import { otlpJson } from '../fixtures/reports.ts';
import { startTestServer, type Answer, type TestServer } from '../fixtures/test-server.ts';
import { checkOnCall } from './plan/check-plan.ts';

const hour = 3_600_000;
const folder = mkdtempSync(join(tmpdir(), 'ebb-oncall-api-'));
const onCallFile = join(folder, 'oncall.yaml');
let receiver: FakeReceiver;
let server: TestServer;
let viewer: string;
let responder: string;

beforeAll(async () => {
  receiver = await startReceiver();
  writeFileSync(join(folder, 'CODEOWNERS'), 'src/ @acme/sessions\n');
  writeFileSync(
    onCallFile,
    `
people:
  ada: { name: "<b>Ada</b>", reach: [{ webhook: { url: "${receiver.url}/ada" } }, { slack: { url: "${receiver.url}/slack" } }] }
  grace: { reach: [{ webhook: { url: "${receiver.url}/grace" } }] }
schedules:
  web: { zone: Africa/Nairobi, layers: [{ people: [ada], from: 2026-01-01T00:00 }] }
  office:
    zone: Europe/Berlin
    layers: [{ people: [grace], from: 2026-01-01T00:00, hours: [{ days: [mon], from: "09:00", to: "10:00" }] }]
teams: { sessions: { owners: ["@acme/sessions"], on_call: [{ person: grace }] } }
policies: { default: { steps: [{ to: [{ schedule: web }], wait: 15m }] } }
routes: [{ policy: default, match: { min_level: notice } }]
codeowners: CODEOWNERS
`,
  );
  server = await startTestServer({ onCallFile, publicUrl: new URL('https://ebb.example') });
  viewer = await server.tokenOf('viewer');
  responder = await server.tokenOf('responder');
});
afterAll(async () => {
  await server.remove();
  await receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
};
const leak = async (service: string): Promise<{ id: number; link: string }> => {
  await server.send('POST', '/v1/metrics', {
    body: otlpJson(Date.now(), { service, verdict: 'leak' }),
    token: server.agent,
  });
  const pages = (): FakeReceiver['told'] =>
    receiver.told.filter(({ path, json }) => path === '/ada' && json.incidents[0].service === service);
  await until(() => pages().length > 0);
  const { id, acknowledgeLink } = (pages()[0] ?? expect.fail('nobody was paged')).json.incidents[0];
  return { id, link: new URL(acknowledgeLink).pathname + new URL(acknowledgeLink).search };
};
const post = async (path: string, body: unknown, token = responder): Promise<Answer> =>
  await server.send('POST', path, { body, token });

test('who is on call now and next, a schedule with its warnings, and overrides that somebody makes and ends', async () => {
  const [web, office] = (await server.send('GET', '/api/v1/oncall', { token: viewer })).json.schedules;
  expect(web).toEqual({ name: 'web', zone: 'Africa/Nairobi', now: ['ada'], untilMs: null, next: null });
  expect(office).toMatchObject({ name: 'office', next: { people: expect.any(Array) } });
  const span = await server.send('GET', `/api/v1/oncall/schedules/office?fromMs=${Date.UTC(2026, 10, 21)}`);
  expect(span.json.shifts).toHaveLength(5);
  expect(span.json.warnings).toHaveLength(3);
  const body = { people: ['grace'], toMs: Date.now() + hour, why: 'swap' };
  const path = '/api/v1/oncall/schedules/web/overrides';
  expect((await post(path, body, viewer)).status).toBe(403);
  expect((await post(path, { ...body, people: ['nobody'] })).status).toBe(400);
  expect((await post(path, { ...body, toMs: 1 })).status).toBe(400);
  expect((await post('/api/v1/oncall/schedules/wep/overrides', body)).status).toBe(404);
  const made = await post(path, body);
  expect(made).toMatchObject({ status: 201, json: { people: ['grace'], createdBy: 'responder' } });
  const now = async (): Promise<string[]> => (await server.send('GET', '/api/v1/oncall')).json.schedules[0].now;
  expect(await now()).toEqual(['grace']);
  const end = { token: responder };
  expect((await server.send('DELETE', `/api/v1/oncall/overrides/${made.json.id}`, end)).status).toBe(204);
  expect((await server.send('DELETE', `/api/v1/oncall/overrides/${made.json.id}`, end)).status).toBe(404);
  expect(await now()).toEqual(['ada']);
  const actions = (await server.send('GET', '/api/v1/audit?most=2')).json.map(
    ({ action }: { action: string }) => action,
  );
  expect(actions).toEqual(['oncall.override.end', 'oncall.override']);
});

test('a leak is paged; looking at the link acknowledges nothing, its button does, once and for all', async () => {
  const { id, link } = await leak('shop');
  const state = async (): Promise<{ state: string; holder: string | null }> =>
    (await server.send('GET', `/api/v1/incidents/${id}/escalation`, { token: viewer })).json;
  const look = await server.send('GET', link, { token: '' });
  expect(look).toMatchObject({
    status: 200,
    text: expect.stringContaining('<button class="main">Acknowledge</button>'),
  });
  expect(look.headers.get('cache-control')).toBe('no-store');
  expect(await state()).toMatchObject({ state: 'paging', holder: null, step: 1 });
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const press = async (text: string): Promise<Answer> =>
    await server.send('POST', '/acknowledgements', {
      body: new URLSearchParams({ link: text }).toString(),
      headers: form,
      token: '',
    });
  const text = new URLSearchParams(link.split('?')[1]).get('link') ?? '';
  for (const forged of [text.replace(/ada$/, 'grace'), 'x', '']) expect((await press(forged)).status).toBe(404);
  expect((await post(`/api/v1/incidents/${id}/acknowledge`, {})).json).toMatchObject({
    holder: 'responder',
    isOwn: true,
  });
  // Somebody was faster, and that is what it says.
  expect(await press(text)).toMatchObject({ status: 200, text: expect.stringContaining('responder was faster') });
  expect(await state()).toMatchObject({ state: 'acknowledged', holder: 'responder' });
  const acknowledged = async (): Promise<string[]> =>
    (await server.send('GET', `/api/v1/incidents/${id}`)).json.timeline
      .filter(({ kind }: { kind: string }) => kind === 'acknowledged')
      .map(({ text: said }: { text: string }) => said);
  expect((await acknowledged()).slice(1)).toEqual(['by ada by link, too: responder has it']);
  // When it is resolved there is nothing to take; that somebody tried to stands there.
  expect((await post(`/api/v1/incidents/${id}/resolve`, { reason: 'it was a test' })).status).toBe(200);
  expect((await server.send('GET', link, { token: '' })).status).toBe(409);
  expect(await press(text)).toMatchObject({ status: 409, text: expect.stringContaining('was resolved at') });
  expect((await acknowledged()).slice(2)).toEqual(['by ada by link, when it was resolved already']);
});

test('by the link a person acknowledges as themselves; it is given on, and others are called in', async () => {
  const { id, link } = await leak('cart');
  const text = new URLSearchParams(link.split('?')[1]).get('link') ?? '';
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const pressed = await server.send('POST', '/acknowledgements', {
    body: new URLSearchParams({ link: text }).toString(),
    headers,
    token: '',
  });
  expect(pressed.text).toContain('You have it until');
  const path = `/api/v1/incidents/${id}`;
  expect((await server.send('GET', `${path}/escalation`)).json).toMatchObject({ holder: 'ada' });
  for (const action of ['acknowledge', 'reassign', 'responders'])
    expect((await post(`${path}/${action}`, {}, viewer)).status).toBe(403);
  expect((await post(`${path}/reassign`, { to: { kind: 'owner', name: 'x' } })).status).toBe(400);
  expect((await post(`${path}/reassign`, { to: { kind: 'team', name: 'sessions' } })).json).toEqual({
    people: ['grace'],
  });
  await until(() => receiver.told.some(({ path: to, json }) => to === '/grace' && json.incidents[0].id === id));
  expect((await post(`${path}/responders`, { add: [{ kind: 'person', name: 'ada' }] })).json).toEqual({
    people: ['ada'],
  });
  expect((await post('/api/v1/incidents/999/acknowledge', {})).status).toBe(404);
  const kinds = (await server.send('GET', path)).json.timeline.map(({ kind }: { kind: string }) => kind);
  for (const kind of ['paged', 'acknowledged', 'reassigned', 'responders-added']) expect(kinds).toContain(kind);
});

test('a test goes by each way, and tells what came of it', async () => {
  receiver.answer = ({ path }, response) => void response.writeHead(path === '/slack' ? 500 : 200).end();
  const { json } = await post('/api/v1/oncall/people/ada/test', undefined);
  expect(json.ways).toEqual([
    { way: 'webhook', ok: true, status: 200, detail: 'status 200' },
    { way: 'slack', ok: false, status: 500, detail: 'status 500' },
  ]);
  expect((await post('/api/v1/oncall/people/nobody/test', undefined)).status).toBe(404);
  receiver.answer = (_told, response) => void response.end();
});

test('the pages show who is on call and who is on it; the button works for those who may, and for no other site', async () => {
  const logIn = async (token: string): Promise<string> => {
    const response = await fetch(`${server.url}/login`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'sec-fetch-site': 'same-origin', 'x-forwarded-proto': 'https' },
      body: new URLSearchParams({ token }),
    });
    return response.headers.get('set-cookie')?.split(';')[0] ?? '';
  };
  const visit = async (path: string, cookie: string, site?: string): Promise<Response> =>
    await fetch(server.url + path, {
      method: site === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      headers: { cookie, 'x-forwarded-proto': 'https', ...(site === undefined ? {} : { 'sec-fetch-site': site }) },
    });
  const { id } = await leak('search');
  const [asViewer, asResponder] = [await logIn(viewer), await logIn(responder)];
  const onCall = await (await visit('/oncall', asViewer)).text();
  expect(onCall).toContain('Africa/Nairobi');
  expect(onCall).toContain('<b>ada</b>');
  const button = `action="/incidents/${id}/acknowledge"`;
  expect(await (await visit(`/incidents/${id}`, asViewer)).text()).not.toContain(button);
  expect(await (await visit(`/incidents/${id}`, asResponder)).text()).toContain(button);
  expect((await visit(`/incidents/${id}/acknowledge`, asResponder, 'cross-site')).status).toBe(403);
  expect((await visit(`/incidents/${id}/acknowledge`, asViewer, 'same-origin')).status).toBe(403);
  expect((await visit(`/incidents/${id}/acknowledge`, asResponder, 'same-origin')).status).toBe(303);
  expect(await (await visit(`/incidents/${id}`, asResponder)).text()).toContain('responder has acknowledged it');
});

test('a plan is checked by itself; one that cannot be used keeps a server from starting, and the one before holds on', async () => {
  const { summary, warnings } = await checkOnCall(onCallFile, Date.now());
  expect(summary).toBe('2 people, 2 schedules, 1 team, 1 policy, 1 route');
  expect(warnings[0]).toMatch(/oncall\.yaml:\d+:\d+: office: nobody is on call from/);
  const bad = join(folder, 'bad.yaml');
  writeFileSync(bad, 'peeple: {}\n');
  const refused = {
    code: 'EBB_SERVER_ONCALL',
    message: expect.stringContaining(`${bad}:1:1: there is no 'peeple' here; was 'people' meant?`),
  };
  await expect(checkOnCall(bad, 0)).rejects.toMatchObject(refused);
  await expect(startTestServer({ onCallFile: bad })).rejects.toMatchObject(refused);
  await expect(checkOnCall(join(folder, 'none.yaml'), 0)).rejects.toMatchObject({ code: 'EBB_SERVER_ONCALL' });
  const people = async (): Promise<string[]> => (await server.send('GET', '/api/v1/oncall')).json.people;
  const text = `people: { linus: { reach: [{ webhook: { url: "${receiver.url}" } }] } }\n`;
  writeFileSync(onCallFile, 'people: [');
  await expect(server.reloadRules()).rejects.toMatchObject({ code: 'EBB_SERVER_ONCALL' });
  expect(await people()).toEqual(['ada', 'grace']);
  writeFileSync(onCallFile, text);
  await server.reloadRules();
  expect(await people()).toEqual(['linus']);
});
