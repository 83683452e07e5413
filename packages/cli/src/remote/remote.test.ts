import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, expect, test } from 'vitest';
import { describeError } from '../errors/describe.ts';
import { addServerOptions, serverOf } from './server-flags.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function listening(answer: RequestListener): Promise<string> {
  const server: Server = createServer(answer).listen(0, '127.0.0.1');
  closing.push(() => server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}

async function refusedBy(asked: Promise<unknown>): Promise<{ text: string; exitCode: number }> {
  return await asked.then(
    () => expect.fail('nothing was refused'),
    (error: unknown) => describeError(error),
  );
}

test('asks with token and query, below a path of the address, and reads JSON', async () => {
  const server = await listening((request, response) => {
    response.end(JSON.stringify([request.method, request.url, request.headers.authorization]));
  });
  const client = serverOf({ server: `${server}/ebb` }, { EBB_TOKEN: 't0ken' });
  expect(await client.get('/api/v1/incidents', { state: 'open', limit: undefined })).toEqual([
    'GET',
    '/ebb/api/v1/incidents?state=open',
    'Bearer t0ken',
  ]);
});

test('sends JSON; no answer is undefined', async () => {
  const got: string[] = [];
  const server = await listening((request, response) => {
    void bodyOf(request).then((body) => {
      got.push(`${request.method ?? ''} ${request.headers['content-type'] ?? ''} ${body}`);
      response.writeHead(204).end();
    });
  });
  const client = serverOf({ server }, { EBB_TOKEN: 't' });
  expect(await client.send('POST', '/api/v1/x', { a: 1 })).toBeUndefined();
  expect(await client.send('DELETE', '/api/v1/x')).toBeUndefined();
  expect(got).toEqual(['POST application/json {"a":1}', 'DELETE  ']);
});

test("a server's refusal is told in its words, with exit code 2; its failure with 3", async () => {
  const server = await listening((request, response) => {
    response.writeHead(request.url === '/403' ? 403 : 503, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ code: 'EBB_SERVER_FORBIDDEN', message: 'a viewer cannot', next: 'ask an admin' }));
  });
  const client = serverOf({ server }, { EBB_TOKEN: 't' });
  expect(await refusedBy(client.get('/403'))).toEqual({
    text: 'ebb: a viewer cannot (EBB_SERVER_FORBIDDEN)\n     ask an admin',
    exitCode: 2,
  });
  expect(await refusedBy(client.get('/503'))).toMatchObject({ exitCode: 3 });
});

test.each([
  ['no JSON', 200, '<html>', 'EBB_CLI_SERVER_ANSWER'],
  ['an error that is none of Ebb', 502, '{"error":"bad gateway"}', 'EBB_CLI_SERVER_ANSWER'],
  ['a redirect', 302, '', 'EBB_CLI_SERVER_AWAY'],
])('%s as an answer', async (_, status, body, code) => {
  const server = await listening((_request, response) => response.writeHead(status, { location: '/x' }).end(body));
  const { text, exitCode } = await refusedBy(serverOf({ server }, { EBB_TOKEN: 't' }).get('/'));
  expect(text).toContain(code);
  expect(exitCode).toBe(3);
});

test('nobody who listens: the reason, and what to do', async () => {
  const server = await listening(() => undefined);
  closing.pop()?.();
  const { text } = await refusedBy(serverOf({ server }, { EBB_TOKEN: 't' }).get('/'));
  expect(text).toMatch(/does not answer: .*ECONNREFUSED/u);
  expect(text).toContain('EBB_CLI_SERVER_AWAY');
});

test('address and token: flags before environment, a file for the token, and clear words where they are wrong', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ebb-remote-'));
  closing.push(() => {
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, 'token');
  writeFileSync(file, 'abc\n');
  const command = addServerOptions(new Command('ask')).parse(['--server', 'http://a:1', '--token-file', file], {
    from: 'user',
  });
  expect(serverOf(command.opts(), {}).address).toBe('http://a:1');
  expect(serverOf({ tokenFile: file }, { EBB_SERVER: 'https://ebb.example.com' }).address).toBe(
    'https://ebb.example.com',
  );
  expect(serverOf({ server: 'http://a:1' }, { EBB_SERVER: 'http://b:1', EBB_TOKEN: 't' }).address).toBe('http://a:1');
  expect(() => serverOf({ server: 'ftp://a' }, { EBB_TOKEN: 't' })).toThrow(/"ftp:\/\/a" is no address/u);
  expect(() => serverOf({}, {})).toThrow(/there is no token/u);
  expect(() => serverOf({ tokenFile: `${file}s` }, {})).toThrow(/ENOENT/u);
  expect(() => serverOf({}, { EBB_TOKEN: 'a b' })).toThrow(/no token of Ebb/u);
});
