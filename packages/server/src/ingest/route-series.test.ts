import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeOtlp, encodeWriteRequest } from '../fixtures/otlp-messages.ts';
import { readOtlpJson } from './otlp-json.ts';
import { readOtlpProtobuf } from './otlp-protobuf.ts';
import { readWriteRequest } from './remote-write.ts';
import type { RoutesReport } from './report.ts';
import { inTimeOf, inTimeOfExponential } from './route-series.ts';

const nowMs = Date.UTC(2026, 10, 21);
const attributes = (told: Record<string, string>): object[] =>
  Object.entries(told).map(([key, stringValue]) => ({ key, value: { stringValue } }));

function otlp(...metrics: object[]): RoutesReport | undefined {
  const resource = { attributes: attributes({ 'service.name': 'shop' }) };
  const body = { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] };
  return readOtlpJson(JSON.stringify(body), nowMs).reports[0]?.routes;
}
/** The same by protobuf. */
function otlpProtobuf(...metrics: object[]): RoutesReport | undefined {
  const resource = { attributes: attributes({ 'service.name': 'shop' }) };
  const body = { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] };
  return readOtlpProtobuf(encodeOtlp(body), nowMs).reports[0]?.routes;
}
const histogram = (told: Record<string, string>, counts: number[], explicitBounds = [0.1, 1, 10]): object => ({
  attributes: attributes(told),
  timeUnixNano: `${nowMs}000000`,
  count: counts.reduce((sum, count) => sum + count, 0),
  bucketCounts: counts,
  explicitBounds,
});
const durations = (aggregationTemporality: number, ...dataPoints: object[]): object => ({
  name: 'http.server.request.duration',
  histogram: { aggregationTemporality, dataPoints },
});

test("the durations of OpenTelemetry's SDKs become requests by route: in time, slow, failed", () => {
  const cart = { 'http.request.method': 'GET', 'http.route': '/cart/:id' };
  const told = [
    durations(
      2,
      histogram({ ...cart, 'http.response.status_code': '200' }, [5, 3, 2, 1]),
      histogram({ ...cart, 'http.response.status_code': '503', 'error.type': '503' }, [4, 0, 0, 0]),
      histogram({ ...cart, 'error.type': 'aborted' }, [1, 0, 0, 0]),
      histogram({ 'http.request.method': 'GET', 'http.response.status_code': '404' }, [9, 0, 0, 0]),
    ),
  ];
  const routes = otlp(...told);
  expect(otlpProtobuf(...told)).toEqual(routes);
  expect(routes?.series.map(({ route, isFailing, requests, inTime }) => [route, isFailing, requests, inTime])).toEqual([
    ['GET /cart/:id', false, 11, 8],
    ['GET /cart/:id', true, 4, 4],
    ['GET /cart/:id', true, 1, 1],
    ['GET (no route)', false, 9, 9],
  ]);
  expect(new Set(routes?.series.map(({ key }) => key)).size).toBe(4);
});

test('counts that are differences are not taken for sums: neither by route nor all together', () => {
  const resource = { attributes: attributes({ 'service.name': 'shop' }) };
  const metrics = [durations(1, histogram({ 'http.route': '/a' }, [5, 3, 2, 1]))];
  const body = { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] };
  for (const read of [readOtlpJson(JSON.stringify(body), nowMs), readOtlpProtobuf(encodeOtlp(body), nowMs)])
    expect(read).toMatchObject({ points: 1, unused: 1, reports: [] });
});

test('exponential histograms tell the same: a second is a bound of theirs at any scale', () => {
  const point = {
    ...{ attributes: attributes({ 'http.route': '/a' }), timeUnixNano: `${nowMs}000000`, count: '15', scale: 3 },
    // From base ** -3 to base ** 1, and what is zero.
    ...{ zeroCount: '1', positive: { offset: -3, bucketCounts: ['1', '2', '3', '8'] } },
  };
  const told = { name: 'http.server.request.duration', exponentialHistogram: { dataPoints: [point] } };
  const cumulative = { ...told, exponentialHistogram: { aggregationTemporality: 2, dataPoints: [point] } };
  for (const routes of [otlp(cumulative), otlpProtobuf(cumulative)])
    expect(routes?.series).toMatchObject([{ route: '/a', requests: 15, inTime: 7 }]);
  const ranges = { offset: 0, counts: [4], zeroCount: 2, zeroThreshold: 0 };
  expect(inTimeOfExponential(ranges, 6)).toBe(2);
  expect(inTimeOfExponential({ ...ranges, offset: -9 }, 6)).toBe(6);
  // What is more than a second may count as nothing there.
  expect(inTimeOfExponential({ ...ranges, zeroThreshold: 1.5 }, 6)).toBeNull();
  expect(inTimeOfExponential({ ...ranges, offset: NaN }, 6)).toBeNull();
});

