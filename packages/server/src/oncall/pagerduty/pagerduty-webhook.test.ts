// What people do in PagerDuty, by the messages that it sends: about the alert that Ebb has sent it, with its key.
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startReceiver, type FakeReceiver } from '../../fixtures/receiver.ts';
import { otlpJson } from '../../fixtures/reports.ts';
import { startTestServer, type Answer, type TestServer } from '../../fixtures/test-server.ts';

const secret = 'made-by-PagerDuty';
const folder = mkdtempSync(join(tmpdir(), 'ebb-pagerduty-'));
let pagerDuty: FakeReceiver;
let server: TestServer;
beforeAll(async () => {
  pagerDuty = await startReceiver();
  const onCallFile = join(folder, 'oncall.yaml');
  const way = `reach: [{ pagerduty: { url: "${pagerDuty.url}", secret_env: EBB_TEST_KEY } }]`;
  writeFileSync(
    onCallFile,
    `
people:
  ada: { name: Ada Lovelace, ${way} }
  grace: { name: Grace Hopper, ${way} }
policies: { default: { steps: [{ to: [{ person: ada }], wait: 15m }] } }
routes: [{ policy: default, match: { min_level: notice } }]
`,
  );
  const environment = { EBB_TEST_KEY: 'hush', EBB_PAGERDUTY_WEBHOOK_SECRET: `of-another-subscription, ${secret}` };
  server = await startTestServer({ onCallFile, environment });
});
afterAll(async () => {
  await server.remove();
  await pagerDuty.close();
  rmSync(folder, { recursive: true, force: true });
});

const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
};
const report = async (service: string, verdict: 'leak' | 'clean'): Promise<void> => {
  await server.send('POST', '/v1/metrics', { body: otlpJson(Date.now(), { service, verdict }), token: server.agent });
};
/** A service leaks, somebody is paged by PagerDuty: the incident, and its key there. */
async function paged(service: string): Promise<{ id: number; key: string }> {
  await report(service, 'leak');
  const alerts = (): FakeReceiver['told'] =>
    pagerDuty.told.filter(({ json }) => json.event_action === 'trigger' && json.payload.component === service);
  await until(() => alerts().length > 0);
  const { dedup_key: key, payload } = alerts()[0].json;
  return { id: payload.custom_details.incident, key };
}

let events = 0;
interface Told {
  type: string;
  key: string;
  agent?: object | null;
  assignees?: string[];
  at?: string;
  id?: string;
}
/** As its documentation has it. */
const eventOf = ({ type, key, agent, assignees = [], at, id }: Told): string => {
  const user = (summary: string): object => ({ id: 'PLH1HKV', summary, type: 'user_reference' });
  return JSON.stringify({
    event: {
      id: id ?? `01BRB6ZP4M6T8ZG4X6BP63ZB${events++}`,
      event_type: type,
      resource_type: 'incident',
      occurred_at: at ?? new Date().toISOString(),
      agent: agent === undefined ? user('Ada Lovelace') : agent,
      client: { name: 'PagerDuty' },
      data: {
        ...{ id: 'PGR0VU2', type: 'incident', number: 2, status: 'acknowledged', incident_key: key },
        html_url: 'https://acme.pagerduty.com/incidents/PGR0VU2',
        assignees: assignees.map(user),
      },
    },
  });
};
const sign = (body: string, by = secret): string => `v1=${createHmac('sha256', by).update(body).digest('hex')}`;
const send = async (body: string, signature = sign(body)): Promise<Answer> =>
  await server.send('POST', '/api/v1/pagerduty', {
    body,
    token: '',
    headers: { 'x-pagerduty-signature': signature, 'x-webhook-id': String(events++) },
  });
const tell = async (told: Told): Promise<object> => (await send(eventOf(told))).json as object;
const timeline = async (id: number): Promise<string[]> =>
  (await server.send('GET', `/api/v1/incidents/${id}`)).json.timeline.map(
    ({ kind, text }: { kind: string; text: string }) => `${kind}: ${text}`,
  );
const escalation = async (id: number): Promise<{ state: string; holder: string | null }> =>
  (await server.send('GET', `/api/v1/incidents/${id}/escalation`)).json;
const isNew = { taken: true, isNew: true };
const isKnown = { taken: true, isNew: false };
const isNothing = { taken: false, isNew: false };

test('acknowledged there is acknowledged here, once, by the person of the plan who has that name', async () => {
  const { id, key } = await paged('shop');
  const body = eventOf({ type: 'incident.acknowledged', key });
  // Two deliveries at once, and a replay.
  const both = await Promise.all([send(body), send(body)]);
  expect(both.map(({ json }) => (json as { isNew: boolean }).isNew).sort()).toEqual([false, true]);
  expect((await send(body)).json).toEqual(isKnown);
  expect(await escalation(id)).toMatchObject({ state: 'acknowledged', holder: 'ada' });
  expect((await timeline(id)).filter((line) => line.startsWith('acknowledged'))).toEqual([
    'acknowledged: by ada in PagerDuty, for 60 minutes',
  ]);
  // Somebody else there: who has it keeps it, and both stand on the timeline.
  const agent = { summary: 'Margaret *H*', type: 'user_reference' };
  expect(await tell({ type: 'incident.acknowledged', key, agent })).toEqual(isNew);
  expect(await escalation(id)).toMatchObject({ holder: 'ada' });
  expect(await timeline(id)).toContain('acknowledged: by Margaret *H* in PagerDuty, too: ada has it');
});

