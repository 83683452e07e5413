import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { armShed, type Shedder } from './shed.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-shed-'));
const file = join(folder, 'shed');
const seen: string[] = [];
let server: Server;
let shedder: Shedder | undefined;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
beforeEach(async () => {
  seen.length = 0;
  rmSync(file, { force: true });
  server = createServer((asked, answer) => {
    seen.push(`${asked.method ?? ''} ${asked.url ?? ''}`);
    asked.resume().on('end', () => answer.end('ok'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  shedder?.stop();
  server.closeAllConnections();
  server.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

function name(...routes: string[]): void {
  writeFileSync(file, `${routes.join('\n')}\n`, { mode: 0o600 });
  shedder?.look();
}

async function ask(method: string, path: string, headers: Record<string, string> = {}): Promise<[number, string?]> {
  const { port } = server.address() as AddressInfo;
  return await new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path, agent, headers }, (answer) => {
      answer.resume().on('end', () => {
        const wait = answer.headers['retry-after'];
        resolve(wait === undefined ? [answer.statusCode ?? 0] : [answer.statusCode ?? 0, wait]);
      });
    });
    asked.on('error', reject);
    asked.end(method === 'POST' ? 'x'.repeat(100_000) : undefined);
  });
}

test('a route that the file names is answered with 503 until it names it no more; all others go on', async () => {
  shedder = armShed({
    file,
    allow: ['POST /login', 'GET /users/:id/orders'],
    retryAfterSeconds: 5,
    everyMs: 3_600_000,
  });
  expect(await ask('POST', '/login')).toEqual([200]);
  name('POST /login', 'GET /users/:id/orders');
  expect(shedder.shed).toEqual(['POST /login', 'GET /users/:id/orders']);
  expect(await ask('POST', '/login?from=/cart')).toEqual([503, '5']);
  expect(await ask('POST', '/Login/')).toEqual([503, '5']);
  expect(await ask('GET', '/users/7/orders')).toEqual([503, '5']);
  for (const [method, path] of [
    ['GET', '/login'],
    ['POST', '/login/again'],
    ['GET', '/users/7'],
    ['GET', '/users/7/8/orders'],
  ] as const)
    expect(await ask(method, path)).toEqual([200]);
  expect(shedder.answered).toBe(3);
  expect(seen).toEqual(['POST /login', 'GET /login', 'POST /login/again', 'GET /users/7', 'GET /users/7/8/orders']);
  name();
  expect(await ask('POST', '/login')).toEqual([200]);
  expect(Object.hasOwn(Server.prototype, 'emit')).toBe(false);
});

test('what the program does not allow is not shed, nor what a file says that others may write', async () => {
  shedder = armShed({ file, allow: ['POST /login'], everyMs: 3_600_000 });
  name('GET /health');
  expect(await ask('GET', '/health')).toEqual([200]);
  name('POST /login');
  expect(await ask('POST', '/login')).toEqual([503, '30']);
  chmodSync(file, 0o666);
  shedder.look();
  expect(await ask('POST', '/login')).toEqual([200]);
});

test('who waits for 100 Continue is answered, and the program’s own gate stays in its place', async () => {
  const usual = Reflect.get(Server.prototype, 'emit') as (...told: unknown[]) => boolean;
  const own = function (this: unknown, ...told: unknown[]): boolean {
    return usual.apply(this, told);
  };
  Object.defineProperty(Server.prototype, 'emit', { value: own, configurable: true, writable: true });
  try {
    shedder = armShed({ file, allow: ['POST /login'], everyMs: 3_600_000 });
    name('POST /login');
    server.on('checkContinue', (_, answer) => answer.end('ok'));
    expect(await ask('POST', '/login', { expect: '100-continue' })).toEqual([503, '30']);
    shedder.stop();
    expect(Reflect.get(Server.prototype, 'emit')).toBe(own);
  } finally {
    Reflect.deleteProperty(Server.prototype, 'emit');
  }
});

test.each(['login', 'POST login', 'GET /a*', 'get /a', 'GET /a?b'])('%s is no route', (route) => {
  expect(() => armShed({ file, allow: [route] })).toThrow(RangeError);
});
