import { once, type EventEmitter } from 'node:events';
import { get } from 'node:http';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, expect, test } from 'vitest';
import { createStorefront, type Storefront } from './app.ts';
import { releases, type Release } from './release.ts';
import { serve, type ServedStorefront } from './serve.ts';
import { sampleEmail } from './storage/sample-data.ts';
import { Visitor } from './visitor/visitor.ts';

let served: ServedStorefront | undefined;
let storefront: Storefront;
let nowMs = Date.UTC(2026, 5, 1, 12);

async function open(release: Release): Promise<Visitor> {
  storefront = await createStorefront({
    release,
    dataFolder: null,
    sessionIdleMs: 60_000,
    sessionSweepMs: 3_600_000,
    now: () => nowMs,
  });
  served = await serve(storefront, { host: '127.0.0.1', port: 0 });
  return new Visitor(served.url);
}

afterEach(async () => {
  await served?.stop();
  served = undefined;
});

test.each(releases)('release %s says on /health which one it is', async (release) => {
  const visitor = await open(release);
  const { status, text } = await visitor.ask('GET', '/health');
  expect(status).toBe(200);
  expect(JSON.parse(text)).toEqual({ status: 'ok', release, pid: process.pid, uptimeMs: 0 });
});

test.each(releases)(
  'release %s: a customer logs in, sees the dashboard and their data, and logs out',
  async (release) => {
    const visitor = await open(release);
    const id = await visitor.logIn(1);

    const dashboard = await visitor.seeDashboard('?days=30&category=books');
    expect(dashboard).toContain('<h2>Your latest orders</h2>');
    expect(dashboard.match(/<tr><td>\d{4}-\d\d-\d\d<\/td>/g)).toHaveLength(30);
    expect(dashboard.includes('<h2>By category</h2>')).toBe(release === '1.2' || release === '1.3');

    const profile = JSON.parse((await visitor.ask('GET', `/users/${id}`)).text);
    expect(profile).toMatchObject({ id, email: sampleEmail(1), role: 'customer' });
    expect(profile).not.toHaveProperty('password');

    expect((await visitor.ask('POST', '/logout')).status).toBe(204);
    expect((await visitor.ask('GET', `/users/${id}`)).status).toBe(401);
  },
);

test('what is in the cart can be ordered, once, and is in the customer’s orders and on the dashboard', async () => {
  const visitor = await open('1.0');
  const id = await visitor.logIn(2);
  const before = JSON.parse((await visitor.ask('GET', `/users/${id}/orders`)).text).orders.length;
  const soldBefore = Number(/(\d+) orders/.exec(await visitor.seeDashboard('?days=1'))?.[1]);

  await visitor.ask('POST', '/cart', { body: { sku: 'BOO-001', quantity: 2 } });
  const placed = await visitor.ask('POST', `/users/${id}/orders`);
  expect(placed.status).toBe(201);
  expect((await visitor.ask('POST', `/users/${id}/orders`)).status).toBe(409);

  const { orders } = JSON.parse((await visitor.ask('GET', `/users/${id}/orders`)).text);
  expect(orders).toHaveLength(before + 1);
  expect(orders[0].id).toBe(JSON.parse(placed.text).order.id);
  expect(await visitor.seeDashboard('?days=1')).toContain(`${soldBefore + 1} orders`);
});

test('a wrong password, a missing one and a stranger are turned away', async () => {
  const visitor = await open('1.0');
  const wrong = { email: sampleEmail(0), password: 'guess' };
  expect((await visitor.ask('POST', '/login', { body: wrong })).status).toBe(401);
  expect((await visitor.ask('POST', '/login', { body: { email: sampleEmail(0) } })).status).toBe(400);
  expect((await visitor.ask('GET', '/users/c1001')).status).toBe(401);
  const page = await visitor.ask('GET', '/dashboard', { accept: 'text/html' });
  expect([page.status, page.location]).toEqual([303, '/login']);
});

test('a customer does not see another one’s data; staff do', async () => {
  const visitor = await open('1.0');
  await visitor.logIn(3);
  expect((await visitor.ask('GET', '/users/c1001')).status).toBe(403);
  await visitor.logIn(0);
  expect((await visitor.ask('GET', '/users/c1004')).status).toBe(200);
});

