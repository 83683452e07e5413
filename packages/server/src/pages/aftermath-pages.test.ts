// What comes after an incident, as any reader gets it: action items and the review on the postmortem's page, and the numbers.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tellOfCheckout } from '../fixtures/fleet.ts';
import { otlpJson } from '../fixtures/reports.ts';
import { startTestServer, type TestServer } from '../fixtures/test-server.ts';

let server: TestServer;
let cookie = '';
let page = '';
beforeAll(async () => {
  server = await startTestServer();
  await server.send('POST', '/v1/metrics', {
    body: otlpJson(Date.now(), { service: '<b>checkout</b>', verdict: 'leak' }),
    token: server.agent,
  });
  await tellOfCheckout(server.url, server.agent);
  // The one of which nothing was found.
  for (let id: number | undefined; id === undefined; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const incidents = (await server.send('GET', '/api/v1/incidents')).json as { id: number; summary: string }[];
    id = incidents.find(({ summary }) => summary.startsWith('<b>checkout</b>'))?.id;
    page = `/incidents/${id}/postmortem`;
  }
  const { headers } = await visit('/login', { token: server.admin });
  cookie = headers.get('set-cookie')?.split(';')[0] ?? '';
});
afterAll(async () => await server.remove());

async function visit(
  path: string,
  form?: Record<string, string>,
): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await fetch(server.url + path, {
    redirect: 'manual',
    method: form === undefined ? 'GET' : 'POST',
    headers: { cookie, 'sec-fetch-site': 'same-origin' },
    ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}
/** What of a page a reader sees, in one line. */
const words = (html: string): string =>
  html
    .replace(/^.*<main/s, '<main')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#(\d+);/g, (_all, code) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, ' ');
const dayMs = 86_400_000;
const day = (days: number): string => new Date(Date.now() + days * dayMs).toISOString().slice(0, 10);

test('an action item is added, changed, refused without a proof, and dropped on the page; names stay text', async () => {
  const item = { kind: 'test', title: '<script>catch</script> *it*', owner: 'ada', due: day(20), tracker: '' };
  const missing = await visit(`${page}/action-items`, { ...item, fingerprint: '' });
  expect([missing.status, words(missing.text)]).toEqual([400, expect.stringContaining('name a fingerprint')]);
  expect((await visit(`${page}/action-items`, { ...item, fingerprint: 'f' })).status).toBe(303);
  const added = await visit(page);
  expect(words(added.text)).toContain(
    `open <script>catch</script> *it* 1: a memory test (ebb test), ada, until ${day(20)} f`,
  );
  expect(added.text).not.toContain('<script>catch');
  expect(
    (await visit(`${page}/action-items/1`, { owner: 'eve', due: day(9), tracker: 'https://t.example/1' })).status,
  ).toBe(303);
  expect(words((await visit(page)).text)).toContain(`eve, until ${day(9)}, tracker`);
  const document = JSON.stringify({ format: 'ebb.test/1', verdict: 'clean' });
  const refused = await visit(`${page}/action-items/1/proof`, { document });
  expect([refused.status, words(refused.text)]).toEqual([409, expect.stringContaining('item 1 stays open')]);
  const noJson = await visit(`${page}/action-items/1/proof`, { document: 'done' });
  expect([noJson.status, words(noJson.text)]).toEqual([400, expect.stringContaining('is no JSON')]);
  expect((await visit(`${page}/action-items/1/drop`, { why: 'the code is gone' })).status).toBe(303);
  expect(words((await visit(page)).text)).toContain('dropped <script>catch');
});

test('the review is set, moved and dropped on the page, and says whom it invites', async () => {
  const told = { starts: `${day(2)}T10:00`, minutes: '45', attendees: 'ada@example.com, eve@example.org' };
  const wrong = await visit(`${page}/review`, { ...told, attendees: 'ada' });
  expect([wrong.status, words(wrong.text)]).toEqual([400, expect.stringContaining("'ada' is no address")]);
  expect((await visit(`${page}/review`, told)).status).toBe(303);
  expect(words((await visit(page)).text)).toContain(
    `${day(2)} 10:00 UTC, 45 minutes; invited: ada@example.com, eve@example.org`,
  );
  expect((await visit(`${page}/review`, { ...told, starts: 'soon' })).status).toBe(400);
  expect((await visit(`${page}/review/drop`, { why: ' ' })).status).toBe(400);
  expect((await visit(`${page}/review/drop`, { why: '<b>no time</b>' })).status).toBe(303);
  const { text } = await visit(page);
  expect(words(text)).toContain('It is dropped: <b>no time</b>');
  expect(text).not.toContain('<b>no time</b>');
  const calendar = await visit(`/api/v1${page}/review.ics`);
  expect(calendar.text).toContain('METHOD:CANCEL');
  expect((await visit(`${page}/review`, told)).status).toBe(303);
  expect(words((await visit(page)).text)).not.toContain('It is dropped');
});

test('the numbers stand by service, with what is still to be done', async () => {
  await visit(`${page}/action-items`, {
    kind: 'lint',
    title: 'find it',
    owner: '',
    due: '',
    tracker: '',
    fingerprint: 'g',
  });
  const { status, text } = await visit('/incidents/numbers?days=30');
  const told = words(text);
  expect([status, told]).toEqual([200, expect.stringMatching(/\d+ incidents? in 30 days/)]);
  expect(told).toContain('By service');
  expect(told).toContain('<b>checkout</b>');
  expect(text).not.toContain('<b>checkout');
  expect(told).toMatch(/Action items that are open .*find it lint, nobody has it, until/);
  expect((await visit('/incidents/numbers?days=0')).status).toBe(400);
});
