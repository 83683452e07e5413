import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createStorefront } from '../app.ts';
import { serve, type ServedStorefront } from '../serve.ts';
import { LoadError, startLoad } from './load.ts';

let served: ServedStorefront | undefined;
let goneServer: Server | undefined;

afterEach(async () => {
  await served?.stop();
  served = undefined;
  goneServer?.close();
});

test('the load plays visits that succeed, no faster than it is told', async () => {
  const storefront = await createStorefront({
    release: '1.1',
    dataFolder: null,
    sessionIdleMs: 60_000,
    sessionSweepMs: 60_000,
    now: Date.now,
  });
  served = await serve(storefront, { host: '127.0.0.1', port: 0 });
  const seconds = 4;
  const load = startLoad({ url: served.url, requestsPerSecond: 50, maxDurationMs: seconds * 1000, seed: 7 });
  const { requests, failures, requestsByRoute } = await load.finished;

  expect(failures).toBe(0);
  expect(requests).toBeLessThanOrEqual(50 * (seconds + 2));
  const logins = requestsByRoute['POST /login'] ?? 0;
  expect(logins).toBeGreaterThan(0);
  // 1.1 keeps two entries for a login until its visitor leaves, and one after that.
  expect(storefront.sessions.size).toBeGreaterThanOrEqual(logins);
});

test('the load ends when it is stopped', async () => {
  goneServer = createServer((_request, response) => response.end('{}')).listen(0, '127.0.0.1');
  await once(goneServer, 'listening');
  const url = `http://127.0.0.1:${(goneServer.address() as AddressInfo).port}`;
  const load = startLoad({ url, requestsPerSecond: 50, maxDurationMs: 3_600_000, seed: 7 });
  await once(goneServer, 'request');
  load.stop();
  expect((await load.finished).failures).toBe(0);
});

test('the load gives up when its server has gone', async () => {
  goneServer = createServer((_request, response) => response.end('{}')).listen(0, '127.0.0.1');
  await once(goneServer, 'listening');
  const url = `http://127.0.0.1:${(goneServer.address() as AddressInfo).port}`;
  const load = startLoad({ url, requestsPerSecond: 50, maxDurationMs: 3_600_000, seed: 7 });
  await once(goneServer, 'request');
  goneServer.close();
  goneServer.closeAllConnections();
  expect((await load.finished).failures).toBeGreaterThan(0);
});

test('the load goes to no other machine', () => {
  expect(() => startLoad({ url: 'http://192.0.2.1:80', requestsPerSecond: 1, maxDurationMs: 1000, seed: 1 })).toThrow(
    LoadError,
  );
});
