import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { otlpJson } from './fixtures/reports.ts';
import { startTestServer, type TestServer } from './fixtures/test-server.ts';
import { checkNode, startServer } from './server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ limits: { refusalsPerMinute: 5 } });
});
afterAll(async () => await server.remove());

test('it listens on loopback only, keeps its file to itself, and is well', async () => {
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(statSync(server.databasePlace).mode & 0o777).toBe(0o600);
  const opened = new DatabaseSync(server.databasePlace, { readOnly: true });
  expect(opened.prepare('pragma journal_mode').get()).toEqual({ journal_mode: 'wal' });
  opened.close();
  const { status, json, headers } = await server.send('GET', '/api/v1/health', { token: '' });
  expect([status, json]).toEqual([200, { status: 'ok', version: '0.1.0' }]);
  expect(headers.get('content-security-policy')).toContain("default-src 'self'");
  expect(headers.get('x-content-type-options')).toBe('nosniff');
});

// All of 127.0.0.0/8 is this machine there: a server that listens everywhere is reached by the second address, too.
test.skipIf(process.platform !== 'linux')('it is reached by loopback only, unless it is told otherwise', async () => {
  const reaches = async (port: string): Promise<boolean> =>
    await new Promise((resolve) => {
      const socket = connect(Number(port), '127.0.0.2', () => {
        socket.destroy();
        resolve(true);
      }).on('error', () => resolve(false));
    });
  expect(await reaches(new URL(server.url).port)).toBe(false);
  const everywhere = await startTestServer({ host: '0.0.0.0' });
  expect(await reaches(new URL(everywhere.url).port)).toBe(true);
  await everywhere.remove();
});

test('a connection on which nothing came does not keep a server from stopping', async () => {
  const other = await startTestServer();
  const socket = connect(Number(new URL(other.url).port), '127.0.0.1');
  const ended = new Promise((resolve) => socket.once('close', resolve));
  await new Promise((resolve) => socket.once('connect', resolve));
  // The server has seen it, too, once it has answered somebody else.
  await other.send('GET', '/api/v1/health');
  await other.remove();
  await ended;
});

test('tokens are made once; a start on what is there makes none', async () => {
  const { admin } = server;
  expect(admin).toMatch(/^ebb_admin_[\w-]{32}$/);
  const again = await startServer({ database: { directory: server.directory }, port: 0 });
  expect(again.firstTokens).toBeNull();
  const response = await fetch(`${again.url}/api/v1/tokens`, { headers: { authorization: `Bearer ${admin}` } });
  expect(response.status).toBe(200);
  await again.close();
});

test('an admin makes tokens and revokes them, and both stand in the audit log with what was refused', async () => {
  const made = await server.send('POST', '/api/v1/tokens', { body: { name: 'ci', role: 'viewer' } });
  expect(made.status).toBe(201);
  const { token, info } = made.json;
  expect((await server.send('GET', '/api/v1/intake', { token })).status).toBe(200);
  expect((await server.send('GET', '/api/v1/tokens', { token })).status).toBe(403);
  expect((await server.send('DELETE', `/api/v1/tokens/${info.id}`)).status).toBe(204);
  expect((await server.send('GET', '/api/v1/intake', { token })).status).toBe(401);
  const { json } = await server.send('GET', '/api/v1/audit');
  expect(json.map(({ actor, action }: { actor: string; action: string }) => [actor, action])).toEqual([
    ['unknown', 'access.refuse'],
    ['first admin', 'token.revoke'],
    ['ci', 'access.refuse'],
    ['first admin', 'token.create'],
  ]);
  expect(JSON.stringify(json)).not.toContain(token);
});

test.each([
  ['{"name":"x","role":"king"}', 400],
  ['{"name":"","role":"viewer"}', 400],
  ['{"name":"x","role":"viewer","more":1}', 400],
  ['{', 400],
])('a token as in %s is refused', async (body, status) => {
  const answer = await server.send('POST', '/api/v1/tokens', { body });
  expect(answer.status).toBe(status);
  expect(answer.json).toMatchObject({ code: 'EBB_SERVER_BAD_REQUEST', next: expect.any(String) });
});

test('a token that would be over already is not made', async () => {
  const body = { name: 'old', role: 'viewer', expiresMs: Date.now() - 1 };
  expect(await server.send('POST', '/api/v1/tokens', { body })).toMatchObject({
    status: 400,
    json: { code: 'EBB_SERVER_BAD_REQUEST', message: expect.stringContaining(`${body.expiresMs} is over already`) },
  });
});

test('what does not exist is told as an answer like the others', async () => {
  expect(await server.send('GET', '/nowhere')).toMatchObject({ status: 404, json: { code: 'EBB_SERVER_NOT_FOUND' } });
});

test('who guesses tokens is slowed down, who has one is not', async () => {
  const statuses = [];
  for (let i = 0; i < 8; i++)
    statuses.push((await server.send('GET', '/api/v1/tokens', { token: `guess${i}` })).status);
  expect(statuses.at(-1)).toBe(429);
  expect((await server.send('GET', '/api/v1/tokens')).status).toBe(200);
});

test('telemetry of many processes through one proxy is not held up by what an address may ask besides', async () => {
  const small = await startTestServer({ limits: { requestsPerMinute: 3, reportsPerMinute: 6 } });
  try {
    const send = async (method: string, path: string, body?: unknown): Promise<number> =>
      (await small.send(method, path, { token: small.agent, ...(body === undefined ? {} : { body }) })).status;
    const reports = [];
    for (let at = 0; at < 7; at++) reports.push(await send('POST', '/v1/metrics', otlpJson(Date.now())));
    expect(reports).toEqual([200, 200, 200, 200, 200, 200, 429]);
    const asked = [];
    for (let at = 0; at < 4; at++) asked.push(await send('GET', '/api/v1/health'));
    expect(asked).toEqual([200, 200, 200, 429]);
  } finally {
    await small.remove();
  }
});

describe('a start that cannot be', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ebb-server-start-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('on a folder that is a file says so', async () => {
    const directory = join(folder, 'file');
    writeFileSync(directory, '');
    await expect(startServer({ database: { directory }, port: 0 })).rejects.toMatchObject({
      code: 'EBB_SERVER_DATA_DIRECTORY',
      exitCode: 2,
    });
  });

  test('on a port that is taken says so, and leaves nothing open', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(startServer({ database: { directory: join(folder, 'data') }, port })).rejects.toMatchObject({
      code: 'EBB_SERVER_LISTEN',
    });
    other.close();
  });

  test.each([
    ['no url', 'is no URL'],
    ['mysql://root@localhost/x', "begins with 'mysql:'"],
    ['postgres://me:secret@127.0.0.1:1/x', 'cannot be used'],
  ])('on the database %s says so, without its password', async (url, said) => {
    const error = await startServer({ database: { url }, port: 0 }).then(
      () => new Error('it started'),
      (reason: unknown) => reason as Error,
    );
    expect(error).toMatchObject({ code: 'EBB_SERVER_DATABASE', message: expect.stringContaining(said) });
    expect(error.message).not.toContain('secret');
  });

  test('on an old Node.js says which one it needs', () => {
    for (const version of ['20.20.2', '22.12.0']) {
      expect(() => checkNode(version)).toThrow(`needs Node.js 22.13 or later; this is ${version}`);
    }
    for (const version of ['22.13.0', '24.0.0', '26.0.0']) checkNode(version);
  });
});
