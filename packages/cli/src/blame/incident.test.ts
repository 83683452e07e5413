// From an incident of a server to the commits, and back to the incident.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer, type Server } from '@ebb/server';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { runCommandLine } from '../command-line.ts';
import { loginLine, shopHistory, type ShopHistory } from '../fixtures/shop-history.ts';
import { ServerClient } from '../remote/server-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-blame-'));
let server: Server;
let client: ServerClient;
let shop: ShopHistory;
beforeAll(async () => {
  shop = shopHistory();
  server = await startServer({ database: { directory: folder }, port: 0 });
  const token = server.firstTokens?.admin ?? '';
  client = new ServerClient(new URL(server.url), token);
  const attributes = (values: Record<string, string>): object[] =>
    Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }));
  const point = { timeUnixNano: `${Date.now()}000000`, asInt: '1', attributes: attributes({ 'ebb.verdict': 'leak' }) };
  const resource = { attributes: attributes({ 'service.name': 'shop', 'service.instance.id': 'a' }) };
  const scopeMetrics = [{ metrics: [{ name: 'ebb.verdict', gauge: { dataPoints: [point] } }] }];
  await client.send('POST', '/v1/metrics', { resourceMetrics: [{ resource, scopeMetrics }] });
  while (((await client.get('/api/v1/incidents')) as unknown[]).length === 0)
    await new Promise((resolve) => setTimeout(resolve, 100));
}, 60_000);
beforeEach(() => {
  vi.stubEnv('EBB_SERVER', server.url);
  vi.stubEnv('EBB_TOKEN', server.firstTokens?.admin ?? '');
});
afterAll(async () => {
  await server.close();
  shop.repository.remove();
  rmSync(folder, { recursive: true });
});

async function blame(...args: string[]): Promise<number> {
  const streams = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write')];
  for (const stream of streams) stream.mockImplementation(() => true);
  try {
    return await runCommandLine(['deploy', 'blame', '--incident', '1', '--repo', shop.repository.folder, ...args]);
  } finally {
    for (const stream of streams) stream.mockRestore();
  }
}

test('an incident without a place in the code is refused; with one, its commits stand with it', async () => {
  await expect(blame()).rejects.toMatchObject({ code: 'EBB_CLI_BLAME_REPORT' });
  const location = { file: '/app/src/session-store.ts', line: loginLine, repoPath: 'src/session-store.ts' };
  const finding = {
    ...{
      fingerprint: '7f3a91c20b4d',
      verdict: 'leak',
      kind: 'collection',
      title: 'sessions grows',
      subject: 'sessions',
    },
    ...{ holder: { type: 'Map', name: 'SessionStore.sessions', location: null }, insertedAt: location },
  };
  await client.send('POST', '/api/v1/findings', { service: 'shop', version: '1.1', findings: [finding] });
  expect(await blame('--from', '1.0', '--to', '1.1')).toBe(0);
  const { commits } = (await client.get('/api/v1/incidents/1/commits')) as {
    commits: { commits: { commit: string; url: string; pullRequest: { number: number } }[]; owners: string[] };
  };
  expect(commits.owners).toEqual(['@acme/identity']);
  expect(commits.commits[0]).toMatchObject({
    commit: shop.commits.login,
    pullRequest: { number: 14, url: 'https://git.example.com/acme/shop/pull/14' },
  });
  const { timeline } = (await client.get('/api/v1/incidents/1')) as { timeline: { kind: string; text: string }[] };
  expect(timeline.find(({ kind }) => kind === 'commit')?.text).toMatch(/\(Sessions are kept \(#14\)\).* by Bela/u);
});
