import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { routesOfOpenApi } from './openapi.ts';
import type { RouteList } from './route-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-openapi-test-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
const file = (content: unknown): string => {
  const path = join(folder, `${Math.random()}`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};
const routesIn = (paths: object, more: object = {}): RouteList =>
  routesOfOpenApi(file({ openapi: '3.1.0', paths, ...more }));
const json = (told: object): object => ({ content: { 'application/json': told } });
/** What is sent for a body with this schema. */
const bodyOf = (schema: object, more: object = {}): unknown => {
  const { routes, left } = routesIn({ '/a': { post: { requestBody: json({ schema }) } } }, more);
  return routes[0] === undefined ? left[0] : JSON.parse(routes[0].body ?? 'null');
};

test('operations become routes with the examples of their authors, and the others are told', () => {
  const { routes, left } = routesIn({
    '/users/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { default: 'a b' } }],
      get: {
        parameters: [
          { name: 'page', in: 'query', example: 2 },
          { name: 'other', in: 'query', schema: { type: 'string' } },
          { name: 'X-Shop', in: 'header', examples: { usual: { value: 'north' } } },
          { name: 'sid', in: 'cookie', example: 'a=b' },
        ],
      },
      delete: { parameters: [{ name: 'reason', in: 'query', required: true }] },
    },
    '/login': {
      post: { requestBody: json({ example: { user: 'ada' } }) },
      put: { requestBody: json({}) },
      patch: { requestBody: json({ examples: { known: { value: { user: 'bob' } } } }) },
    },
    '/forgotten/{name}': { get: {} },
  });
  const login = { path: '/login', headers: { 'content-type': 'application/json' } };
  expect(routes).toEqual([
    {
      name: 'GET /users/{id}',
      method: 'GET',
      path: '/users/a%20b?page=2',
      headers: { 'x-shop': 'north', cookie: 'sid=a%3Db' },
      body: null,
    },
    { name: 'POST /login', method: 'POST', ...login, body: '{"user":"ada"}' },
    { name: 'PATCH /login', method: 'PATCH', ...login, body: '{"user":"bob"}' },
  ]);
  expect(left).toEqual([
    "DELETE /users/{id}: parameter 'reason' has no example, and none can be made of its schema",
    'PUT /login: its body has no example, and none can be made of its schema',
    "GET /forgotten/{name}: its path has 'name', which is none of its parameters",
  ]);
});

test('references within the document are followed, in YAML too, and the path of the server stands before all', () => {
  const document = `openapi: 3.0.3
servers:
  - url: 'https://{region}.shop.example/api/{version}/'
    variables: { region: { default: eu }, version: { default: v1 } }
paths:
  /orders/{order}:
    $ref: '#/components/pathItems/Order'
components:
  pathItems:
    Order:
      parameters: [{ $ref: '#/components/parameters/order~1id' }]
      put: { requestBody: { $ref: '#/components/requestBodies/Order' } }
  parameters:
    order/id: { name: order, in: path, required: true, schema: { $ref: '#/components/schemas/Id' } }
  requestBodies:
    Order: { content: { application/json: { schema: { $ref: '#/components/schemas/Order' } } } }
  schemas:
    Id: { type: integer, minimum: 1000 }
    Order:
      type: object
      required: [id, lines]
      properties:
        id: { $ref: '#/components/schemas/Id' }
        lines: { type: array, items: { type: string, example: tea } }
`;
  expect(routesOfOpenApi(file(document))).toEqual({
    routes: [
      {
        name: 'PUT /orders/{order}',
        method: 'PUT',
        path: '/api/v1/orders/1000',
        headers: { 'content-type': 'application/json' },
        body: '{"id":1000,"lines":["tea"]}',
      },
    ],
    left: [],
  });
});

test('what another document has, and what leads in a circle, is told and not read', () => {
  const { routes, left } = routesIn(
    {
      '/a/{id}': { get: { parameters: [{ $ref: 'common.yaml#/id' }] } },
      '/b': { post: { requestBody: { $ref: '#/components/requestBodies/none' } } },
      '/c': { $ref: '#/components/pathItems/one' },
      '/d': { post: { requestBody: json({ schema: { $ref: '#/components/schemas/Tree' } }) } },
    },
    {
      components: {
        pathItems: { one: { $ref: '#/components/pathItems/two' }, two: { $ref: '#/components/pathItems/one' } },
        schemas: {
          Tree: { type: 'object', required: ['left'], properties: { left: { $ref: '#/components/schemas/Tree' } } },
        },
      },
    },
  );
  expect(routes).toEqual([]);
  expect(left).toEqual([
    "GET /a/{id}: a parameter refers to 'common.yaml#/id', which is not in this document",
    "POST /b: its body refers to '#/components/requestBodies/none', which is not in this document",
    "/c: refers to '#/components/pathItems/one', which is not in this document",
    'POST /d: its body has no example, and none can be made of its schema',
  ]);
});

