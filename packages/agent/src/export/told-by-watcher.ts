/**
 * What a watcher tells of the process that it watches, in the words that the agent has when it runs by itself: the same
 * service, the same metrics. Made in the watcher's process, from what it was sent.
 */
import { hostname } from 'node:os';
import { isAbsolute, resolve } from 'node:path';
import type { Judgement } from '@ebb/trend';
import { readText } from '../identity/read-text.ts';
import { identify, type ResourceAttributes } from '../identity/resource.ts';
import { nearerLimit } from '../measure/nearer-limit.ts';
import type { HelloMessage, SampleMessage } from '../protocol/index.ts';
import { ebbMetrics, endedMetric } from './ebb-metrics.ts';
import { gauge, type Metric, sum } from './metric.ts';
import { otlpRequest } from './otlp-json.ts';

/** What is told of a watched thread at one moment. */
export interface WatchedMoment {
  hello: HelloMessage;
  /** The newest sample. */
  message: SampleMessage;
  /** The watcher's, with the verdict that it stands for. */
  judgement: Judgement;
  /** The thread has ended: this is the last word on it. */
  ended: boolean;
}

/**
 * Who a watched thread is, as the attributes of its OpenTelemetry resource.
 *
 * @param env the environment that its process was started with
 */
export function resourceOfWatched(
  hello: HelloMessage,
  env: Readonly<Record<string, string | undefined>>,
): ResourceAttributes {
  const { pid, threadId, argv, cwd, startedAtMs } = hello;
  const script = argv[1];
  return identify({
    env,
    script: script === undefined || isAbsolute(script) ? script : resolve(cwd, script),
    cwd: cwd === '' ? '/' : cwd,
    hostName: hostname(),
    pid,
    nodeVersion: hello.nodeVersion.replace(/^v/, ''),
    executable: hello.execPath,
    threadId,
    // A process's threads start one after the other; its number and an hour tell it from those before.
    instanceId: hello.instanceId ?? (threadId === 0 ? `${pid}-${Math.round(startedAtMs).toString(36)}` : `${pid}`),
    read: readText,
  });
}

/** The body of an OTLP request. */
export function requestOfWatched(
  resource: ResourceAttributes,
  scope: { name: string; version: string },
  { hello, message, judgement, ended }: WatchedMoment,
): object {
  const { sample, gcCpuShare, eventLoopDelayP99Ms } = message;
  const { timeMs } = sample;
  const metrics: Metric[] = [
    ...ebbMetrics({
      ...{ timeMs, sample, judgement, process: undefined, gcShare: gcCpuShare },
      nearerLimit: nearerLimit(sample, sample.rssBytes, sample.heapUsedBytes),
      listenerWarnings: 0,
      droppedExports: 0,
    }),
    gauge('nodejs.eventloop.delay.p99', 's', "99th percentile of the event loop's delay.", eventLoopDelayP99Ms / 1e3),
    sum('v8js.memory.heap.used', 'By', 'Heap memory in use, garbage included.', false, sample.heapUsedBytes),
    ...(hello.threadId === 0
      ? [
          sum('process.memory.usage', 'By', 'Physical memory in use (RSS).', false, sample.rssBytes),
          gauge(
            'process.uptime',
            's',
            'Time since the process started.',
            Math.max(0, timeMs - hello.startedAtMs) / 1e3,
          ),
        ]
      : []),
    ...(ended ? [endedMetric] : []),
  ];
  return otlpRequest(resource, scope, metrics, { startedMs: hello.startedAtMs, timeMs });
}
