import { describe, expect, it } from 'vitest';
import type { Metric } from './metric.ts';
import { otlpRequest } from './otlp-json.ts';

const span = { startedMs: 1_700_000_000_000, timeMs: 1_700_000_060_000.25 };
const encode = (...metrics: Metric[]): object =>
  otlpRequest({ 'service.name': 'shop', 'process.pid': 7 }, { name: '@ebb/agent', version: '1' }, metrics, span);

describe('otlpRequest', () => {
  it('follows the JSON mapping: 64-bit integers as strings, enumerations as numbers, lowerCamelCase', () => {
    const request = encode(
      {
        kind: 'sum',
        monotonic: true,
        name: 'ebb.requests',
        unit: '{request}',
        description: 'Requests.',
        points: [{ attributes: { a: 'x', b: 1, c: true, d: 0.5 }, value: 2 ** 40 }],
      },
      {
        kind: 'histogram',
        name: 'v8js.gc.duration',
        unit: 's',
        description: 'GC.',
        points: [{ attributes: {}, bounds: [0.01, 1], counts: [3, 0, 1], sum: 2.5, count: 4 }],
      },
    );
    expect(JSON.parse(JSON.stringify(request))).toEqual({
      resourceMetrics: [
        {
          resource: {
            attributes: [
              { key: 'service.name', value: { stringValue: 'shop' } },
              { key: 'process.pid', value: { intValue: '7' } },
            ],
          },
          scopeMetrics: [
            {
              scope: { name: '@ebb/agent', version: '1' },
              metrics: [
                {
                  name: 'ebb.requests',
                  unit: '{request}',
                  description: 'Requests.',
                  sum: {
                    aggregationTemporality: 2,
                    isMonotonic: true,
                    dataPoints: [
                      {
                        attributes: [
                          { key: 'a', value: { stringValue: 'x' } },
                          { key: 'b', value: { intValue: '1' } },
                          { key: 'c', value: { boolValue: true } },
                          { key: 'd', value: { doubleValue: 0.5 } },
                        ],
                        startTimeUnixNano: '1700000000000000000',
                        timeUnixNano: '1700000060000250000',
                        asInt: '1099511627776',
                      },
                    ],
                  },
                },
                {
                  name: 'v8js.gc.duration',
                  unit: 's',
                  description: 'GC.',
                  histogram: {
                    aggregationTemporality: 2,
                    dataPoints: [
                      {
                        attributes: [],
                        startTimeUnixNano: '1700000000000000000',
                        timeUnixNano: '1700000060000250000',
                        count: '4',
                        sum: 2.5,
                        bucketCounts: ['3', '0', '1'],
                        explicitBounds: [0.01, 1],
                      },
                    ],
                  },
                },
              ],
            },
          ],
        },
      ],
    });
  });

  it('leaves out numbers that JSON has no word for, and mends text that is no UTF-8', () => {
    const text = JSON.stringify(
      encode({
        kind: 'gauge',
        name: 'ebb.growth',
        unit: 'By/s',
        description: 'Growth.',
        points: [
          { attributes: { route: '/\ud800x' }, value: 1 },
          { attributes: {}, value: Infinity },
          { attributes: {}, value: Number.NaN },
        ],
      }),
    );
    expect(text).not.toMatch(/null|\\ud800/);
    expect(text.match(/asDouble/g)).toHaveLength(1);
    expect(text).toContain('/\ufffdx');
  });
});