describe('a body that only a schema tells of', () => {
  const object = (properties: object, required: string[]): object => ({ type: 'object', properties, required });

  test.each([
    [
      'what is required, and what has an example',
      object({ a: { type: 'string' }, b: { type: 'string' }, c: { example: 3 } }, ['a']),
      { a: 'text', c: 3 },
    ],
    [
      'numbers above their least',
      object({ a: { type: 'integer', exclusiveMinimum: 7 }, b: { type: 'number', minimum: 2.5 } }, ['a', 'b']),
      { a: 8, b: 2.5 },
    ],
    [
      'numbers as OpenAPI 3.0 bounds them',
      object({ a: { type: 'integer', minimum: 5, exclusiveMinimum: true, multipleOf: 4 } }, ['a']),
      { a: 12 },
    ],
    ['a number below its most', { type: 'number', maximum: 0.5 }, 0.5],
    [
      'texts of known formats and lengths',
      object(
        {
          a: { type: 'string', format: 'email' },
          b: { type: 'string', minLength: 6 },
          c: { type: 'string', maxLength: 2 },
        },
        ['a', 'b', 'c'],
      ),
      { a: 'somebody@example.com', b: 'textxx', c: 'te' },
    ],
    [
      'the first of an enumeration, a constant, a list of types',
      object({ a: { enum: ['x', 'y'] }, b: { const: 7 }, c: { type: ['null', 'boolean'] } }, ['a', 'b', 'c']),
      { a: 'x', b: 7, c: true },
    ],
    [
      'lists with their least',
      object({ a: { type: 'array', items: { type: 'integer' }, minItems: 2 }, b: { type: 'array' } }, ['a', 'b']),
      { a: [1, 1], b: [] },
    ],
    [
      'all of several schemas',
      { allOf: [object({ a: { type: 'integer' } }, ['a']), object({ b: { type: 'boolean' } }, ['b'])] },
      { a: 1, b: true },
    ],
    ['one of several schemas', { oneOf: [object({ a: { type: 'integer' } }, ['a']), { type: 'string' }] }, { a: 1 }],
  ])('has %s', (_what, schema, body) => {
    expect(bodyOf(schema)).toEqual(body);
  });

  test.each([
    ['a pattern', { type: 'string', pattern: '^[A-Z]{3}$' }],
    ['a required property that is not described', object({}, ['a'])],
    ['no number within its bounds', { type: 'integer', minimum: 3, maximum: 2 }],
    ['nothing at all', {}],
  ])('is not guessed where the schema says %s', (_what, schema) => {
    expect(bodyOf(object({ it: schema }, ['it']))).toBe(
      'POST /a: its body has no example, and none can be made of its schema',
    );
  });

  test('is sent as a form where the operation takes one', () => {
    const schema = object({ user: { type: 'string' }, age: { type: 'integer' } }, ['user', 'age']);
    const content = { 'application/x-www-form-urlencoded': { schema } };
    const [route] = routesIn({ '/a': { post: { requestBody: { content } } } }).routes;
    expect(route).toMatchObject({
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'user=text&age=1',
    });
  });
});

test.each([
  ['what does not exist', () => routesOfOpenApi(join(folder, 'none.json')), /none\.json/u],
  [
    'what is neither JSON nor YAML',
    () => routesOfOpenApi(file('openapi: [3.1.0')),
    /cannot be read|no routes can be read/u,
  ],
  ['JSON that ends too early', () => routesOfOpenApi(file('{"openapi":"3.1.0",')), /JSON/u],
  ['a text', () => routesOfOpenApi(file('hello')), /it holds no object/u],
  ['another document', () => routesOfOpenApi(file({ log: {} })), /it has no paths/u],
  [
    'aliases without end',
    () =>
      routesOfOpenApi(
        file(
          'a: &a [1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\npaths: [*c,*c,*c]\n',
        ),
      ),
    /alias/u,
  ],
])('%s is refused with its name, and why', (_what, read, why) => {
  expect(read).toThrow(
    expect.objectContaining({ code: 'EBB_CLI_SOAK_ROUTES', message: expect.stringMatching(why) as string }),
  );
});
