import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type Answer, type TestServer } from '../fixtures/test-server.ts';
import { readGithub } from './github.ts';

const secret = 'a secret of the webhook';
const sha = '4f2c1d0aa96e9b6bd1b7dd0d3f3f1c2b4a5d6e7f';
const nowMs = Date.UTC(2026, 10, 21, 12);
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ environment: { EBB_GITHUB_WEBHOOK_SECRET: secret }, now: () => nowMs });
});
afterAll(async () => await server.remove());

const event = (told: { state?: string; at?: string; ref?: string } = {}): object => ({
  deployment: { id: 1, sha, ref: told.ref ?? 'v1.2.0', environment: 'production', created_at: '2026-11-21T11:50:00Z' },
  ...(told.state === undefined
    ? {}
    : {
        deployment_status: {
          state: told.state,
          updated_at: told.at ?? '2026-11-21T11:55:00Z',
          log_url: 'https://github.com/a/b',
        },
      }),
  repository: { name: 'shop', full_name: 'acme/shop' },
});

async function send(body: object | string, headers: Record<string, string> = {}, query = ''): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const signature = `sha256=${createHmac('sha256', secret).update(text).digest('hex')}`;
  return await server.send('POST', `/api/v1/github${query}`, {
    body: text,
    token: '',
    headers: { 'x-hub-signature-256': signature, 'x-github-event': 'deployment_status', ...headers },
  });
}

const listed = async (): Promise<{ summary: string; version: string; revision: string; timeMs: number }[]> =>
  (await server.send('GET', '/api/v1/changes')).json;

test('a deployment that succeeded is a change, and sent again it is the same one', async () => {
  expect((await send(event({ state: 'success' }))).json).toEqual({ taken: true, isNew: true });
  expect((await send(event({ state: 'success' }), { 'x-github-delivery': 'another' })).json).toEqual({
    taken: true,
    isNew: false,
  });
  expect(await listed()).toMatchObject([
    {
      kind: 'deploy',
      summary: 'deployed v1.2.0 to production',
      version: '1.2.0',
      revision: sha,
      source: 'GitHub acme/shop',
      timeMs: Date.UTC(2026, 10, 21, 11, 55),
    },
  ]);
});

test('what has not succeeded, and a ping, are no changes', async () => {
  for (const body of [
    event(),
    event({ state: 'in_progress' }),
    event({ state: 'failure' }),
    { zen: 'Keep it simple.', hook_id: 1 },
  ])
    expect((await send(body)).json).toEqual({ taken: false, isNew: false });
});

test('a body that is forged, changed, unsigned or signed otherwise is refused', async () => {
  const body = JSON.stringify(event({ state: 'success', ref: 'main' }));
  const wrong = `sha256=${createHmac('sha256', 'guessed').update(body).digest('hex')}`;
  const sha1 = `sha1=${createHmac('sha1', secret).update(body).digest('hex')}`;
  for (const signature of [wrong, sha1, '', 'sha256=', `sha256=${'0'.repeat(63)}`])
    expect(await send(body, { 'x-hub-signature-256': signature })).toMatchObject({
      status: 401,
      json: { code: 'EBB_SERVER_SIGNATURE' },
    });
  const right = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  expect((await send(`${body} `, { 'x-hub-signature-256': right })).status).toBe(401);
  expect(await listed()).toHaveLength(1);
});

test('an old body, signed rightly and sent again after a day, is refused', async () => {
  const old = event({ state: 'success', at: '2026-11-20T11:55:00Z', ref: 'v1.1.0' });
  expect(await send(old)).toMatchObject({ status: 400, json: { message: /older than a day/ as unknown } } as never);
  const ahead = event({ state: 'success', at: '2026-11-22T11:55:00Z', ref: 'v1.3.0' });
  expect((await send(ahead)).status).toBe(400);
  for (const body of ['no json', '[]', '{"deployment":{}}', '{"deployment":null}'])
    expect((await send(body)).status).toBe(400);
});

test('any body is a change, none, or refused; what is stored of it is short and holds no zero', () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('success', 'v1.2', '2026-11-21T11:55:00Z', '\0', '__proto__', sha),
  );
  const value = fc.oneof(text, fc.jsonValue());
  const fields = (...names: string[]) =>
    fc.dictionary(fc.constantFrom(...names), value, { maxKeys: names.length }) as fc.Arbitrary<Record<string, unknown>>;
  const told = fc.record(
    {
      deployment: fields('sha', 'ref', 'environment', 'description').map((one) => ({ sha, ...one })),
      deployment_status: fields('log_url', 'target_url').map((one) => ({
        state: 'success',
        updated_at: '2026-11-21T11:55:00Z',
        ...one,
      })),
      repository: fields('name', 'full_name'),
    },
    { requiredKeys: [] },
  );
  let taken = 0;
  fc.assert(
    fc.property(fc.oneof(told, fc.jsonValue(), fc.string()), (body) => {
      const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
      try {
        const change = readGithub(bytes, { service: undefined, environment: undefined }, nowMs);
        if (change === null) return;
        taken += 1;
        expect(JSON.stringify(change)).not.toContain('\\u0000');
        expect(JSON.stringify(change).length).toBeLessThan(5000);
        for (const { href } of change.links) expect(href).toMatch(/^https?:/);
      } catch (error) {
        expect(error).toMatchObject({ code: 'EBB_SERVER_BAD_REQUEST' });
      }
    }),
    { numRuns: 1000 },
  );
  expect(taken).toBeGreaterThan(50);
});

test('the query says whose deployment it is', async () => {
  await send(
    event({ state: 'success', ref: 'main', at: '2026-11-21T11:58:00Z' }),
    {},
    '?service=checkout&environment=live',
  );
  expect((await listed()).find(({ summary }) => summary === 'deployed main to live')).toMatchObject({
    version: null,
    revision: sha,
  });
});

test('without a secret there are no webhooks', async () => {
  const other = await startTestServer({ environment: {} });
  expect(await other.send('POST', '/api/v1/github', { body: event({ state: 'success' }), token: '' })).toMatchObject({
    status: 404,
  });
  await other.remove();
});
