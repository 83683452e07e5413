// What each channel puts on the wire.
import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { message, news, openedMs } from '../../fixtures/alert-message.ts';
import { startReceiver, type FakeReceiver } from '../../fixtures/receiver.ts';
import type { Channel } from '../rules/rules.ts';
import type { Answer } from './answer.ts';
import { send } from './channel.ts';
import type { AlertMessage } from './message.ts';

let receiver: FakeReceiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => await receiver.close());

const environment = { EBB_TEST_SECRET: 'hush-hush' };
const tell = async (channel: Channel, told: AlertMessage): Promise<Answer> =>
  await send({ name: 'team', channel }, told, { environment, timeoutMs: 5000, now: () => openedMs + 1000 });

test('a webhook gets the whole message, signed over its time and body, with a key that stays', async () => {
  const channel: Channel = {
    type: 'webhook',
    url: { url: `${receiver.url}/hook` },
    secretEnv: 'EBB_TEST_SECRET',
    template: null,
  };
  expect(await tell(channel, message())).toMatchObject({ ok: true, status: 200 });
  const [{ headers, text, json, path }] = receiver.told;
  expect(path).toBe('/hook');
  expect(headers['idempotency-key']).toBe('ebb-12-abc');
  expect(headers['ebb-timestamp']).toBe(String((openedMs + 1000) / 1000));
  const signature = createHmac('sha256', 'hush-hush')
    .update(`${String(headers['ebb-timestamp'])}.${text}`)
    .digest('hex');
  expect(headers['ebb-signature']).toBe(`v1=${signature}`);
  expect(json).toMatchObject({
    format: 'ebb.alert/1',
    status: 'open',
    level: 'page',
    title: '[page] shop (prod)',
    text: 'opened, page: shop 1.1 leaks: 2 of 2 processes; the limit is 23 minutes away https://ebb.example/incidents/7',
    incidents: [{ id: 7, change: 'opened', service: 'shop', labels: { team: 'web' } }],
  });
  expect(text).not.toContain('hush-hush');
});

test('a template keeps its shape, whatever names and summaries hold', async () => {
  const hostile = news({ service: `"}, {"x": "{{text}}`, summary: `\u0000"\\</script>{{key}}`, link: null });
  const template = {
    type: 'message',
    at: [{ '{{title}}': '{{ title }}' }, 5, true, null],
    all: '{{service}}|{{summary}}|{{count}}',
  };
  await tell({ type: 'webhook', url: { url: receiver.url }, secretEnv: null, template }, message(hostile));
  expect(receiver.told[0].json).toEqual({
    type: 'message',
    at: [{ '{{title}}': `[page] ${hostile.service} (prod)` }, 5, true, null],
    all: `${hostile.service}|${hostile.summary}|1`,
  });
});

test('Alertmanager gets an alert that lasts five minutes; raised, the milder one ends; resolved, both have ended', async () => {
  const channel: Channel = { type: 'alertmanager', url: { url: `${receiver.url}/` }, secretEnv: 'EBB_TEST_SECRET' };
  await tell(channel, message(news({ level: 'warning' })));
  await tell(channel, message(news({ change: 'raised' })));
  await tell(channel, message(news({ change: 'resolved', resolvedMs: openedMs + 500 })));
  const [opened, raised, resolved] = receiver.told;
  expect([opened.path, opened.headers.authorization]).toEqual(['/api/v2/alerts', 'Bearer hush-hush']);
  expect(opened.json).toEqual([
    {
      labels: {
        alertname: 'EbbMemory',
        service: 'shop',
        environment: 'prod',
        severity: 'warning',
        incident: '7',
        team: 'web',
      },
      annotations: { summary: news().summary },
      startsAt: '2026-11-21T14:30:00.000Z',
      endsAt: '2026-11-21T14:35:01.000Z',
      generatorURL: 'https://ebb.example/incidents/7',
    },
  ]);
  const ends = (json: { labels: { alertname: string; severity: string }; endsAt: string }[]): string[] =>
    json
      .filter(({ labels }) => labels.alertname === 'EbbMemory')
      .map(({ labels, endsAt }) => `${labels.severity} ${endsAt.slice(14, 19)}`);
  expect(ends(raised.json)).toEqual(['info 30:01', 'warning 30:01', 'critical 35:01']);
  expect(ends(resolved.json)).toEqual(['info 30:00', 'warning 30:00', 'critical 30:00']);
});

