import { expect, test } from 'vitest';
import { numbered, parseRoute } from './route.ts';

test('a route is a method and a path, and maybe a body', () => {
  expect(parseRoute('GET /users/{i}?page=2')).toEqual({
    name: 'GET /users/{i}?page=2',
    method: 'GET',
    path: '/users/{i}?page=2',
    headers: {},
    body: null,
  });
  expect(parseRoute('POST /login {"user":"u {i}"}')).toMatchObject({
    name: 'POST /login',
    headers: { 'content-type': 'application/json' },
    body: '{"user":"u {i}"}',
  });
  expect(parseRoute('PUT /note hello there').headers).toEqual({ 'content-type': 'text/plain; charset=utf-8' });
});

test.each(['/path', 'GET path', 'get /path', '', 'GET'])('%j is refused by name', (text) => {
  expect(() => parseRoute(text)).toThrow(expect.objectContaining({ code: 'EBB_CLI_SOAK_ROUTE' }));
});

test('the number of the request stands wherever it is asked for', () => {
  expect(numbered('/a/{i}?b={i}', 7)).toBe('/a/7?b=7');
});
