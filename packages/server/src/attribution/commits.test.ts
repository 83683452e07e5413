import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../fixtures/test-server.ts';
import type { ToldCommits } from './commits.ts';

let server: TestServer;
let incident: number;
const attributes = (values: Record<string, string>): object[] =>
  Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }));
beforeAll(async () => {
  server = await startTestServer();
  const point = { timeUnixNano: `${Date.now()}000000`, asInt: '1', attributes: attributes({ 'ebb.verdict': 'leak' }) };
  const resource = { attributes: attributes({ 'service.name': 'shop', 'service.instance.id': 'a' }) };
  const scopeMetrics = [{ metrics: [{ name: 'ebb.verdict', gauge: { dataPoints: [point] } }] }];
  await server.send('POST', '/v1/metrics', {
    token: server.agent,
    body: { resourceMetrics: [{ resource, scopeMetrics }] },
  });
  for (;;) {
    const { json } = await server.send('GET', '/api/v1/incidents');
    if (json.length > 0) {
      incident = json[0].id as number;
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}, 60_000);
afterAll(async () => {
  await server.remove();
});

const told = (subject: string): ToldCommits => ({
  from: { name: '1.0', commit: 'aaaaaaa1' },
  to: { name: '1.1', commit: 'bbbbbbb2' },
  places: [{ path: 'src/session-store.ts', line: 57 }],
  package: null,
  owners: ['@acme/identity'],
  notes: ['the clone is shallow'],
  commits: [
    {
      ...{ commit: 'bbbbbbb2bbbbbbb2', subject, author: 'Amina <b>', coAuthors: ['Otieno'], committedMs: 1.77e12 },
      ...{ reasons: ['wrote the line that adds to it'], isBetween: true, url: 'https://git.example.com/c/bbbbbbb2' },
      pullRequest: { number: 12, url: 'https://git.example.com/p/12', mergedBy: 'Grace' },
    },
  ],
});

test('commits stand with the incident: in the API, on its page and timeline, and in the postmortem', async () => {
  const path = `/api/v1/incidents/${incident}/commits`;
  expect((await server.send('GET', path)).json).toEqual({ commits: null });
  const body = told('Sessions are kept');
  expect((await server.send('PUT', path, { body })).status).toBe(204);
  expect((await server.send('PUT', path, { body })).status).toBe(204);
  expect((await server.send('GET', path)).json).toEqual({ commits: body });
  const { json } = await server.send('GET', `/api/v1/incidents/${incident}`);
  const events = json.timeline.filter(({ kind }: { kind: string }) => kind === 'commit');
  const sentence =
    'commit bbbbbbb2bbbb (Sessions are kept), 2026-02-02 02:40 UTC by Amina <b>, Otieno, pull request #12: wrote the line that adds to it; @acme/identity owns it';
  expect(events).toMatchObject([{ text: sentence, actor: 'first admin' }]);
  const postmortem = await server.send('GET', `/api/v1/incidents/${incident}/postmortem.md`);
  expect(postmortem.text).toMatch(/\*\*Commit:\*\* commit bbbbbbb2bbbb .*pull request #12/u);
});

test('another order of commits is another entry, and who only reads tells none', async () => {
  const path = `/api/v1/incidents/${incident}/commits`;
  const viewer = await server.tokenOf('viewer');
  expect((await server.send('PUT', path, { body: told('x'), token: viewer })).status).toBe(403);
  expect((await server.send('PUT', path, { body: told('Logging out') })).status).toBe(204);
  const { json } = await server.send('GET', `/api/v1/incidents/${incident}`);
  expect(json.timeline.filter(({ kind }: { kind: string }) => kind === 'commit')).toHaveLength(2);
  expect((await server.send('PUT', '/api/v1/incidents/999/commits', { body: told('x') })).status).toBe(404);
});

test.each([
  ['an address that is a script', { url: 'javascript:alert(1)' }],
  ['no hash', { commit: '--output=x' }],
  ['a subject without an end', { subject: 'x'.repeat(501) }],
])('%s is refused', async (_, wrong) => {
  const whole = told('x');
  const body = { ...whole, commits: [{ ...whole.commits[0], ...wrong }] };
  const { status, json } = await server.send('PUT', `/api/v1/incidents/${incident}/commits`, { body });
  expect([status, json.code]).toEqual([400, 'EBB_SERVER_BAD_REQUEST']);
});