test('given to somebody there is given to them here, where the plan knows them, and said where it does not', async () => {
  const { id, key } = await paged('search');
  const body = eventOf({ type: 'incident.reassigned', key, assignees: ['grace hopper', 'Somebody Else'] });
  expect((await send(body)).json).toEqual(isNew);
  expect((await send(body)).json).toEqual(isKnown);
  expect(await escalation(id)).toMatchObject({ state: 'paging', holder: 'grace' });
  expect((await timeline(id)).filter((line) => line.startsWith('reassigned'))).toEqual([
    'reassigned: to grace by ada in PagerDuty',
  ]);
  expect(await tell({ type: 'incident.reassigned', key: `${key}-2`, assignees: ['Somebody Else'] })).toEqual(isNew);
  expect((await timeline(id)).at(-1)).toBe(
    'reassigned: to Somebody Else by ada in PagerDuty; the on-call plan has nobody of that name, so that nobody else is paged here',
  );
  expect(await escalation(id)).toMatchObject({ holder: 'grace' });
});

test('resolved there is resolved here only when it has recovered, as measured', async () => {
  const { id, key } = await paged('checkout');
  const body = eventOf({ type: 'incident.resolved', key });
  expect((await send(body)).json).toEqual(isNew);
  expect((await send(body)).json).toEqual(isKnown);
  const open = await timeline(id);
  expect(open.filter((line) => line.startsWith('note'))).toEqual([
    expect.stringMatching(
      /^note: resolved in PagerDuty; it stays open here, as it has not recovered: 1 of 1 process grows/,
    ),
  ]);
  await report('checkout', 'clean');
  expect(await tell({ type: 'incident.resolved', key })).toEqual(isNew);
  expect(await timeline(id)).toContain('resolved: resolved by hand: resolved in PagerDuty');
  // What comes late is said, and changes nothing.
  expect(await tell({ type: 'incident.resolved', key })).toEqual(isNew);
  expect(await tell({ type: 'incident.acknowledged', key })).toEqual(isNew);
  expect((await timeline(id)).at(-1)).toBe('acknowledged: by ada in PagerDuty, when it was resolved already');
});

test('what is forged, unsigned, changed, old, or no event is refused', async () => {
  const { id, key } = await paged('forged');
  const body = eventOf({ type: 'incident.acknowledged', key });
  for (const signature of ['', 'v1=', sign(body, 'guessed'), sign(`${body} `), sign(body).replace('v1', 'v0')])
    expect(await send(body, signature)).toMatchObject({ status: 401, json: { code: 'EBB_SERVER_SIGNATURE' } });
  const day = 24 * 3_600_000;
  for (const wrong of [
    eventOf({ type: 'incident.acknowledged', key, at: new Date(Date.now() - day - 60_000).toISOString() }),
    eventOf({ type: 'incident.acknowledged', key, at: new Date(Date.now() + day).toISOString() }),
    eventOf({ type: 'incident.acknowledged', key, at: 'soon' }),
    ...['', 'no json', '[]', '{"event":null}', '{"event":{"id":"x"}}'],
  ])
    expect((await send(wrong)).status).toBe(400);
  expect(await escalation(id)).toMatchObject({ state: 'paging' });
  // While one secret takes another's place there are two signatures.
  expect((await send(body, `${sign(body, 'the new one')}, ${sign(body)}`)).json).toEqual(isNew);
});

test('what is no business of this server changes nothing, and is answered', async () => {
  const { id, key } = await paged('others');
  const [, opened = ''] = /-([a-z0-9]+)$/.exec(key) ?? [];
  for (const told of [
    { type: 'pagey.ping', key },
    { type: 'incident.annotated', key },
    { type: 'toString', key },
    { type: 'incident.acknowledged', key: 'd3640fbd41094207a1c11e58e46b1662' },
    // Of another database: the same number, another time.
    { type: 'incident.acknowledged', key: key.replace(opened, 'k0000000') },
    { type: 'incident.acknowledged', key: `ebb-incident-99999-${opened}` },
    // Ebb itself, by its integration.
    { type: 'incident.acknowledged', key, agent: { type: 'events_api_v2_inbound_integration_reference' } },
    { type: 'incident.resolved', key, agent: null },
  ])
    expect(await tell(told)).toEqual(isNothing);
  expect(await escalation(id)).toMatchObject({ state: 'paging', holder: null });
});

test('without a secret there are no webhooks', async () => {
  const other = await startTestServer({ environment: {} });
  expect((await other.send('POST', '/api/v1/pagerduty', { body: '{}', token: '' })).status).toBe(404);
  await other.remove();
});
