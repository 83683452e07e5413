import { expect, test } from 'vitest';
import { clientMetrics } from '../export/client-metrics.ts';
import { otlpRequest } from '../export/otlp-json.ts';
import { RouteCounts } from '../host/route-counts.ts';
import { Clients } from './clients.ts';
import type { RequestSeries } from './request-durations.ts';

const request = (remoteAddress: string | undefined): Parameters<Clients['observe']>[0] => ({
  rawHeaders: [],
  socket: { remoteAddress },
});

function serve(clients: Clients, counts: RouteCounts<RequestSeries>, route: string, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const observation = clients.observe(request(`10.0.${i >> 8}.${i & 255}`));
    const outcome = i % 4 === 0 ? { status: 200, seconds: 1.5 } : i % 4 === 1 ? { status: 503, seconds: 0.1 } : null;
    clients.record(counts.addRoute('GET', route), observation, outcome ?? { status: 200, seconds: 0.1 });
  }
}

test('clients are told by route and together, all and those that met a slow or failed answer, and then forgotten', () => {
  const clients = new Clients('secret');
  const counts = new RouteCounts<RequestSeries>();
  serve(clients, counts, '/a', 0, 200);
  serve(clients, counts, '/b', 100, 300);
  const [metric] = clientMetrics(clients);
  const points = (metric?.points ?? []) as { attributes: Record<string, unknown>; value: number }[];
  const valueOf = (route: string | undefined, who: string): number =>
    points.find(({ attributes }) => attributes['http.route'] === route && attributes['ebb.clients'] === who)?.value ??
    -1;
  for (const [route, who, expected] of [
    [undefined, 'all', 300],
    [undefined, 'affected', 150],
    ['/a', 'all', 200],
    ['/a', 'affected', 100],
    ['/b', 'all', 200],
  ] as const) {
    expect(valueOf(route, who) / expected, `${route} ${who}`).toBeGreaterThan(0.9);
    expect(valueOf(route, who) / expected, `${route} ${who}`).toBeLessThan(1.1);
  }
  expect(clientMetrics(clients)).toEqual([]);
});

test('the sketch is an exemplar: no attribute of the series changes from export to export', () => {
  const clients = new Clients('secret');
  const counts = new RouteCounts<RequestSeries>();
  serve(clients, counts, '/a', 0, 8);
  const body = otlpRequest({}, { name: 'x', version: '1' }, clientMetrics(clients), { startedMs: 1, timeMs: 2 });
  const [{ scopeMetrics }] = (body as { resourceMetrics: { scopeMetrics: { metrics: unknown[] }[] }[] })
    .resourceMetrics;
  expect(scopeMetrics[0]?.metrics[0]).toMatchObject({
    name: 'ebb.clients',
    gauge: {
      dataPoints: expect.arrayContaining([
        {
          attributes: [{ key: 'ebb.clients', value: { stringValue: 'all' } }],
          timeUnixNano: '2000000',
          asInt: '8',
          exemplars: [
            {
              filteredAttributes: [
                { key: 'ebb.sketch', value: { stringValue: expect.stringMatching(/^s[\w-]{24}$/) } },
              ],
              timeUnixNano: '2000000',
              asInt: '8',
            },
          ],
        },
      ]),
    },
  });
  expect(JSON.stringify(body)).not.toContain('10.0.');
});

test('two processes with one secret tell the same client the same, with another secret another', () => {
  const [a, b, other] = [new Clients('secret'), new Clients('secret'), new Clients('others')];
  const one = request('192.0.2.7');
  expect(a.observe(one)).toBe(b.observe(one));
  expect(a.observe(one)).not.toBe(other.observe(one));
  expect(a.observe(request(undefined))).toBe(0);
});

test('as many routes as there may be are ten in an export, those with the most bad answers', () => {
  const clients = new Clients('secret');
  const counts = new RouteCounts<RequestSeries>();
  for (let i = 0; i < 150; i++) serve(clients, counts, `/r${i}`, 0, i === 77 ? 40 : 2);
  const [metric] = clientMetrics(clients);
  const routes = new Set(metric?.points.map(({ attributes }) => attributes['http.route']));
  expect(routes.size).toBe(11);
  expect(routes).toContain('/r77');
});