test('an incident that does not come from memory, or nobody knows yet, has a name of its own at Alertmanager', async () => {
  const channel: Channel = { type: 'alertmanager', url: { url: receiver.url }, secretEnv: null };
  await tell(channel, message(news({ cause: 'open', level: 'notice' })));
  await tell(channel, message(news({ level: 'notice', change: 'resolved', resolvedMs: openedMs + 500 })));
  const names = receiver.told.map(({ json }) =>
    (json as { labels: { alertname: string }; endsAt: string }[]).map(
      ({ labels, endsAt }) => `${labels.alertname} ${endsAt.slice(14, 19)}`,
    ),
  );
  // What was open became memory: both are over.
  expect(names).toEqual([['EbbIncident 35:01'], ['EbbMemory 30:00', 'EbbIncident 30:00']]);
});

test('PagerDuty gets one event an incident, with one key from its start to its end', async () => {
  const channel: Channel = { type: 'pagerduty', url: { url: receiver.url }, secretEnv: 'EBB_TEST_SECRET' };
  await tell(channel, message(news(), news({ id: 8, change: 'resolved', resolvedMs: openedMs + 1 })));
  const [trigger, resolve] = receiver.told.map(({ json }) => json);
  expect(trigger).toMatchObject({
    routing_key: 'hush-hush',
    event_action: 'trigger',
    dedup_key: `ebb-incident-7-${openedMs.toString(36)}`,
    payload: {
      summary: news().summary,
      source: 'shop (prod)',
      severity: 'critical',
      timestamp: '2026-11-21T14:30:00.000Z',
    },
    links: [{ href: 'https://ebb.example/incidents/7' }],
  });
  expect(resolve).toEqual({
    routing_key: 'hush-hush',
    event_action: 'resolve',
    dedup_key: `ebb-incident-8-${openedMs.toString(36)}`,
  });
});

test('a culprit that is found later is the same alert: at PagerDuty by its key, at Alertmanager by its labels', async () => {
  const pagerDuty: Channel = { type: 'pagerduty', url: { url: receiver.url }, secretEnv: 'EBB_TEST_SECRET' };
  const alertmanager: Channel = { type: 'alertmanager', url: { url: receiver.url }, secretEnv: null };
  const found = { change: 'explained', summary: 'shop 1.1 leaks: sessions (Map) in src/session-store.ts:12' } as const;
  for (const channel of [pagerDuty, alertmanager])
    for (const told of [news(), news(found)]) await tell(channel, message(told));
  const [opened, explained, alert, again] = receiver.told.map(({ json }) => json);
  expect(explained).toEqual({
    ...opened,
    payload: {
      ...opened.payload,
      summary: found.summary,
      custom_details: { ...opened.payload.custom_details, change: 'explained' },
    },
  });
  expect(again).toEqual([{ ...alert[0], annotations: { ...alert[0].annotations, summary: found.summary } }]);
});

test('an event that PagerDuty does not take ends the attempt, and its answer is told without the key', async () => {
  receiver.answer = (told, response) => void response.writeHead(400).end(`no such key ${told.json.routing_key}`);
  const channel: Channel = { type: 'pagerduty', url: { url: receiver.url }, secretEnv: 'EBB_TEST_SECRET' };
  expect(await tell(channel, message(news(), news({ id: 8 })))).toMatchObject({
    ok: false,
    status: 400,
    isRefusal: true,
    detail: 'status 400: no such key [secret]',
  });
  const many = Array.from({ length: 30 }, (_, i) => news({ id: i + 1 }));
  await tell(channel, message(...many));
  // Some at once, and no more after one that failed.
  expect(receiver.told).toHaveLength(2 + 8);
});

