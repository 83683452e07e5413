// Receivers that are not well.
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startReceiver, type FakeReceiver } from '../../fixtures/receiver.ts';
import type { Answer } from './answer.ts';
import { post } from './http-post.ts';

let receiver: FakeReceiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => await receiver.close());

const nowMs = Date.UTC(2026, 10, 21);
const to = async (url: string, timeoutMs = 5000): Promise<Answer> =>
  await post({ url, headers: {}, body: '{}', secrets: ['hush-hush'], timeoutMs, now: () => nowMs });

test('one that is down is a failure with its reason, without any status', async () => {
  const { url } = receiver;
  await receiver.close();
  const answer = await to(url);
  expect(answer).toMatchObject({ ok: false, status: null, isRefusal: false });
  expect(answer.detail).toContain('ECONNREFUSED');
  receiver = await startReceiver();
});

test.each([
  [500, {}, { retryAfterMs: null, isRefusal: false }],
  [429, { 'retry-after': '7' }, { retryAfterMs: 7000 }],
  [503, { 'retry-after': 'Sat, 21 Nov 2026 00:00:30 GMT' }, { retryAfterMs: 30_000 }],
  [429, { 'retry-after': '999999999' }, { retryAfterMs: 3_600_000 }],
  [429, { 'retry-after': '-5' }, { retryAfterMs: null }],
  [429, { 'retry-after': 'soon' }, { retryAfterMs: null }],
  [400, {}, { isRefusal: true }],
  [401, {}, { isRefusal: false }],
] as const)('status %i with %j is a failure that says what to do: %j', async (status, headers, told) => {
  receiver.answer = (_told, response) => void response.writeHead(status, headers).end('no\u0000 \n hush-hush');
  expect(await to(receiver.url)).toMatchObject({ ok: false, status, detail: `status ${status}: no [secret]`, ...told });
});

test('a redirect is not followed: what was meant for one is not sent to another', async () => {
  const other = await startReceiver();
  receiver.answer = (_told, response) => void response.writeHead(307, { location: other.url }).end();
  expect(await to(receiver.url)).toMatchObject({ ok: false, status: 307 });
  expect(other.told).toEqual([]);
  await other.close();
});

test('one that takes the request and never answers is given up after its time', async () => {
  receiver.answer = () => undefined;
  expect(await to(receiver.url, 200)).toMatchObject({ ok: false, status: null, detail: 'no answer within 0.2 s' });
});

test('one whose answer never ends has answered: its status counts, and no more than a little is read', async () => {
  let closed = false;
  let sent = 0;
  receiver.answer = (_told, response) => {
    response.writeHead(200);
    const more = (): void => {
      if (closed) return;
      sent += 1000;
      response.write('x'.repeat(1000), () => setImmediate(more));
    };
    response.on('close', () => {
      closed = true;
    });
    more();
  };
  const answer = await to(receiver.url);
  expect(answer).toMatchObject({ ok: true, status: 200 });
  expect(answer.detail.length).toBeLessThan(400);
  while (!closed) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(sent).toBeGreaterThan(0);
});

test('one that sends its head and then nothing has answered, too', async () => {
  receiver.answer = (_told, response) => void response.writeHead(500, { 'content-length': '10' }).write('a');
  expect(await to(receiver.url, 500)).toMatchObject({ ok: false, status: 500, detail: 'status 500: a' });
});

test.each([
  ['no HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['a head that never ends', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(10_000)}`],
  ['a length that is a lie', 'HTTP/1.1 500 No\r\ncontent-length: 5\r\n\r\nabcdefghij'],
  ['nothing, and hangs up', ''],
])('one that answers %s is a failure, and nothing else', async (_what, bytes) => {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(bytes));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  expect(await to(`http://127.0.0.1:${port}`)).toMatchObject({ ok: false });
  server.close();
});
