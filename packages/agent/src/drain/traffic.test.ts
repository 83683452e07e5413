import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Server as NetServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { Give } from './handover.ts';
import { Traffic } from './traffic.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function listening<Kind extends NetServer>(server: Kind): Promise<{ server: Kind; address: string }> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closing.push(() => server.close());
  return { server, address: String((server.address() as AddressInfo).port) };
}

async function served(
  answer: RequestListener = (request, response) => response.end(request.url),
): Promise<{ traffic: Traffic; server: Server; address: string }> {
  const traffic = new Traffic(() => performance.now(), []);
  closing.push(() => {
    traffic.stop();
  });
  const { server, address } = await listening(createServer(answer));
  return { traffic, server, address };
}

/** A connection of a client, and what it has heard. */
async function client(address: string): Promise<{ socket: Socket; heard: () => string; ask: () => Promise<string> }> {
  const socket = connect(Number(address), '127.0.0.1');
  closing.push(() => socket.destroy());
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await once(socket, 'connect');
  const ask = async (): Promise<string> => {
    text = '';
    socket.write('GET /own HTTP/1.1\r\nhost: shop\r\n\r\n');
    while (!text.endsWith('/own') && !socket.destroyed)
      await Promise.race([once(socket, 'data'), once(socket, 'close')]);
    return text;
  };
  return { socket, heard: () => text, ask };
}

test('connections of TLS are neither offered nor asked for: all of their state would have to go along', async () => {
  const { traffic, server, address } = await served();
  const tls = await listening(createTlsServer());
  expect(traffic.servers()).toContain(tls.server);
  expect(traffic.addresses()).not.toContain(tls.address);
  expect(traffic.serverAt(tls.address)).toBeUndefined();
  expect(traffic.serverAt(address)).toBe(server);
});

test('a connection is given behind its answer, which does not say that it is closed', async () => {
  const { traffic, address } = await served();
  const given: string[] = [];
  const give: Give = (_socket, to, gone) => {
    given.push(to);
    gone();
    return 'going';
  };
  const { ask } = await client(address);
  expect(await ask()).toContain('Connection: keep-alive');
  traffic.giveAway({ give, addresses: [address] });
  traffic.closeAfterAnswers();
  expect(await ask()).toContain('Connection: keep-alive');
  expect(given).toEqual([address]);
  expect(traffic.giving).toBe(0);
});

test('where nobody takes it any more, it is closed behind its answer, and so are all that follow', async () => {
  const { traffic, address } = await served();
  const [first, second] = [await client(address), await client(address)];
  await first.ask();
  await second.ask();
  traffic.giveAway({ give: () => 'no way', addresses: [address] });
  traffic.closeAfterAnswers();
  traffic.giveIdle();
  const ended = once(first.socket, 'end');
  expect(await first.ask()).toContain('Connection: close');
  await ended;
  expect(traffic.isGivenAway).toBe(false);
  expect(traffic.giving).toBe(0);
});

test('a connection on which a request has begun is not given before that is answered', async () => {
  const { traffic, address } = await served();
  const given: Socket[] = [];
  const { socket, ask } = await client(address);
  await ask();
  traffic.giveAway({
    give: (one, _to, gone) => {
      given.push(one);
      gone();
      return 'going';
    },
    addresses: [address],
  });
  traffic.closeAfterAnswers();
  socket.write('GET /own HT');
  // The server has read that when it answers another client that asked later.
  await (await client(address)).ask();
  const before = given.length;
  traffic.giveIdle();
  expect(given.some((one) => one.remotePort === socket.localPort)).toBe(false);
  socket.write('TP/1.1\r\nhost: shop\r\n\r\n');
  await once(socket, 'data');
  while (!given.some((one) => one.remotePort === socket.localPort)) await new Promise(setImmediate);
  expect(given.length).toBeGreaterThan(before);
});

test('behind an answer whose head was sent before, which promised to keep it, a connection is not ended: the next one may be under way', async () => {
  const held: ServerResponse[] = [];
  const { traffic, address } = await served((request, response) => {
    if (request.url !== '/held') return response.end(request.url);
    response.write('first');
    return held.push(response);
  });
  const { socket, heard, ask } = await client(address);
  socket.write('GET /held HTTP/1.1\r\nhost: shop\r\n\r\n');
  while (!heard().includes('first')) await once(socket, 'data');
  expect(heard()).toContain('Connection: keep-alive');
  traffic.closeAfterAnswers();
  held[0]?.end('last');
  while (!heard().endsWith('0\r\n\r\n')) await once(socket, 'data');
  while (traffic.inFlight > 0) await new Promise(setImmediate);
  expect(traffic.endIdle(60_000)).toBe(false);
  const ended = once(socket, 'end');
  expect(await ask()).toContain('Connection: close');
  await ended;
});
