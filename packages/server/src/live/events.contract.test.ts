// What changes is told, whichever server took the report; on both databases.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { follow, type Follower } from '../fixtures/follow.ts';
import { startCluster, type Cluster } from '../fixtures/postgres.ts';
import { otlpJson } from '../fixtures/reports.ts';
import { startServer, type Server } from '../server.ts';
import { NewsReader } from '../store/news.ts';
import { openDatabase, type DatabasePlace } from '../store/database.ts';

describe.each(['sqlite', 'postgres'] as const)('on %s', (engine) => {
  let cluster: Cluster | undefined;
  const folder = mkdtempSync(join(tmpdir(), 'ebb-live-'));
  let place: DatabasePlace;
  let first: Server;
  let second: Server;
  let tokens: { admin: string; agent: string };
  beforeAll(async () => {
    if (engine === 'postgres') cluster = startCluster();
    place = cluster === undefined ? { directory: folder } : { url: cluster.makeDatabase() };
    first = await startServer({ database: place, port: 0, limits: { mostFollowers: 3 } });
    second = await startServer({ database: place, port: 0 });
    tokens = first.firstTokens ?? { admin: '', agent: '' };
  });
  afterAll(async () => {
    await first.close();
    await second.close();
    cluster?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const bearer = (token = tokens.admin): Record<string, string> => ({ authorization: `Bearer ${token}` });
  const followed = async (server: Server, headers: Record<string, string> = {}): Promise<Follower> =>
    await follow(server.url, { ...bearer(), ...headers });
  const report = async (server: Server, service: string, verdict: string): Promise<void> => {
    const response = await fetch(`${server.url}/v1/metrics`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer(tokens.agent) },
      body: JSON.stringify(otlpJson(Date.now(), { service, verdict })),
    });
    expect(response.status).toBe(200);
  };

  test('a verdict that one server takes is told by the other: the service, the change, the incident', async () => {
    const follower = await followed(second);
    expect(await follower.until(({ event }) => event === 'hello')).toMatchObject({ id: '0' });
    await report(first, 'shop', 'leak');
    const incident = await follower.until(({ event }) => event === 'incident');
    expect(incident.data).toMatchObject({
      kind: 'opened',
      incidentId: 1,
      text: expect.stringContaining('shop 1.0 leaks'),
    });
    const told = follower.heard.map(({ event }) => event);
    expect(told.indexOf('service')).toBeLessThan(told.indexOf('verdict'));
    const { data } = follower.heard.find(({ event }) => event === 'verdict') ?? { data: null };
    expect(data).toMatchObject({ serviceId: 1, processId: 1, verdict: 'leak', before: null });
    const service = follower.heard.find(({ event }) => event === 'service');
    expect(service?.data).toMatchObject({ id: 1, name: 'shop', verdict: 'leak', versions: [{ version: '1.0' }] });
    follower.close();
  });

  test('who comes back hears what was missed, from either server', async () => {
    const before = await followed(first);
    const { id } = await before.until(({ event }) => event === 'hello');
    before.close();
    await report(first, 'missed', 'native');
    for (const server of [first, second]) {
      const after = await followed(server, { 'last-event-id': id ?? '' });
      const change = await after.until(({ event, data }) => event === 'verdict' && data.verdict === 'native');
      expect(Number(change.id)).toBeGreaterThan(Number(id));
      expect(after.heard.map(({ event }) => event)).not.toContain('hello');
      after.close();
    }
  });

  test.each(['x', '999999', '-1'])(
    'who comes back from %s, which nobody knows, is told to read everything anew',
    async (id) => {
      const follower = await followed(first, { 'last-event-id': id });
      await follower.until(({ event }) => event === 'reset');
      follower.close();
      await follower.ended;
    },
  );

  test('a stream ends when its token is revoked, and says why', async () => {
    const made = await fetch(`${second.url}/api/v1/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer() },
      body: JSON.stringify({ name: 'wall', role: 'viewer' }),
    });
    const { token, info } = (await made.json()) as { token: string; info: { id: number } };
    const follower = await follow(second.url, bearer(token));
    await follower.until(({ event }) => event === 'hello');
    // By the other server.
    await fetch(`${first.url}/api/v1/tokens/${info.id}`, { method: 'DELETE', headers: bearer() });
    const end = await follower.until(({ event }) => event === 'end');
    expect(end.data.code).toBe('EBB_SERVER_UNAUTHORIZED');
    await follower.ended;
    expect((await follow(second.url, bearer(tokens.agent))).status).toBe(403);
  });

  test('so many follow at once and no more; who leaves makes room', async () => {
    const followers: Follower[] = [];
    while (followers.length < 3) {
      const next = await followed(first);
      if (next.status === 200) followers.push(next);
    }
    expect((await followed(first)).status).toBe(503);
    for (const one of followers) one.close();
    for (;;) {
      const next = await followed(first);
      next.close();
      if (next.status === 200) break;
    }
  });

  test('old changes are forgotten, the newest ten thousand are kept', async () => {
    const database = await openDatabase(place);
    const row = { kind: 'verdict' as const, service_id: 1, told: '{}' };
    for (let i = 0; i < 30; i++)
      await database.query
        .insertInto('news')
        .values(Array.from({ length: 400 }, () => row))
        .execute();
    const reader = new NewsReader(database.query);
    await reader.prune();
    const { oldest, newest } = await reader.bounds();
    expect([newest - oldest, newest >= 12_000]).toEqual([9999, true]);
    await database.close();
    const late = await followed(second, { 'last-event-id': '1' });
    await late.until(({ event }) => event === 'reset');
    late.close();
  });

  test('a server that is stopped ends the streams first', async () => {
    const third = await startServer({ database: place, port: 0 });
    const follower = await followed(third);
    await follower.until(({ event }) => event === 'hello');
    await third.close();
    expect(await follower.until(({ event }) => event === 'end')).toMatchObject({ data: { code: 'EBB_SERVER_BUSY' } });
    await follower.ended;
  });
});
