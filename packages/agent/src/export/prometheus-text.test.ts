import { describe, expect, it } from 'vitest';
import type { Metric } from './metric.ts';
import { prometheusText } from './prometheus-text.ts';

const metrics: Metric[] = [
  {
    kind: 'sum',
    monotonic: false,
    name: 'process.memory.usage',
    unit: 'By',
    description: 'RSS.',
    points: [{ attributes: {}, value: 5e7 }],
  },
  {
    kind: 'sum',
    monotonic: true,
    name: 'process.cpu.time',
    unit: 's',
    description: 'CPU "time"\nused \\.',
    points: [{ attributes: { 'cpu.mode': 'user' }, value: 1.5 }],
  },
  {
    kind: 'histogram',
    name: 'http.server.request.duration',
    unit: 's',
    description: 'Duration.',
    points: [
      {
        attributes: { 'http.route': '/a"b\\c\nd', 'http.response.status_code': 200 },
        bounds: [0.1, 1],
        counts: [2, 1, 1],
        sum: 4.2,
        count: 4,
      },
    ],
  },
  {
    kind: 'gauge',
    name: 'nodejs.eventloop.utilization',
    unit: '1',
    description: 'Share.',
    points: [
      { attributes: {}, value: 0.25 },
      { attributes: { a: 'x' }, value: Number.NaN },
    ],
  },
  { kind: 'gauge', name: 'nothing.yet', unit: '1', description: 'No points.', points: [] },
];
const resource = { 'service.name': 'shop', 'process.pid': 7 };

describe('prometheusText', () => {
  it('is the text format 0.0.4, escaped as that asks', () => {
    expect(prometheusText(resource, [{ attributes: {}, metrics }], false)).toBe(`# TYPE target_info gauge
# HELP target_info Who the process is.
target_info{service_name="shop",process_pid="7"} 1
# TYPE process_memory_usage_bytes gauge
# HELP process_memory_usage_bytes RSS.
process_memory_usage_bytes 50000000
# TYPE process_cpu_time_seconds_total counter
# HELP process_cpu_time_seconds_total CPU "time"\\nused \\\\.
process_cpu_time_seconds_total{cpu_mode="user"} 1.5
# TYPE http_server_request_duration_seconds histogram
# HELP http_server_request_duration_seconds Duration.
http_server_request_duration_seconds_bucket{http_route="/a\\"b\\\\c\\nd",http_response_status_code="200",le="0.1"} 2
http_server_request_duration_seconds_bucket{http_route="/a\\"b\\\\c\\nd",http_response_status_code="200",le="1"} 3
http_server_request_duration_seconds_bucket{http_route="/a\\"b\\\\c\\nd",http_response_status_code="200",le="+Inf"} 4
http_server_request_duration_seconds_sum{http_route="/a\\"b\\\\c\\nd",http_response_status_code="200"} 4.2
http_server_request_duration_seconds_count{http_route="/a\\"b\\\\c\\nd",http_response_status_code="200"} 4
# TYPE nodejs_eventloop_utilization_ratio gauge
# HELP nodejs_eventloop_utilization_ratio Share.
nodejs_eventloop_utilization_ratio 0.25
`);
  });

  it('is OpenMetrics where that is asked for: units, counters by their family, an end', () => {
    const text = prometheusText(resource, [{ attributes: {}, metrics }], true);
    expect(text).toContain('# TYPE target info\n');
    expect(text).toContain(`# TYPE process_cpu_time_seconds counter
# UNIT process_cpu_time_seconds seconds
# HELP process_cpu_time_seconds CPU \\"time\\"\\nused \\\\.
process_cpu_time_seconds_total{cpu_mode="user"} 1.5
`);
    expect(text.endsWith('\n# EOF\n')).toBe(true);
  });

  it('tells each family once, with the points of all threads together', () => {
    const [memory] = metrics;
    const text = prometheusText(
      resource,
      [
        { attributes: {}, metrics: [memory] },
        { attributes: { 'thread.id': 2 }, metrics: [memory] },
      ],
      false,
    );
    expect(text.match(/# TYPE process_memory_usage_bytes/g)).toHaveLength(1);
    expect(text).toContain('process_memory_usage_bytes 50000000\nprocess_memory_usage_bytes{thread_id="2"} 50000000\n');
  });
});
