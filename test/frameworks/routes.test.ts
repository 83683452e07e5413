/**
 * The routes of requests as web frameworks have them, with the frameworks themselves, on every Node: patterns, and nothing
 * of what clients sent. Koa and Hono tell theirs by the middleware of docs/guide/agent.md.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { availableNodes } from '../nodes/index.ts';
import { agentTests, fetchStatus } from '../nodes/lone-agent.ts';

const fixture = (name: string): URL => new URL(`fixtures/${name}.mjs`, import.meta.url);

interface Framework {
  name: string;
  file: string;
  env?: Record<string, string>;
  asked: readonly (readonly [method: string, path: string])[];
  /** Method, route, status and how many requests. */
  told: readonly string[];
}

const shop: Pick<Framework, 'asked' | 'told'> = {
  asked: [
    ['GET', '/shop/items/red-shirt'],
    ['GET', '/shop/items/blue-shirt?token=secret'],
    ['POST', '/shop/items'],
    ['GET', '/shop/broken/left'],
    ['GET', '/wp-admin/alice'],
  ],
  told: [
    'GET /shop/items/:sku 200 × 2',
    'POST /shop/items 201 × 1',
    'GET /shop/broken/:part 500 × 1',
    'GET undefined 404 × 1',
  ],
};

const express: Pick<Framework, 'file' | 'asked' | 'told'> = {
  file: 'express',
  asked: [
    ['GET', '/api/users/alice/orders'],
    ['GET', '/api/users/bob/orders?token=secret'],
    ['POST', '/api/users'],
    ['GET', '/tenants/4711/bills/red'],
    ['GET', '/about'],
    ['GET', '/imprint'],
    ['GET', '/files/alice/letter'],
    ['GET', '/broken/left'],
    ['GET', '/wp-admin/alice'],
  ],
  told: [
    'GET /api/users/:name/orders 200 × 2',
    'POST /api/users 201 × 1',
    'GET /tenants/:id/bills/:bill 200 × 1',
    'GET /about|/imprint 200 × 2',
    'GET ^\\/files\\/.* 200 × 1',
    'GET /broken/:part 500 × 1',
    'GET undefined 404 × 1',
  ],
};

const frameworks: readonly Framework[] = [
  { name: 'Express 4', env: { EXPRESS: 'express-4' }, ...express },
  { name: 'Express 5', env: { EXPRESS: 'express-5' }, ...express },
  { name: 'Fastify 5', file: 'fastify', ...shop },
  { name: 'Koa, with its router', file: 'koa', ...shop },
  { name: 'Hono', file: 'hono', ...shop },
];

describe.each(availableNodes())('on Node $major', ({ path: node }) => {
  const test = agentTests(node);
  for (const { name, file, env = {}, asked, told } of frameworks) {
    test(
      `${name}: requests are told by the patterns of its routes`,
      `import(${JSON.stringify(fixture(file).href)});`,
      { env },
      async ({ child, receiver, printed, ended, stderr }, expect) => {
        const port = await printed(/port (\d+)\./);
        // The agent comes in just after the program.
        await receiver.until(() => true);
        for (const [method, path] of asked) await fetchStatus(port, path, method);
        const { metrics } = await receiver.until((each) => requestsIn(each.metrics).total === asked.length);
        expect(requestsIn(metrics).rows.sort()).toEqual([...told].sort());
        child.stdin.end();
        expect(await ended).toBe(0);
        expect(stderr()).toBe('');
      },
    );
  }
});

it.each(['koa', 'hono'])('the middleware for %s is in the guide as it was tried', (name) => {
  const linesOf = (text: string): string[] =>
    text
      .trim()
      .split('\n')
      .map((line) => line.trim());
  const guide = readFileSync(new URL('../../docs/guide/agent.md', import.meta.url), 'utf8');
  const blocks = [...guide.matchAll(/```js\n(.*?)```/gs)].map(([, code = '']) => linesOf(code));
  const tried = new Set(linesOf(readFileSync(fixture(name), 'utf8')));
  const told = blocks.filter((lines) => lines.some((line) => line.includes('routes.publish')));
  expect(told).toHaveLength(2);
  expect(told.filter((lines) => lines.every((line) => tried.has(line)))).toHaveLength(1);
});

type Metrics = Awaited<
  ReturnType<Parameters<Parameters<ReturnType<typeof agentTests>>[3]>[0]['receiver']['until']>
>['metrics'];

/** The requests of an export, and how many they are. */
function requestsIn(metrics: Metrics): { total: number; rows: string[] } {
  const points = metrics.get('http.server.request.duration') ?? [];
  return {
    total: points.reduce((sum, { count = 0 }) => sum + count, 0),
    rows: points.map(
      ({ attributes, count }) =>
        `${String(attributes['http.request.method'])} ${String(attributes['http.route'])} ${String(attributes['http.response.status_code'])} × ${String(count)}`,
    ),
  };
}
