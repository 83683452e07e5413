import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { openSession, type ProtocolSession } from './protocol.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A server that shakes hands as a WebSocket server does, and then does what the test wants. */
async function serverThat(
  act: (socket: Socket) => void,
  shake = true,
): Promise<{ host: string; port: number; path: string; timeoutMs: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (head) => {
      const key = /^Sec-WebSocket-Key: (.*)\r$/im.exec(head.toString())?.[1] ?? '';
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      if (shake) {
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
        );
      }
      act(socket);
    });
    closers.push(() => socket.destroy());
  });
  closers.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    host: '127.0.0.1',
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    path: '/x',
    timeoutMs: 5000,
  };
}

const frame = (text: string, code = 1): Buffer => {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x80 | code, payload.length]), payload]);
};

async function session(act: (socket: Socket) => void): Promise<ProtocolSession> {
  const opened = await openSession(await serverThat(act));
  closers.push(() => opened.close());
  return opened;
}

test('a server that answers with something else is no inspector', async () => {
  const plain = await serverThat((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'), false);
  await expect(openSession(plain)).rejects.toThrow('HTTP 200');
  const wrong = await serverThat(
    (socket) =>
      socket.write('HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n'),
    false,
  );
  await expect(openSession(wrong)).rejects.toThrow('handshake is wrong');
});

test('a server that says nothing is not waited for', async () => {
  const silent = await serverThat(() => undefined, false);
  await expect(openSession({ ...silent, timeoutMs: 50 })).rejects.toThrow();
});

test('an answer that comes right behind the handshake, in one packet, is not lost', async () => {
  const { send } = await session((socket) => socket.write(frame('{"id":1,"result":{"a":1}}')));
  // The answer may come before the question here; an unknown id is passed over, and the next is heard.
  const answer = send('x', {}, { timeoutMs: 100 }).catch((error: unknown) => error);
  expect(await answer).toBeDefined();
});

test('an answer that never comes ends the question, and an abort does', async () => {
  const { send } = await session(() => undefined);
  await expect(send('x', {}, { timeoutMs: 20 })).rejects.toThrow('not answered within 20 ms');
  const aborting = new AbortController();
  const waiting = send('y', {}, { signal: aborting.signal });
  aborting.abort(new Error('no longer wanted'));
  await expect(waiting).rejects.toThrow('no longer wanted');
});

test.each([
  ['cuts the connection', (socket: Socket) => socket.destroy()],
  ['says goodbye', (socket: Socket) => socket.write(Buffer.from([0x88, 2, 0x03, 0xe8]))],
  ['sends a masked frame', (socket: Socket) => socket.write(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 1]))],
  ['sends what is not JSON', (socket: Socket) => socket.write(frame('hello'))],
  ['announces 2^62 bytes', (socket: Socket) => socket.write(Buffer.from([0x81, 127, 0x40, 0, 0, 0, 0, 0, 0, 0]))],
  ['sends binary data', (socket: Socket) => socket.write(frame('x', 2))],
])('a server that %s ends every question', async (_name, act) => {
  const { send, ended } = await session((socket) => setTimeout(() => act(socket), 20));
  await expect(send('x', {})).rejects.toThrow();
  await ended;
  await expect(send('again', {})).rejects.toThrow();
});

test('a ping is answered with its own payload', async () => {
  const heard = new Promise<Buffer>((resolve) => {
    void session((socket) => {
      socket.on('data', resolve);
      socket.write(frame('are you there', 9));
    });
  });
  const bytes = await heard;
  expect(bytes[0]).toBe(0x8a);
  const mask = bytes.subarray(2, 6);
  expect(Buffer.from(bytes.subarray(6).map((byte, at) => byte ^ mask[at & 3])).toString()).toBe('are you there');
});

test('a real inspector is asked in long and short messages, events come in order, and a slow listener holds them back', async () => {
  const child = spawn(process.execPath, ['--inspect=127.0.0.1:0', '-e', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  closers.push(() => child.kill());
  const address = await new Promise<string>((resolve) => {
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const found = /ws:\S+(?=\s)/.exec(said)?.[0];
      if (found !== undefined) resolve(found);
    });
  });
  const url = new URL(address);
  const opened = await openSession({
    host: url.hostname,
    port: Number(url.port),
    path: url.pathname,
    timeoutMs: 10_000,
  });
  const { send, on } = opened;
  const long = 'ä'.repeat(100_000);
  const answer = await send('Runtime.evaluate', { expression: JSON.stringify(long), returnByValue: true });
  expect((answer['result'] as { value: string }).value).toBe(long);
  await expect(send('No.such', {})).rejects.toThrow("'No.such' wasn't found");
  const said: number[] = [];
  on('Runtime.consoleAPICalled', async (params) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    said.push((params['args'] as { value: number }[])[0].value);
  });
  await send('Runtime.enable', {});
  await send('Runtime.evaluate', { expression: 'for (let i = 0; i < 5; i++) console.debug(i)' });
  expect(said.slice(-5)).toEqual([0, 1, 2, 3, 4]);
  opened.close();
  expect(await opened.ended).toBeNull();
});
