import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allRoutes } from '../fixtures/all-routes.ts';
import { startTestServer, type TestServer } from '../fixtures/test-server.ts';

interface Operation {
  summary?: string;
  tags?: string[];
  responses?: object;
}

let server: TestServer;
let document: { openapi: string; info: { version: string }; paths: Record<string, Record<string, Operation>> };
beforeAll(async () => {
  server = await startTestServer();
  document = (await server.send('GET', '/api/v1/openapi.json', { token: '' })).json;
});
afterAll(async () => await server.remove());

test('it is OpenAPI, of the version that serves it', async () => {
  expect(await new Validator().validate(document)).toEqual({ valid: true });
  expect(document.openapi).toMatch(/^3\./);
  expect(document.info.version).toBe((await server.send('GET', '/api/v1/health')).json.version);
});

test('it has each route of the API, with what it is for, and no page', async () => {
  const told = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  );
  const routes = (await allRoutes()).filter(({ isPage }) => !isPage);
  const names = routes.map(({ method, url }) => `${method} ${url.replace(/:(\w+)/g, '{$1}')}`);
  expect(told.map(({ name }) => name).sort()).toEqual(names.sort());
  for (const { name, operation } of told) {
    expect([name, operation.summary]).toEqual([name, expect.stringMatching(/\w/)]);
    expect([name, operation.tags]).toEqual([name, [expect.stringMatching(/\w/)]]);
  }
});

test('paths that are not of somebody else have the version in them', () => {
  const others = ['/v1/metrics', '/v2/change/enqueue'];
  expect(Object.keys(document.paths).filter((path) => !path.startsWith('/api/v1/'))).toEqual(others.toReversed());
});