test('Slack gets text in which no name mentions everybody or makes a link', async () => {
  const hostile = news({ service: '<!channel> & <http://evil|x>' });
  await tell({ type: 'slack', url: { url: receiver.url } }, message(hostile));
  const [{ json, text }] = receiver.told;
  expect(json.text).toBe('[page] &lt;!channel&gt; &amp; &lt;http://evil|x&gt; (prod)');
  expect(json.blocks[0].text.text).toContain('<https://ebb.example/incidents/7|Incident 7>');
  expect(text).not.toContain('<!channel>');
});

test('a page says why it is theirs, and has the link to acknowledge in Slack, at PagerDuty and in templates', async () => {
  const acknowledgeLink = 'https://ebb.example/acknowledgements?link=7.9.x.ada';
  const page = message(news({ change: 'paged', why: 'on call in web', acknowledgeLink }));
  await tell({ type: 'slack', url: { url: receiver.url } }, page);
  await tell({ type: 'pagerduty', url: { url: receiver.url }, secretEnv: 'EBB_TEST_SECRET' }, page);
  await tell({ type: 'webhook', url: { url: receiver.url }, secretEnv: null, template: '{{acknowledge}}' }, page);
  await tell({ type: 'webhook', url: { url: receiver.url }, secretEnv: null, template: '{{acknowledge}}' }, message());
  const [slack, pagerDuty, webhook, without] = receiver.told.map(({ json }) => json);
  expect(slack.blocks[0].text.text).toContain('(you are paged: on call in web)');
  expect(slack.blocks[0].text.text).toContain(`*<${acknowledgeLink}|Acknowledge>*`);
  expect(pagerDuty.links).toContainEqual({ href: acknowledgeLink, text: 'Acknowledge in Ebb' });
  expect([webhook, without]).toEqual([acknowledgeLink, '']);
});

test('in Slack the words of a page are cut, and never the link to acknowledge', async () => {
  const acknowledgeLink = `https://ebb.example/acknowledgements?link=7.9.${'x'.repeat(120)}.ada`;
  const long = news({ change: 'paged', why: 'on call in web', acknowledgeLink, summary: '<&>'.repeat(2000) });
  await tell({ type: 'slack', url: { url: receiver.url } }, message(long));
  const { text } = receiver.told[0].json.blocks[0].text;
  expect(text.length).toBeLessThanOrEqual(3000);
  expect(text).toMatch(/(&lt;|&amp;|&gt;)… <https:\/\/ebb\.example\/incidents\/7\|Incident 7> /);
  expect(text.endsWith(`*<${acknowledgeLink}|Acknowledge>*`)).toBe(true);
  await tell({ type: 'slack', url: { url: receiver.url } }, message(...Array.from({ length: 50 }, () => long)));
  expect(receiver.told[1].json.blocks[0].text.text.length).toBeLessThanOrEqual(3000);
});

test('a URL that is a secret is never told, whatever goes wrong', async () => {
  receiver.answer = (told, response) => void response.writeHead(404).end(`nothing at ${receiver.url}${told.path}`);
  const url = `${receiver.url}/services/T000/B000/secret-part`;
  const answer = await send({ name: 'chat', channel: { type: 'slack', url: { env: 'EBB_TEST_URL' } } }, message(), {
    environment: { EBB_TEST_URL: url },
    timeoutMs: 5000,
    now: Date.now,
  });
  expect(answer).toMatchObject({ ok: false, status: 404, detail: 'status 404: nothing at [secret]' });
});

test('a variable that is gone from the environment is a failure that says so', async () => {
  const channel: Channel = { type: 'slack', url: { env: 'EBB_TEST_GONE' } };
  expect(await tell(channel, message())).toMatchObject({ ok: false, detail: 'the environment has no EBB_TEST_GONE' });
});
