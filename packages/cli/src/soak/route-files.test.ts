import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { routesOfHar } from './route-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-soak-test-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
const file = (content: unknown): string => {
  const path = join(folder, `${Math.random()}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

test('recorded requests become routes, each once, without what belongs to their connection', () => {
  const entry = (method: string, url: string, extra = {}): object => ({ request: { method, url, ...extra } });
  const { routes } = routesOfHar(
    file({
      log: {
        entries: [
          entry('GET', 'https://shop.invalid/cart?a=1', {
            headers: [
              { name: 'Host', value: 'shop.invalid' },
              { name: 'Cookie', value: 'sid=1' },
              { name: ':path', value: '/cart' },
            ],
          }),
          entry('GET', 'https://shop.invalid/cart?a=2'),
          entry('POST', 'https://shop.invalid/cart', { postData: { mimeType: 'application/json', text: '{}' } }),
          entry('GET', 'no url'),
          {},
        ],
      },
    }),
  );
  expect(routes).toEqual([
    { name: 'GET /cart', method: 'GET', path: '/cart?a=1', headers: { cookie: 'sid=1' }, body: null },
    { name: 'POST /cart', method: 'POST', path: '/cart', headers: { 'content-type': 'application/json' }, body: '{}' },
  ]);
});

test.each([
  ['what does not exist', () => routesOfHar(join(folder, 'none.json'))],
  ['what is no JSON', () => routesOfHar(file('log: {}'))],
  ['no archive', () => routesOfHar(file({ paths: {} }))],
  ['null', () => routesOfHar(file('null'))],
])('%s is refused with its name', (_what, read) => {
  expect(read).toThrow(expect.objectContaining({ code: 'EBB_CLI_SOAK_ROUTES' }));
});
