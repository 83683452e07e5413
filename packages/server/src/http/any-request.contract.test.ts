// Whatever is sent to a route, as far as its own schema lets it through: an answer, and never an error of the server. On both
// databases, which refuse different things: PostgreSQL has no text with a NUL, and numbers of a size.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { emptyPlaces, engines } from '../fixtures/empty-places.ts';
import { otlpJson } from '../fixtures/reports.ts';
import { startTestServer, type TestServer } from '../fixtures/test-server.ts';

interface Schema {
  type?: string;
  nullable?: boolean;
  enum?: unknown[];
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  items?: Schema;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
}
interface Operation {
  parameters?: { name: string; in: 'path' | 'query' | 'header'; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}

const hostile = [
  ...[
    "'; drop table incidents; --",
    '" or 1=1',
    '\0',
    'a\0b',
    '\ud800',
    '\u202e',
    '<script>alert(1)</script>',
    '%',
    '\\',
  ],
  ...['', ' ', 'x'.repeat(200), 'x'.repeat(3000), '__proto__', 'constructor', '{{summary}}', '../../etc/passwd'],
  // What somewhere means something.
  ...[
    'shop',
    '1.0',
    'Europe/Berlin',
    'FREQ=DAILY',
    '2026-11-22T02:00',
    '2026-11-22T02:00:00Z',
    'https://example.com/x',
  ],
];
const texts = fc.oneof(fc.constantFrom(...hostile), fc.string(), fc.string({ unit: 'binary' }));
const wholes = [0, 1, 2, 999_999, 2 ** 31, 2 ** 32 + 1, Date.now(), Number.MAX_SAFE_INTEGER];

/** Mostly what the schema wants. */
function anyOf(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
  const wanted = wantedBy(schema, depth);
  return fc.oneof({ weight: 30, arbitrary: wanted }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) });
}

function wantedBy(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  const { type, properties = {}, required = [], items = {}, minimum = -5, maximum = Infinity } = schema;
  if (schema.nullable === true) return fc.oneof(fc.constant(null), anyOf({ ...schema, nullable: false }, depth));
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((one) => anyOf(one, depth)));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (type === 'object') {
    const fields = Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, anyOf(one, depth + 1)]));
    const named = fc.record(fields, { requiredKeys: required });
    const { additionalProperties: more } = schema;
    return typeof more === 'object' ? fc.dictionary(texts, anyOf(more, depth + 1), { maxKeys: 3 }) : named;
  }
  if (type === 'array') {
    const { minItems = 0, maxItems = 3 } = schema;
    return fc.array(anyOf(items, depth + 1), {
      minLength: minItems,
      maxLength: Math.max(minItems, Math.min(maxItems, 3)),
    });
  }
  if (type === 'integer') return fc.constantFrom(...wholes.filter((one) => one >= minimum && one <= maximum), minimum);
  if (type === 'number')
    return fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(...wholes));
  if (type === 'boolean') return fc.boolean();
  if (type === 'string') return schema.pattern === undefined ? texts : fc.oneof(texts, fc.constantFrom('1', '12', 'a'));
  return fc.jsonValue({ maxDepth: 2 });
}

describe.each(engines)('on %s', (engine) => {
  const emptyPlace = emptyPlaces(engine);
  let server: TestServer;
  let operations: [name: string, operation: Operation][];
  beforeAll(async () => {
    server = await startTestServer({
      database: emptyPlace(),
      limits: { requestsPerMinute: 1e6, refusalsPerMinute: 1e6, logInsPerMinute: 1e6 },
    });
    // Something with the first id of each kind, so that what is asked about it goes deeper than "there is none".
    const body = otlpJson(Date.now(), { service: 'shop', verdict: 'leak' });
    await server.send('POST', '/v1/metrics', { body, token: server.agent });
    while (((await server.send('GET', '/api/v1/incidents')).json as unknown[]).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 50));
    const { paths } = (await server.send('GET', '/api/v1/openapi.json')).json as {
      paths: Record<string, Record<string, Operation>>;
    };
    operations = Object.entries(paths).flatMap(([path, all]) =>
      Object.entries(all).map(([method, operation]): [string, Operation] => [
        `${method.toUpperCase()} ${path}`,
        operation,
      ]),
    );
  });
  afterAll(async () => await server.remove());

  test('any request that a schema describes is answered', { timeout: 240_000 }, async () => {
    const statuses: Record<number, number> = {};
    const failed: string[] = [];
    // A stream has no end; revoking the tokens in use, and waiting for a password's hash, is not what is tried here.
    const left = [
      'GET /api/v1/events',
      'DELETE /api/v1/tokens/{id}',
      'POST /api/v1/session',
      'POST /api/v1/users',
      'PUT /api/v1/users/{id}/password',
    ];
    for (const [name, { parameters = [], requestBody }] of operations.filter(([one]) => !left.includes(one))) {
      const [method = '', path = ''] = name.split(' ');
      const schema = requestBody?.content['application/json']?.schema;
      const request = fc.record({
        told: fc.record(Object.fromEntries(parameters.map((one) => [`${one.in} ${one.name}`, anyOf(one.schema)]))),
        body: schema === undefined ? fc.jsonValue() : anyOf(schema),
      });
      for (const { told, body } of fc.sample(request, 25)) {
        const query = new URLSearchParams();
        let url = path;
        for (const [key, value] of Object.entries(told)) {
          const [where, field = ''] = key.split(' ');
          const text = typeof value === 'string' ? value : JSON.stringify(value);
          if (where === 'path') url = url.replace(`{${field}}`, encodeURIComponent(Buffer.from(text).toString()));
          else if (where === 'query' && value !== null) query.set(field, text);
        }
        const sent = method === 'GET' ? {} : { body: JSON.stringify(body) };
        const answer = await server.send(method, `${url}?${query.toString()}`, sent);
        statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
        if (answer.status >= 500)
          failed.push(`${name}: ${url}?${query.toString()} ${JSON.stringify(body)}: ${answer.text}`);
      }
    }
    expect(failed).toEqual([]);
    // Not all of it ends at the schema.
    expect((statuses[200] ?? 0) + (statuses[201] ?? 0)).toBeGreaterThan(100);
    expect(Object.keys(statuses).length).toBeGreaterThan(3);
  });

  test('what the database cannot hold is refused in words, and so is a time that no calendar has', async () => {
    const ask = async (method: string, path: string, body?: object): Promise<unknown[]> => {
      const { status, json } = await server.send(method, path, body === undefined ? {} : { body });
      return [status, (json as { code?: string }).code];
    };
    const refused = [400, 'EBB_SERVER_BAD_REQUEST'];
    const held = engine === 'sqlite';
    expect(await ask('GET', '/api/v1/deliveries?receiver=a%00b')).toEqual(held ? [200, undefined] : refused);
    expect(await ask('GET', '/api/v1/incidents/3e271')).toEqual(held ? [404, 'EBB_SERVER_NOT_FOUND'] : refused);
    expect(await ask('POST', '/api/v1/incidents/1/notes', { text: 'x', timeMs: Number.MAX_SAFE_INTEGER })).toEqual(
      refused,
    );
  });
});