test('who logs in as somebody else does not keep the first one’s cart', async () => {
  const visitor = await open('1.0');
  await visitor.logIn(3);
  const { articles: first } = JSON.parse(
    (await visitor.ask('POST', '/cart', { body: { sku: 'BOO-001', quantity: 9 } })).text,
  );
  await visitor.logIn(4);
  const { articles: second } = JSON.parse(
    (await visitor.ask('POST', '/cart', { body: { sku: 'BOO-001', quantity: 1 } })).text,
  );
  expect(first).toBeGreaterThanOrEqual(12);
  expect(second).toBeLessThan(first);
});

test('what a visitor put into the cart before the login is there after it', async () => {
  const visitor = await open('1.1');
  await visitor.ask('POST', '/cart', { body: { sku: 'LIG-004', quantity: 1 } });
  await visitor.logIn(5);
  expect(await visitor.seeDashboard()).toContain('Bicycle lamp for the dynamo');
});

test('a session that nobody uses for its idle time is over', async () => {
  const visitor = await open('1.0');
  const id = await visitor.logIn(1);
  nowMs += 60_000;
  expect((await visitor.ask('GET', `/users/${id}`)).status).toBe(200);
  nowMs += 60_001;
  expect((await visitor.ask('GET', `/users/${id}`)).status).toBe(401);
});

test('staff import a marketplace’s orders, and hear which lines were left out', async () => {
  const visitor = await open('1.2');
  const csv = [
    'order_id,customer_id,region,placed_at,sku,quantity',
    'm-1,c1007,north,2026-05-30T10:00:00Z,BOO-001,2',
    'm-1,c1007,north,2026-05-30T10:00:00Z,KIT-002,1',
    'm-2,c1007,north,2026-05-30T11:00:00Z,NOT-SOLD,1',
  ].join('\n');
  await visitor.logIn(1);
  expect((await visitor.ask('POST', '/orders/import', { body: csv })).status).toBe(403);
  await visitor.logIn(0);
  const { text } = await visitor.ask('POST', '/orders/import', { body: csv });
  expect(JSON.parse(text)).toEqual({
    imported: 1,
    rejected: [{ line: 4, reason: '"NOT-SOLD" is not in the catalogue' }],
  });
  const { orders } = JSON.parse((await visitor.ask('GET', '/users/c1007/orders')).text);
  expect(orders[0]).toMatchObject({ id: 'm-1', totalCents: 2 * 2800 + 7900 });
});

test('release 2.0 streams the figures as they change, until the viewer leaves', async () => {
  const visitor = await open('2.0');
  const id = await visitor.logIn(6);
  const request = get(`${served!.url}/dashboard?days=1`, {
    headers: { accept: 'text/event-stream', cookie: visitor.currentCookie },
  });
  const [response] = await once(request, 'response');
  response.setEncoding('utf8');
  const [first] = await once(response, 'data');
  expect(storefront.feed.listenerCount('order')).toBe(1);

  await visitor.ask('POST', `/users/${id}/orders`);
  const [second] = await once(response, 'data');
  expect(JSON.parse(second.slice(6)).orders).toBe(JSON.parse(first.slice(6)).orders + 1);

  const left = once(storefront.feed as EventEmitter, 'removeListener');
  request.destroy();
  await left;
  expect(storefront.feed.listenerCount('order')).toBe(0);
});

test('a storefront that stops removes its temporary folder', async () => {
  const folders = async (): Promise<Set<string>> =>
    new Set((await readdir(tmpdir())).filter((name) => name.startsWith('storefront-')));
  const visitor = await open('1.0');
  await visitor.logIn(1);
  expect(storefront.dataFolder.startsWith(tmpdir())).toBe(true);
  expect(await folders()).toContain(storefront.dataFolder.slice(tmpdir().length + 1));
  await served?.stop();
  served = undefined;
  expect(await folders()).not.toContain(storefront.dataFolder.slice(tmpdir().length + 1));
});
