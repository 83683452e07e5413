/** Metrics with standard names: process, V8 and Node.js (semantic conventions 1.4x). */
import type { Histogram } from '../measure/histogram.ts';
import type { Measurement } from '../measure/measurement.ts';
import { gauge, type HistogramPoint, type Metric, sum } from './metric.ts';

/** The standard metrics of one measurement. Those of the whole process come from the main thread only. */
export function runtimeMetrics(measurement: Measurement): Metric[] {
  return [
    ...processMetrics(measurement),
    ...heapMetrics(measurement),
    ...loopMetrics(measurement),
    ...requestMetrics(measurement),
  ];
}

function processMetrics({ process: whole }: Measurement): Metric[] {
  if (whole === undefined) return [];
  return [
    sum('process.memory.usage', 'By', 'Physical memory in use (RSS).', false, whole.rssBytes),
    {
      kind: 'sum',
      monotonic: true,
      name: 'process.cpu.time',
      unit: 's',
      description: 'CPU time used.',
      points: [
        { attributes: { 'cpu.mode': 'user' }, value: whole.cpuUserSeconds },
        { attributes: { 'cpu.mode': 'system' }, value: whole.cpuSystemSeconds },
      ],
    },
    gauge('process.uptime', 's', 'Time since the process started.', whole.uptimeSeconds),
  ];
}

function heapMetrics({ heapSpaces, gcDurations, resources }: Measurement): Metric[] {
  const spaces = (
    name: string,
    description: string,
    field: 'usedBytes' | 'sizeBytes' | 'availableBytes' | 'physicalBytes',
  ): Metric => ({
    kind: 'sum',
    monotonic: false,
    name,
    unit: 'By',
    description,
    points: heapSpaces.map((space) => ({ attributes: { 'v8js.heap.space.name': space.name }, value: space[field] })),
  });
  return [
    spaces('v8js.memory.heap.used', 'Heap memory in use, garbage included.', 'usedBytes'),
    spaces('v8js.memory.heap.space.size', 'Heap memory committed.', 'sizeBytes'),
    spaces('v8js.memory.heap.space.available_size', 'Heap memory available.', 'availableBytes'),
    spaces('v8js.memory.heap.space.physical_size', 'Heap memory that is in RAM.', 'physicalBytes'),
    {
      kind: 'histogram',
      name: 'v8js.gc.duration',
      unit: 's',
      description: 'How long garbage collections stopped the thread.',
      points: [...gcDurations].map(([kind, histogram]) => histogramPoint({ 'v8js.gc.type': kind }, histogram)),
    },
    {
      kind: 'gauge',
      name: 'v8js.resource.active',
      unit: '{resource}',
      description: 'Resources that keep the event loop alive.',
      points: [...resources].map(([type, value]) => ({ attributes: { 'v8js.resource.type': type }, value })),
    },
  ];
}

function loopMetrics({ eventLoop: loop }: Measurement): Metric[] {
  const delay = (statistic: string, seconds: number): Metric =>
    gauge(`nodejs.eventloop.delay.${statistic}`, 's', `Event loop delay since the last export: ${statistic}.`, seconds);
  return [
    delay('min', loop.delayMinSeconds),
    delay('max', loop.delayMaxSeconds),
    delay('mean', loop.delayMeanSeconds),
    delay('stddev', loop.delayStddevSeconds),
    delay('p50', loop.delayP50Seconds),
    delay('p90', loop.delayP90Seconds),
    delay('p99', loop.delayP99Seconds),
    gauge('nodejs.eventloop.utilization', '1', 'Share of time that the event loop was active.', loop.utilization),
    {
      kind: 'sum',
      monotonic: true,
      name: 'nodejs.eventloop.time',
      unit: 's',
      description: 'Time that the event loop spent in each state.',
      points: [
        { attributes: { 'nodejs.eventloop.state': 'active' }, value: loop.activeSeconds },
        { attributes: { 'nodejs.eventloop.state': 'idle' }, value: loop.idleSeconds },
      ],
    },
  ];
}

function requestMetrics({ requests, activeRequests, sample }: Measurement): Metric[] {
  // Most programs serve no HTTP.
  if (sample.requests === null) return [];
  return [
    {
      kind: 'histogram',
      name: 'http.server.request.duration',
      unit: 's',
      description: 'Duration of HTTP server requests.',
      points: requests.map(({ method, route, status, errorType, seconds }) =>
        histogramPoint(
          {
            'http.request.method': method,
            // What no route was found for has none.
            ...(route === '404' ? {} : { 'http.route': route }),
            ...(status === null ? {} : { 'http.response.status_code': status }),
            ...(errorType === null ? {} : { 'error.type': errorType }),
          },
          seconds,
        ),
      ),
    },
    sum('http.server.active_requests', '{request}', 'Requests that are being answered.', false, activeRequests),
  ];
}

function histogramPoint(attributes: HistogramPoint['attributes'], histogram: Histogram): HistogramPoint {
  const { bounds, counts, count } = histogram;
  // A plain list: it goes through JSON from thread to thread.
  return { attributes, bounds, counts: [...counts], sum: histogram.sum, count };
}
