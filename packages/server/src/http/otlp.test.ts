import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { otlpJson } from '../fixtures/reports.ts';
import { startTestServer, type Answer, type TestServer } from '../fixtures/test-server.ts';
import { encodeOtlp } from '../fixtures/otlp-messages.ts';
import { readOtlpJson } from '../ingest/otlp-json.ts';
import { readOtlpProtobuf } from '../ingest/otlp-protobuf.ts';
import type { Intake } from '../ingest/reports.ts';

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

test('labels of a megabyte are refused or cut, counted and told, and nothing of them is kept', async () => {
  const usual = await startTestServer({ now: () => nowMs });
  const huge = 'h'.repeat(1_000_000);
  const send = async (body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    await usual.send('POST', '/v1/metrics', { body, headers, token: usual.agent });
  const told = [{ service: huge }, { version: huge }, { instance: huge }].map((one) => otlpJson(nowMs, one));
  for (const body of told) {
    const { status, json } = await send(body);
    expect([status, json.partialSuccess.rejectedDataPoints]).toEqual([200, '1']);
    expect(json.partialSuccess.errorMessage).toContain('longer than 256 characters');
    expect((await send(Buffer.from(encodeOtlp(body as never)), protobuf)).status).toBe(200);
  }
  expect((await usual.send('GET', '/api/v1/intake')).json.refusedPoints.label).toBe(2 * told.length);
  // A route is no name of anything: it is cut.
  const attributes = [{ key: 'http.route', value: { stringValue: `/${huge}` } }];
  const timeUnixNano = `${nowMs}000000`;
  const point = { attributes, timeUnixNano, count: '5', bucketCounts: ['3', '2'], explicitBounds: [1] };
  const metrics = [
    { name: 'http.server.request.duration', histogram: { aggregationTemporality: 2, dataPoints: [point] } },
  ];
  expect((await send(otlpJson(nowMs, { service: 'shop', metrics }))).text).toBe('{}');
  const services = (await usual.send('GET', '/api/v1/services')).json as { name: string }[];
  expect(services.map(({ name }) => name)).toEqual(['shop']);
  await usual.close();
  const kept = readdirSync(usual.directory).map((file) => readFileSync(join(usual.directory, file), 'latin1'));
  expect(kept.join('')).not.toContain('h'.repeat(257));
  rmSync(usual.directory, { recursive: true });
});

test('a name that is too long and a flood of instances are bounded, counted and told', async () => {
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
  let taken = 0;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        expect(readOtlpProtobuf(bytes, nowMs).points).toBeGreaterThanOrEqual(0);
        taken += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
    { numRuns: 2000 },
  );
  expect(taken).toBeGreaterThan(0);
});

// JSON has no negative zero.
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => (one === 0 ? 0 : one));
const text = fc.oneof(
  fc.constantFrom('service.name', 'service.instance.id', 'ebb.verdict', 'ebb.bound', 'x'),
  fc.string(),
);
const value = fc.oneof(
  fc.record({ stringValue: fc.oneof(fc.constantFrom('leak', 'clean', 'estimate', 'high'), fc.string()) }),
  fc.record({ intValue: fc.maxSafeInteger().map(String) }),
  fc.record({ doubleValue: finite }),
  fc.record({ boolValue: fc.boolean() }),
);
const attributes = fc.array(fc.record({ key: text, value }), { maxLength: 4 });
const time = fc.oneof(
  fc.integer({ min: -90_000, max: 90_000 }).map((by) => `${nowMs + by}000000`),
  fc.maxSafeInteger().map((at) => String(Math.abs(at))),
);
const base = { attributes, timeUnixNano: time, flags: fc.constantFrom(0, 1, 2, 3) };
const exemplars = fc.array(fc.record({ filteredAttributes: attributes }), { maxLength: 2 });
const aggregationTemporality = fc.constantFrom(0, 1, 2, 2, 2);
const numbers = fc.record({
  aggregationTemporality,
  dataPoints: fc.array(
    fc.oneof(
      fc.record({ ...base, exemplars, asInt: fc.maxSafeInteger().map(String) }),
      fc.record({ ...base, asDouble: finite }),
    ),
    { maxLength: 4 },
  ),
});
const ranges = fc.constantFrom(
  { explicitBounds: [0.1, 1, 5], bucketCounts: ['1', '2', '3', '4'] },
  { explicitBounds: [0.5], bucketCounts: ['7', '1'] },
  { explicitBounds: [1], bucketCounts: ['7'] },
  {},
);
const bucketCounts = fc.array(fc.nat().map(String), { maxLength: 4 });
const exponential = fc.record({
  aggregationTemporality,
  dataPoints: fc.array(
    fc.record(
      {
        ...base,
        count: fc.nat().map(String),
        scale: fc.integer({ min: -10, max: 20 }),
        zeroCount: fc.nat().map(String),
        positive: fc.record({ offset: fc.integer({ min: -5, max: 5 }), bucketCounts }, { requiredKeys: [] }),
        negative: fc.record({ bucketCounts }),
        zeroThreshold: fc.constantFrom(0, 1e-6, 2),
      },
      { requiredKeys: ['attributes', 'timeUnixNano', 'flags', 'count'] },
    ),
    { maxLength: 3 },
  ),
});
const quantiles = fc.record({
  dataPoints: fc.array(fc.record({ attributes, timeUnixNano: time, count: fc.nat().map(String) }), { maxLength: 3 }),
});
const counts = fc.record({
  aggregationTemporality,
  dataPoints: fc.array(
    fc
      .tuple(fc.record({ ...base, count: fc.nat().map(String) }), ranges)
      .map(([point, told]) => ({ ...point, ...told })),
    { maxLength: 3 },
  ),
});
const name = fc.constantFrom(
  ...['process.memory.usage', 'ebb.verdict', 'ebb.memory.floor', 'ebb.growth', 'ebb.time_to_limit', 'ebb.requests'],
  ...[
    'ebb.memory.limit',
    'ebb.clients',
    'http.server.request.duration',
    'http.server.request.duration.count',
    'process.uptime',
    'no.use',
    'constructor',
    '__proto__',
  ],
);
const durations = fc.oneof(name, fc.constant('http.server.request.duration'));
const metric = fc.oneof(
  fc.record({ name, gauge: numbers }),
  fc.record({ name, sum: numbers }),
  fc.record({ name: durations, histogram: counts }),
  fc.record({ name: durations, exponentialHistogram: exponential }),
  fc.record({ name, summary: quantiles }),
);
const request = fc.record({
  resourceMetrics: fc.array(
    fc.record({
      resource: fc.record({ attributes }),
      scopeMetrics: fc.array(fc.record({ metrics: fc.array(metric, { maxLength: 4 }) }), { maxLength: 2 }),
    }),
    { maxLength: 3 },
  ),
});

