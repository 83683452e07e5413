/** Rows of the database as the API tells them. */
import type { Verdict } from '@ebb/trend';
import type { ProcessRow, SampleRow } from '../../store/schema.ts';

type Figure = number | null;

/** A process as the API tells it: see its schema. */
interface ProcessView {
  id: number;
  serviceId: number;
  version: string;
  instance: string;
  revision: string | null;
  host: string | null;
  pid: number | null;
  runtime: string | null;
  firstSeenMs: number;
  lastSeenMs: number;
  startedMs: Figure;
  rssBytes: Figure;
  floorBytes: Figure;
  heapUsedBytes: Figure;
  heapLimitBytes: Figure;
  containerLimitBytes: Figure;
  requests: Figure;
  gcShare: Figure;
  loopDelayP99Seconds: Figure;
  judgedBy: 'agent' | 'server';
  verdict: Verdict;
  verdictSinceMs: number;
  suspicious: boolean;
  bytesPerSecond: Figure;
  bytesPerSecondInterval: [low: Figure, high: Figure];
  bytesPerRequest: Figure;
  secondsToLimit: Figure;
  secondsToLimitInterval: [soonest: Figure, latest: Figure];
}

/** A sample as the API tells it: see its schema. */
interface SampleView {
  timeMs: number;
  rssBytes: Figure;
  floorBytes: Figure;
  heapUsedBytes: Figure;
  requests: Figure;
  gcShare: Figure;
  loopDelayP99Seconds: Figure;
  bytesPerSecond: Figure;
  secondsToLimit: Figure;
}

/** A process as the API tells it. */
export function processView(process: ProcessRow): ProcessView {
  return {
    id: process.id,
    serviceId: process.service_id,
    version: process.version,
    instance: process.instance,
    revision: process.revision,
    host: process.host,
    pid: process.pid,
    runtime: process.runtime,
    firstSeenMs: process.first_seen_ms,
    lastSeenMs: process.last_seen_ms,
    startedMs: process.started_ms,
    rssBytes: process.rss_bytes,
    floorBytes: process.floor_bytes,
    heapUsedBytes: process.heap_used_bytes,
    heapLimitBytes: process.heap_limit_bytes,
    containerLimitBytes: process.container_limit_bytes,
    requests: process.requests,
    gcShare: process.gc_share,
    loopDelayP99Seconds: process.loop_delay_p99_seconds,
    judgedBy: process.judged_by,
    verdict: process.verdict,
    verdictSinceMs: process.verdict_since_ms,
    suspicious: process.suspicious === 1,
    bytesPerSecond: process.bytes_per_second,
    bytesPerSecondInterval: [process.bytes_per_second_low, process.bytes_per_second_high],
    bytesPerRequest: process.bytes_per_request,
    secondsToLimit: process.seconds_to_limit,
    secondsToLimitInterval: [process.seconds_to_limit_soonest, process.seconds_to_limit_latest],
  };
}

/** A sample as the API tells it. */
export function sampleView(sample: SampleRow): SampleView {
  return {
    timeMs: sample.time_ms,
    rssBytes: sample.rss_bytes,
    floorBytes: sample.floor_bytes,
    heapUsedBytes: sample.heap_used_bytes,
    requests: sample.requests,
    gcShare: sample.gc_share,
    loopDelayP99Seconds: sample.loop_delay_p99_seconds,
    bytesPerSecond: sample.bytes_per_second,
    secondsToLimit: sample.seconds_to_limit,
  };
}
