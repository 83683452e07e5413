// One suite for both databases: users, sessions, and what ends them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { emptyPlaces, engines } from '../fixtures/empty-places.ts';
import { follow } from '../fixtures/follow.ts';
import { startTestServer, type Answer, type TestServer } from '../fixtures/test-server.ts';

describe.each(engines)('on %s', (engine) => {
  const emptyPlace = emptyPlaces(engine);
  let nowMs = Date.UTC(2026, 10, 21);
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({
      ...{ database: emptyPlace(), now: () => nowMs, limits: { logInsPerMinute: 100, refusalsPerMinute: 1000 } },
    });
  });
  afterAll(async () => await server.remove());

  const password = 'correct horse battery';
  const own = { 'sec-fetch-site': 'same-origin' };
  const logIn = async (body: object, headers: Record<string, string> = own): Promise<Answer> =>
    await server.send('POST', '/api/v1/session', { body, token: '', headers });
  const cookieOf = (answer: Answer): string => answer.headers.get('set-cookie')?.split(';')[0] ?? '';
  const addUser = async (name: string, role: string): Promise<{ id: number }> =>
    (await server.send('POST', '/api/v1/users', { body: { name, role, password } })).json;
  const withCookie = async (
    method: string,
    path: string,
    cookie: string,
    headers: Record<string, string> = own,
  ): Promise<Answer> => await server.send(method, path, { token: '', headers: { cookie, ...headers } });

  test('the first admin logs in with the token of the first run, adds a user, and the user logs in', async () => {
    const first = cookieOf(await logIn({ token: server.admin }));
    expect((await withCookie('GET', '/api/v1/session', first)).json).toMatchObject({
      name: 'first admin',
      role: 'admin',
    });
    const added = await server.send('POST', '/api/v1/users', {
      token: '',
      headers: { cookie: first, ...own },
      body: { name: 'Ada', role: 'responder', password },
    });
    expect([added.status, added.json]).toEqual([201, { id: 1, name: 'ada', role: 'responder', createdMs: nowMs }]);
    const answer = await logIn({ name: 'ADA', password });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('set-cookie')).toMatch(
      /^ebb_session=[\w-]{32}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Lax$/,
    );
    expect((await withCookie('GET', '/api/v1/services', cookieOf(answer))).status).toBe(200);
    expect((await withCookie('GET', '/api/v1/users', cookieOf(answer))).status).toBe(403);
    expect(
      (await server.send('POST', '/api/v1/users', { body: { name: 'ada', role: 'viewer', password } })).status,
    ).toBe(409);
  });

  test('a wrong password, an unknown name and a wrong token are refused in the same words, and audited without what was typed', async () => {
    await addUser('bob', 'viewer');
    const wrong = await logIn({ name: 'bob', password: 'hunter2 hunter2' });
    const unknown = await logIn({ name: 'my secret password', password: 'hunter2 hunter2' });
    expect([wrong.status, wrong.json.code]).toEqual([401, 'EBB_SERVER_LOG_IN']);
    expect(unknown.json).toEqual(wrong.json);
    expect((await logIn({ token: 'ebb_admin_x' })).status).toBe(401);
    expect((await logIn({ token: server.agent })).status).toBe(403);
    const log = (await server.send('GET', '/api/v1/audit')).json as { actor: string; action: string; detail: string }[];
    const refused = log.filter(({ action }) => action === 'access.refuse').map(({ actor, detail }) => [actor, detail]);
    expect(refused.slice(0, 4)).toEqual([
      ['first agent', 'log-in with the token of an agent, from 127.0.0.1'],
      ['unknown token', 'log-in with a wrong token, from 127.0.0.1'],
      ['unknown name', 'log-in with a wrong password, from 127.0.0.1'],
      ['bob', 'log-in with a wrong password, from 127.0.0.1'],
    ]);
    expect(JSON.stringify(log)).not.toMatch(/secret|hunter2/);
  });

  test('who guesses at one name is slowed down, and told for how long; other names are not', async () => {
    const slow = await startTestServer({ limits: { logInsPerMinute: 2 } });
    const attempt = async (name: string): Promise<Answer> =>
      await slow.send('POST', '/api/v1/session', { body: { name, password }, token: '' });
    const statuses = [(await attempt('eve')).status, (await attempt('EVE')).status];
    const late = await attempt('eve');
    expect([...statuses, late.status]).toEqual([401, 401, 429]);
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await attempt('flo')).status).toBe(401);
    await slow.remove();
  });

  test('a session ends when it is not used for a day, and after a week in any case', async () => {
    await addUser('gil', 'viewer');
    const hourMs = 3_600_000;
    const start = nowMs;
    const idle = cookieOf(await logIn({ name: 'gil', password }));
    const used = cookieOf(await logIn({ name: 'gil', password }));
    const watched = cookieOf(await logIn({ name: 'gil', password }));
    for (let hours = 20; hours < 7 * 24; hours += 20) {
      nowMs = start + hours * hourMs;
      expect((await withCookie('GET', '/api/v1/services', used)).status).toBe(200);
      // What a page asks for by itself keeps no session.
      const byItself = await withCookie('GET', '/api/v1/services', watched, { ...own, 'ebb-background': '1' });
      expect(byItself.status).toBe(hours < 24 ? 200 : 401);
    }
    expect((await withCookie('GET', '/api/v1/services', idle)).status).toBe(401);
    nowMs = start + 7 * 24 * hourMs;
    expect((await withCookie('GET', '/api/v1/services', used)).status).toBe(401);
  });

  test('a token ends at its time: for who reads, who sends, who follows, and who logged in with it', async () => {
    const expiresMs = nowMs + 60_000;
    const made = async (role: string): Promise<string> =>
      (await server.send('POST', '/api/v1/tokens', { body: { name: `short ${role}`, role, expiresMs } })).json.token;
    const [viewer, agent] = [await made('viewer'), await made('agent')];
    const cookie = cookieOf(await logIn({ token: viewer }));
    const follower = await follow(server.url, { authorization: `Bearer ${viewer}` });
    await follower.until(({ event }) => event === 'hello');
    const statuses = async (): Promise<number[]> => [
      (await server.send('GET', '/api/v1/services', { token: viewer })).status,
      (await server.send('POST', '/v1/metrics', { token: agent, body: { resourceMetrics: [] } })).status,
      (await withCookie('GET', '/api/v1/services', cookie)).status,
    ];
    nowMs = expiresMs - 1;
    expect(await statuses()).toEqual([200, 200, 200]);
    nowMs = expiresMs;
    expect(await statuses()).toEqual([401, 401, 401]);
    const { data } = await follower.until(({ event }) => event === 'end');
    expect(data).toMatchObject({ code: 'EBB_SERVER_UNAUTHORIZED' });
    await follower.ended;
  });

  test('a session ends by logging out, by another password, with its user, and with its token', async () => {
    const { id } = await addUser('hal', 'viewer');
    const alive = async (cookie: string): Promise<number> =>
      (await withCookie('GET', '/api/v1/services', cookie)).status;
    const out = cookieOf(await logIn({ name: 'hal', password }));
    const left = await withCookie('DELETE', '/api/v1/session', out);
    expect([left.status, left.headers.get('set-cookie')]).toEqual([204, expect.stringContaining('Max-Age=0')]);
    expect(await alive(out)).toBe(401);
    const before = cookieOf(await logIn({ name: 'hal', password }));
    await server.send('PUT', `/api/v1/users/${id}/password`, { body: { password: 'another long one' } });
    expect(await alive(before)).toBe(401);
    const after = cookieOf(await logIn({ name: 'hal', password: 'another long one' }));
    expect(await alive(after)).toBe(200);
    expect((await server.send('DELETE', `/api/v1/users/${id}`)).status).toBe(204);
    expect(await alive(after)).toBe(401);
    const made = (await server.send('POST', '/api/v1/tokens', { body: { name: 'wall', role: 'viewer' } })).json;
    const wall = cookieOf(await logIn({ token: made.token }));
    expect(await alive(wall)).toBe(200);
    await server.send('DELETE', `/api/v1/tokens/${made.info.id}`);
    expect(await alive(wall)).toBe(401);
  });

  test('a page of another site can do nothing with the cookie, nor log anybody in', async () => {
    await addUser('ivy', 'admin');
    const cookie = cookieOf(await logIn({ name: 'ivy', password }));
    const make = async (headers: Record<string, string>): Promise<Answer> =>
      await server.send('POST', '/api/v1/tokens', {
        body: { name: 'x', role: 'viewer' },
        token: '',
        headers: { cookie, ...headers },
      });
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      {},
    ] as Record<string, string>[]) {
      expect(await make(headers)).toMatchObject({ status: 403, json: { code: 'EBB_SERVER_CROSS_ORIGIN' } });
    }
    expect((await make(own)).status).toBe(201);
    expect((await make({ origin: server.url })).status).toBe(201);
    expect((await logIn({ name: 'ivy', password }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    const [latest] = (await server.send('GET', '/api/v1/audit')).json;
    expect(latest.detail).not.toContain('evil');
  });

  test('behind a proxy with TLS the cookie is sent by https only', async () => {
    const answer = await logIn({ token: server.admin }, { ...own, 'x-forwarded-proto': 'https' });
    expect(answer.headers.get('set-cookie')).toMatch(/^__Host-ebb_session=.*; Secure$/);
    const cookie = cookieOf(answer);
    const proxied = { ...own, 'x-forwarded-proto': 'https' };
    expect((await withCookie('GET', '/api/v1/session', cookie, proxied)).status).toBe(200);
    const known = await startTestServer({ publicUrl: new URL('https://ebb.example.com') });
    const there = await known.send('POST', '/api/v1/session', {
      body: { token: known.admin },
      token: '',
      headers: { origin: 'https://ebb.example.com' },
    });
    expect(there.headers.get('set-cookie')).toContain('; Secure');
    await known.remove();
  });

  test.each([
    [{ name: 'x', role: 'agent', password }],
    [{ name: '<b>', role: 'viewer', password }],
    [{ name: 'x', role: 'viewer', password: 'too short' }],
    [{ name: 'x', role: 'viewer', password: 'x'.repeat(201) }],
  ])('a user as in %j is refused', async (body) => {
    expect(await server.send('POST', '/api/v1/users', { body })).toMatchObject({
      status: 400,
      json: { code: 'EBB_SERVER_BAD_REQUEST' },
    });
  });
});
