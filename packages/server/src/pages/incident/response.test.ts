// The part of an incident's page on what can be done: a plan first, then the order, and what came of it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { otlpJson } from '../../fixtures/reports.ts';
import { startTestServer, type TestServer } from '../../fixtures/test-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-response-page-'));
let server: TestServer;
let cookie: string;
beforeAll(async () => {
  const responseFile = join(folder, 'response.yaml');
  writeFileSync(
    responseFile,
    'services: [{ match: { service: shop }, allow: [restart, rollback, switch-off], least_serving: 1 }]',
  );
  server = await startTestServer({ responseFile });
  const body = otlpJson(Date.now(), { service: 'shop', verdict: 'leak' });
  await server.send('POST', '/v1/metrics', { body, token: server.agent });
  while ((await server.send('GET', '/api/v1/incidents')).json.length === 0)
    await new Promise((resolve) => setTimeout(resolve, 50));
  const login = await fetch(`${server.url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: server.url },
    body: new URLSearchParams({ token: server.admin }),
  });
  cookie = login.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ');
}, 60_000);
afterAll(async () => {
  await server.remove();
  rmSync(folder, { recursive: true });
});

async function page(path: string, form?: Record<string, string>): Promise<{ status: number; text: string }> {
  const answer = await fetch(server.url + path, {
    redirect: 'manual',
    headers: { cookie, origin: server.url },
    ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
  });
  const text = (await answer.text()).replace(/\s+/g, ' ');
  return { status: answer.status, text };
}
const runner = { runner: 'host-1', service: 'shop', kinds: ['restart', 'switch-off'], executor: 'command flags' };

test('nothing can be ordered before a plan was shown, and the plan says what speaks against it', async () => {
  const { text } = await page('/incidents/1');
  expect(text).toContain('Switch off a flag: what would it do?');
  expect(text).not.toContain('Roll forward');
  expect(text).not.toContain('Order it');
  const refused = await page('/incidents/1?plan=switch-off&subject=%3Cb%3Enew');
  expect(refused.text).toContain('switch off &#60;b&#62;new of shop, by nobody yet');
  expect(refused.text).toMatch(/nobody who could do it was heard of/);
  expect(refused.text).not.toContain('Order it');
  expect((await page('/incidents/1?plan=shed&subject=x')).text).not.toContain('nothing is done yet');
});

test('an order, its steps, who ordered it and what came of it stand there', async () => {
  await server.send('POST', '/api/v1/actions/next', { body: runner });
  expect((await page('/incidents/1?plan=switch-off&subject=new-sessions')).text).toContain('Order it');
  const order = { kind: 'switch-off', subject: 'new-sessions', why: 'it leaks <i>' };
  expect((await page('/incidents/1/actions', order)).status).toBe(303);
  const again = await page('/incidents/1/actions', order);
  expect(again.text).toContain('action 1 (switch-off) of shop is not over');
  const { json } = await server.send('POST', '/api/v1/actions/next', { body: runner });
  expect(json).toMatchObject({ id: 1, subject: 'new-sessions', steps: [] });
  const told = {
    runner: 'host-1',
    steps: [{ oldPid: null, newPid: null, leastServing: null, text: 'asked the flags' }],
  };
  await server.send('POST', '/api/v1/actions/1/progress', { body: told });
  const { text } = await page('/incidents/1');
  expect(text).toContain('Ordered');
  expect(text).toContain('by first admin: it leaks &#60;i&#62;');
  expect(text).toContain('asked the flags');
  expect(text).toContain('Stop it');
  expect((await page('/incidents/1/actions/1/stop', {})).status).toBe(303);
  expect((await page('/incidents/1')).text).toContain('It is to stop: cancelled by first admin');
  const end = { runner: 'host-1', ok: true, outcome: 'the command ended with 0: off' };
  await server.send('POST', '/api/v1/actions/1/end', { body: end });
  const over = await page('/incidents/1');
  expect(over.text).toContain('the command ended with 0: off');
  expect(over.text).not.toContain('Stop it');
  const { steps } = (await server.send('GET', '/api/v1/actions/1')).json;
  expect(steps).toMatchObject([{ oldPid: null, newPid: null, leastServing: null }]);
});

test('that it can be resolved is suggested only where the last thing that was done is proven to have helped', async () => {
  const proof = {
    ...{ result: 'proven', byMs: 1, won: null, before: { value: 9, low: 8, high: 10 }, after: null },
    ...{ requestsAreBack: true, suggestsResolving: true, sentence: 'the switch-off of <new> helped' },
  };
  const prove = async (told: object): Promise<string> => {
    const database = new DatabaseSync(join(server.directory, 'ebb.sqlite'));
    // Decided, so that the server does not look at it again.
    const write = database.prepare('update actions set proof = ?, proof_over = 1');
    write.run(JSON.stringify({ ...proof, ...told }));
    database.close();
    return (await page('/incidents/1')).text;
  };
  expect((await page('/incidents/1')).text).not.toContain('It can be resolved');
  const text = await prove({});
  expect(text).toContain('It can be resolved: the switch-off of &#60;new&#62; helped');
  expect((await server.send('GET', '/api/v1/actions/1')).json.proof).toEqual(proof);
  const still = { result: 'refuted', suggestsResolving: false, sentence: 'it did not help' };
  const refuted = await prove(still);
  expect(refuted).toContain('it did not help');
  expect(refuted).not.toContain('It can be resolved');
});