test('protobuf, as protobufjs writes it, and JSON of one request are read as the same', () => {
  let reports = 0;
  fc.assert(
    fc.property(request, (told) => {
      const [json, protobuf] = [readOtlpJson(JSON.stringify(told), nowMs), readOtlpProtobuf(encodeOtlp(told), nowMs)];
      expect(protobuf).toEqual(json);
      reports += json.reports.length;
    }),
    { numRuns: 2000 },
  );
  expect(reports).toBeGreaterThan(100);
});

test('protobuf that is cut off anywhere is refused, or read up to a field that was whole', () => {
  fc.assert(
    fc.property(request, fc.nat(), (told, at) => {
      const whole = encodeOtlp(told);
      const { points } = readOtlpProtobuf(whole, nowMs);
      try {
        expect(readOtlpProtobuf(whole.subarray(0, at % (whole.length + 1)), nowMs).points).toBeLessThanOrEqual(points);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
    { numRuns: 300 },
  );
});

test('a request of any JSON is refused or read, with numbers that are numbers and texts that can be stored', () => {
  const odd = fc.oneof(fc.double(), fc.string(), fc.constantFrom('NaN', '-Infinity', null, 1e308), fc.constant({}));
  const oddPoint = fc.record(
    { timeUnixNano: fc.oneof(fc.constant(`${nowMs}000000`), odd), asDouble: odd, asInt: odd, attributes, flags: odd },
    { requiredKeys: [] },
  );
  const oddValue = fc.oneof(value, fc.constant({ arrayValue: { values: [] } }), fc.constant({}), fc.constant(null));
  const oddAttributes = fc.array(
    fc.record({ key: fc.oneof(text, fc.constant(5)), value: oddValue }, { requiredKeys: [] }),
  );
  const oddRequest = fc.record({
    resourceMetrics: fc.array(
      fc.record({
        resource: fc.record({ attributes: oddAttributes }),
        scopeMetrics: fc.array(
          fc.record({
            metrics: fc.array(
              fc.record(
                { name, gauge: fc.record({ dataPoints: fc.array(oddPoint, { maxLength: 4 }) }) },
                { requiredKeys: [] },
              ),
              { maxLength: 4 },
            ),
          }),
          { maxLength: 2 },
        ),
      }),
    ),
  });
  fc.assert(
    fc.property(fc.oneof(oddRequest, fc.jsonValue()), (told) => {
      let intake: Intake;
      try {
        intake = readOtlpJson(JSON.stringify(told), nowMs);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        return;
      }
      for (const { timeMs, figures, identity } of intake.reports) {
        expect(Number.isInteger(timeMs)).toBe(true);
        for (const figure of Object.values(figures)) expect(figure === null || Number.isFinite(figure)).toBe(true);
        for (const part of Object.values(identity)) expect(String(part)).not.toMatch(/\0|\p{Surrogate}/u);
      }
    }),
    { numRuns: 500 },
  );
});

test('any body is answered with a code or an acknowledgement, never as an error of the server', async () => {
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.json().map((json) => Buffer.from(json)),
  );
  const packed = fc.constantFrom(undefined, 'gzip', 'deflate', 'identity');
  await fc.assert(
    fc.asyncProperty(body, fc.boolean(), packed, async (bytes, isProtobuf, encoding) => {
      const { status } = await post(Buffer.from(bytes), {
        ...(isProtobuf ? protobuf : {}),
        ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
      });
      expect([200, 400]).toContain(status);
    }),
    { numRuns: 200 },
  );
});
