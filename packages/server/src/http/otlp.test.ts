import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { otlpJson } from '../fixtures/reports.ts';
import { startTestServer, type Answer, type TestServer } from '../fixtures/test-server.ts';
import { decodeOtlp, parseOtlpJson } from '../ingest/otlp-messages.ts';
import { readOtlp } from '../ingest/otlp.ts';

const nowMs = Date.UTC(2026, 10, 21);
const protobuf = { 'content-type': 'application/x-protobuf' };
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ now: () => nowMs, limits: { bodyBytes: 100_000, mostProcesses: 50 } });
});
afterAll(async () => await server.remove());

const post = async (body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  await server.send('POST', '/v1/metrics', { body, headers, token: server.agent });
const rows = async (): Promise<number> => (await server.send('GET', '/api/v1/intake')).json.reports;

test('JSON is taken, plain and gzip, and answered with an empty success', async () => {
  const before = await rows();
  expect(await post(otlpJson(nowMs))).toMatchObject({ status: 200, text: '{}' });
  const packed = gzipSync(JSON.stringify(otlpJson(nowMs + 1000)));
  expect(await post(packed, { 'content-encoding': 'gzip' })).toMatchObject({ status: 200, text: '{}' });
  expect(await rows()).toBe(before + 2);
});

test('points whose clock is off are refused, counted and told as a partial success', async () => {
  const before = (await server.send('GET', '/api/v1/intake')).json.refusedPoints.clock;
  const { status, json } = await post(otlpJson(nowMs + 3_600_000));
  expect(status).toBe(200);
  expect(json.partialSuccess.rejectedDataPoints).toBe('1');
  expect(json.partialSuccess.errorMessage).toContain('10 minutes ahead');
  expect((await server.send('GET', '/api/v1/intake')).json.refusedPoints.clock).toBe(before + 1);
});

test('a label of a megabyte and a flood of instances are bounded, counted and told', async () => {
  const long = await post(otlpJson(nowMs, { instance: 'x'.repeat(300) }));
  expect(long.json.partialSuccess.errorMessage).toContain('longer than 256 characters');
  const flood = { resourceMetrics: Array.from({ length: 200 }, (_, i) => otlpJson(nowMs, { instance: `flood${i}` })) };
  const resourceMetrics = flood.resourceMetrics.flatMap(
    (one) => (one as { resourceMetrics: object[] }).resourceMetrics,
  );
  const { status, json } = await post({ resourceMetrics });
  expect(status).toBe(200);
  expect(Number(json.partialSuccess.rejectedDataPoints)).toBeGreaterThanOrEqual(150);
  const intake = (await server.send('GET', '/api/v1/intake')).json;
  expect(intake.knownProcesses).toBe(50);
  expect(intake.refusedPoints.processes).toBeGreaterThanOrEqual(150);
  // Who was known before is heard.
  expect((await post(otlpJson(nowMs + 2000))).text).toBe('{}');
});

test.each([
  ['no JSON', '{', {}, 400],
  ['JSON of another shape', '{"resourceMetrics":5}', {}, 400],
  ['no protobuf', Buffer.from([0x0a, 0xff, 0xff, 0xff]), protobuf, 400],
  ['no gzip', Buffer.from('plain'), { 'content-encoding': 'gzip' }, 400],
  ['gzip that is cut off', gzipSync('x'.repeat(1000)).subarray(0, 20), { 'content-encoding': 'gzip' }, 400],
  ['an unknown packing', Buffer.from('x'), { 'content-encoding': 'br' }, 415],
  ['another type', 'x', { 'content-type': 'text/plain' }, 415],
  ['too much', Buffer.alloc(200_000), {}, 413],
  ['a bomb', gzipSync(Buffer.alloc(5_000_000)), { 'content-encoding': 'gzip' }, 413],
])('%s is refused', async (_what, body, headers, status) => {
  const answer = await post(body, headers);
  expect(answer.status).toBe(status);
  if (headers === protobuf) expect(answer.headers.get('content-type')).toBe('application/x-protobuf');
  else expect(answer.json.message).toMatch(/\(EBB_SERVER_[A-Z_]+\)/);
});

test('nothing is taken without a token, with a wrong one, or with one that only reads', async () => {
  const body = otlpJson(nowMs);
  const path = '/v1/metrics';
  expect((await server.send('POST', path, { body, token: '' })).status).toBe(401);
  expect((await server.send('POST', path, { body, token: 'ebb_agent_x' })).status).toBe(401);
  const viewer = await server.send('POST', '/api/v1/tokens', { body: { name: 'v', role: 'viewer' } });
  expect((await server.send('POST', path, { body, token: viewer.json.token })).status).toBe(403);
  const basic = Buffer.from(`any:${server.agent}`).toString('base64');
  expect(
    (await server.send('POST', path, { body, token: '', headers: { authorization: `Basic ${basic}` } })).status,
  ).toBe(200);
});

test('a request of any bytes is refused or read, and never breaks the reader', () => {
  const refused = (read: () => unknown): boolean => {
    try {
      read();
      return false;
    } catch (error) {
      return error instanceof Error;
    }
  };
  let taken = 0;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      let request: ReturnType<typeof decodeOtlp> | undefined;
      if (!refused(() => (request = decodeOtlp(bytes))) && request !== undefined) {
        taken += 1;
        expect(readOtlp(request, nowMs).points).toBeGreaterThanOrEqual(0);
      }
    }),
    { numRuns: 2000 },
  );
  expect(taken).toBeGreaterThan(0);
});

test('a request of any JSON is refused or read, with numbers that are numbers', () => {
  const value = fc.oneof(
    fc.constant({}),
    fc.record({ stringValue: fc.string() }),
    fc.record({ intValue: fc.oneof(fc.integer(), fc.string()) }),
    fc.record({ arrayValue: fc.constant({ values: [] }) }),
  );
  const attributes = fc.array(
    fc.record({ key: fc.constantFrom('service.name', '__proto__', 'ebb.verdict', 'x'), value }, { requiredKeys: [] }),
  );
  const number = fc.oneof(
    fc.double(),
    fc.string(),
    fc.constant('NaN'),
    fc.constant('-Infinity'),
    fc.constant(null),
    fc.constant({}),
  );
  const point = fc.record(
    { timeUnixNano: fc.oneof(fc.constant(`${nowMs}000000`), number), asDouble: number, asInt: number, attributes },
    { requiredKeys: [] },
  );
  const names = ['process.memory.usage', 'ebb.verdict', 'ebb.memory.floor', 'constructor', '__proto__', 'ebb.growth'];
  const metric = fc.record({
    name: fc.constantFrom(...names),
    gauge: fc.record({ dataPoints: fc.array(point, { maxLength: 4 }) }, { requiredKeys: [] }),
  });
  const request = fc.record({
    resourceMetrics: fc.array(
      fc.record({
        resource: fc.record({ attributes }),
        scopeMetrics: fc.array(fc.record({ metrics: fc.array(metric, { maxLength: 4 }) }), { maxLength: 2 }),
      }),
    ),
  });
  fc.assert(
    fc.property(fc.oneof(request, fc.jsonValue()), (told) => {
      let parsed: ReturnType<typeof parseOtlpJson>;
      try {
        parsed = parseOtlpJson(JSON.stringify(told));
      } catch {
        return;
      }
      for (const { timeMs, figures } of readOtlp(parsed, nowMs).reports) {
        expect(Number.isInteger(timeMs)).toBe(true);
        for (const figure of Object.values(figures)) expect(figure === null || Number.isFinite(figure)).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});
