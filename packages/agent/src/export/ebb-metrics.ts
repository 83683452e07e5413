/** Metrics that have no standard name: the floor, limits, what is beside the heap, and the verdict. */
import type { Verdict } from '@ebb/trend';
import type { Measurement } from '../measure/measurement.ts';
import { gauge, type Metric, type NumberPoint, sum } from './metric.ts';

const verdicts: readonly Verdict[] = ['clean', 'warming', 'bounded', 'leak', 'native'];

/** As much of a measurement as Ebb's own metrics tell. */
export type EbbMeasurement = Pick<
  Measurement,
  'timeMs' | 'sample' | 'judgement' | 'nearerLimit' | 'process' | 'gcShare' | 'listenerWarnings' | 'droppedExports'
>;

/** The last word of a thread that ends in order: nobody need miss it. */
export const endedMetric: Metric = gauge('ebb.ended', '1', 'The last word: the process ends in order.', 1);

/** Ebb's own metrics of one measurement. What is not known yet has no points. */
export function ebbMetrics(measurement: EbbMeasurement): Metric[] {
  return [...floorMetrics(measurement), ...memoryMetrics(measurement), ...verdictMetrics(measurement)].filter(
    ({ points }) => points.length > 0,
  );
}

function floorMetrics({ timeMs, sample: { floor } }: EbbMeasurement): Metric[] {
  const points: NumberPoint[] =
    floor === null
      ? []
      : [
          { attributes: { 'ebb.memory.kind': 'heap' }, value: floor.heapBytes },
          { attributes: { 'ebb.memory.kind': 'external' }, value: floor.externalBytes - floor.arrayBuffersBytes },
          { attributes: { 'ebb.memory.kind': 'array_buffers' }, value: floor.arrayBuffersBytes },
        ];
  return [
    {
      kind: 'gauge',
      name: 'ebb.memory.floor',
      unit: 'By',
      description: 'Live memory just after the last full collection.',
      points,
    },
    gauge(
      'ebb.memory.floor.age',
      's',
      'Time since the last full collection.',
      floor === null ? null : Math.max(0, (timeMs - floor.timeMs) / 1e3),
    ),
  ];
}

function memoryMetrics({ sample, nearerLimit, process: whole, gcShare, ...rest }: EbbMeasurement): Metric[] {
  const limits: NumberPoint[] = [{ attributes: { 'ebb.limit.kind': 'heap' }, value: sample.heapLimitBytes }];
  if (sample.rssLimitBytes !== null)
    limits.push({ attributes: { 'ebb.limit.kind': 'container' }, value: sample.rssLimitBytes });
  const native = whole?.native;
  const kinds: [kind: string, bytes: number | undefined][] = [
    ['glibc_arenas', native?.arenaBytes],
    ['malloc_main_heap', native?.mainHeapBytes],
    ['files', native?.fileBytes],
    ['stacks', native?.stackBytes],
    ['anonymous', native?.anonymousBytes],
  ];
  return [
    { kind: 'gauge', name: 'ebb.memory.limit', unit: 'By', description: 'Memory limits.', points: limits },
    {
      kind: 'gauge',
      name: 'ebb.memory.room',
      unit: 'By',
      description: 'How far the heap is from the limit that it meets first.',
      points: [{ attributes: { 'ebb.limit.kind': nearerLimit.kind }, value: nearerLimit.roomBytes }],
    },
    gauge(
      'ebb.memory.external',
      'By',
      'Memory outside the heap that V8 knows of, without array buffers.',
      sample.externalBytes - sample.arrayBuffersBytes,
    ),
    gauge('ebb.memory.array_buffers', 'By', 'Memory of array buffers and Buffers.', sample.arrayBuffersBytes),
    gauge('ebb.memory.native', 'By', 'RSS beyond heaps, external memory and array buffers.', whole?.nativeBytes),
    {
      kind: 'gauge',
      name: 'ebb.memory.mapped',
      unit: 'By',
      description: 'RSS by kind of mapping, read now and then.',
      points: kinds.flatMap(([kind, value]) =>
        value === undefined ? [] : [{ attributes: { 'ebb.mapping.kind': kind }, value }],
      ),
    },
    gauge('ebb.memory.arenas', '{arena}', "glibc's malloc arenas beside the main heap.", native?.arenas),
    gauge('ebb.gc.share', '1', 'Share of time since the last export that collections stopped the thread.', gcShare),
    sum('ebb.listener.warnings', '{warning}', 'MaxListenersExceededWarnings.', true, rest.listenerWarnings),
    sum('ebb.requests', '{request}', 'HTTP requests answered or aborted.', true, sample.requests),
    sum('ebb.export.dropped', '{export}', 'Exports lost because the receiver was away.', true, rest.droppedExports),
  ];
}

function verdictMetrics({ judgement: { verdict, suspicious, trend } }: EbbMeasurement): Metric[] {
  const [low, high] = trend.interval;
  const [soonest, latest] = trend.secondsToLimitInterval ?? [null, null];
  const interval = (name: string, unit: string, description: string, values: [string, number | null][]): Metric => ({
    kind: 'gauge',
    name,
    unit,
    description,
    points: values.flatMap(([bound, value]) =>
      value === null || !Number.isFinite(value) ? [] : [{ attributes: { 'ebb.bound': bound }, value }],
    ),
  });
  return [
    {
      kind: 'gauge',
      name: 'ebb.verdict',
      unit: '1',
      description: '1 for the verdict that stands, 0 for the others.',
      points: verdicts.map((name) => ({ attributes: { 'ebb.verdict': name }, value: name === verdict ? 1 : 0 })),
    },
    gauge('ebb.suspicious', '1', '1 while growth is worth evidence, though it may not be proven.', Number(suspicious)),
    interval('ebb.growth', 'By/s', 'Growth of live memory, with its interval of about 95 %.', [
      ['estimate', trend.bytesPerSecond],
      ['low', low],
      ['high', high],
    ]),
    gauge('ebb.growth.per_request', 'By/{request}', 'Growth of live memory by request.', trend.bytesPerRequest),
    interval('ebb.time_to_limit', 's', 'Time until the nearer limit is met, if growth goes on.', [
      ['estimate', trend.secondsToLimit],
      ['soonest', soonest],
      ['latest', latest],
    ]),
  ];
}