test('a second is what the ranges say, or nothing is known to be slow', () => {
  expect(inTimeOf([0.5, 1, 5], [1, 2, 3, 4], 10)).toBe(3);
  expect(inTimeOf([0.5, 2.5, 5], [1, 2, 3, 4], 10)).toBe(3);
  expect(inTimeOf([0.1, 0.5], [1, 2, 3], 6)).toBeNull();
  expect(inTimeOf([0.1, 1], [1, 2], 3)).toBeNull();
});

test('what Prometheus passes on means the same', () => {
  const series = (le: string, value: number): object => ({
    labels: Object.entries({
      ...{ __name__: 'http_server_request_duration_seconds_bucket', job: 'shop', instance: 'a', le },
      ...{ http_request_method: 'GET', http_route: '/a', http_response_status_code: '200' },
    }).map(([name, text]) => ({ name, value: text })),
    samples: [{ value, timestamp: nowMs }],
  });
  const timeseries = [series('0.5', 6), series('1', 8), series('+Inf', 11)];
  const [report] = readWriteRequest(encodeWriteRequest({ timeseries }), nowMs).reports;
  expect(report?.figures.requests).toBe(11);
  expect(report?.routes?.series).toMatchObject([{ route: 'GET /a', isFailing: false, requests: 11, inTime: 8 }]);
});

test('sketches of clients come as exemplars, and what is none is left out', () => {
  const point = (told: Record<string, string>, sketch: string): object => ({
    attributes: attributes(told),
    timeUnixNano: `${nowMs}000000`,
    asInt: '1',
    exemplars: [{ filteredAttributes: attributes({ 'ebb.sketch': sketch }), timeUnixNano: `${nowMs}000000` }],
  });
  const route = { 'http.request.method': 'GET', 'http.route': '/a' };
  const routes = otlp({
    name: 'ebb.clients',
    gauge: {
      dataPoints: [
        point({ 'ebb.clients': 'all' }, 'sAAB'),
        point({ 'ebb.clients': 'affected', ...route }, 'sAAC'),
        point({ 'ebb.clients': 'all' }, '192.0.2.1'),
        point({ 'ebb.clients': 'some' }, 'sAAB'),
      ],
    },
  });
  expect(routes?.sketches).toEqual([
    { route: '', who: 'all', sketch: 'sAAB' },
    { route: 'GET /a', who: 'affected', sketch: 'sAAC' },
  ]);
});

test('any durations are read or left out, with counts that are numbers, and never too many', () => {
  const number = fc.oneof(fc.nat(), fc.double(), fc.constantFrom('NaN', '-1', 'Infinity', null));
  const text = fc.oneof(fc.string(), fc.constantFrom('/a', '__proto__', '\0', 'x'.repeat(5000)));
  const point = fc.record(
    {
      attributes: fc.array(
        fc.record({
          key: fc.constantFrom('http.route', 'http.request.method', 'error.type', 'ebb.sketch', '__proto__'),
          value: fc.record({ stringValue: text }),
        }),
      ),
      timeUnixNano: fc.constant(`${nowMs}000000`),
      count: number,
      bucketCounts: fc.array(number),
      explicitBounds: fc.array(number),
      exemplars: fc.array(fc.record({ filteredAttributes: fc.array(fc.record({ key: text })) })),
    },
    { requiredKeys: ['timeUnixNano'] },
  );
  let taken = 0;
  fc.assert(
    fc.property(fc.array(point, { maxLength: 10 }), fc.nat(3), (points, temporality) => {
      let routes: RoutesReport | undefined;
      try {
        routes = otlp(durations(temporality, ...points), { name: 'ebb.clients', gauge: { dataPoints: points } });
      } catch {
        return;
      }
      for (const { route, requests, inTime } of routes?.series ?? []) {
        taken += 1;
        expect(route.length).toBeLessThanOrEqual(160);
        expect(route).not.toContain('\0');
        expect(requests).toBeGreaterThanOrEqual(0);
        expect(inTime).toBeGreaterThanOrEqual(0);
        expect(inTime).toBeLessThanOrEqual(requests ?? NaN);
      }
    }),
    { numRuns: 300 },
  );
  expect(taken).toBeGreaterThan(0);
});

test('a flood of routes is bounded', () => {
  const points = Array.from({ length: 2000 }, (_, i) => histogram({ 'http.route': `/${i}` }, [1, 0, 0, 0]));
  expect(otlp(durations(2, ...points))?.series).toHaveLength(400);
});
