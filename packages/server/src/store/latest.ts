/** What is known of a process after another report: pure. */
import type { Verdict } from '@ebb/trend';
import type { EdgeVerdict, ProcessReport } from '../ingest/report.ts';
import { shareOfLimit } from '../signals/near-limit.ts';
import type { ProcessRow } from './schema.ts';

/** A process before its first report is stored, without the key that the database gives it. */
export type NewProcess = Omit<ProcessRow, 'id'>;

/** A process that has told nothing yet. */
export function newProcess(serviceId: number, { identity, timeMs }: ProcessReport): NewProcess {
  return {
    service_id: serviceId,
    version: identity.version,
    instance: identity.instance,
    revision: identity.revision,
    host: identity.host,
    pid: identity.pid,
    runtime: identity.runtime,
    first_seen_ms: timeMs,
    last_seen_ms: timeMs,
    heard_ms: 0,
    interval_ms: null,
    ended_ms: null,
    started_ms: null,
    restarted_ms: null,
    ended_share: null,
    rss_bytes: null,
    floor_bytes: null,
    heap_used_bytes: null,
    heap_limit_bytes: null,
    container_limit_bytes: null,
    requests: null,
    gc_share: null,
    loop_delay_p99_seconds: null,
    judged_by: 'server',
    judged_ms: 0,
    verdict: 'warming',
    verdict_since_ms: timeMs,
    suspicious: 0,
    bytes_per_second: null,
    bytes_per_second_low: null,
    bytes_per_second_high: null,
    bytes_per_request: null,
    seconds_to_limit: null,
    seconds_to_limit_soonest: null,
    seconds_to_limit_latest: null,
  };
}

/** The process with what the report says; what it does not say stays. A report that is older than the last one changes nothing. */
export function withReport(process: ProcessRow, { identity, timeMs, figures }: ProcessReport): ProcessRow {
  if (timeMs < process.last_seen_ms) return process;
  return {
    ...process,
    revision: identity.revision ?? process.revision,
    host: identity.host ?? process.host,
    pid: identity.pid ?? process.pid,
    runtime: identity.runtime ?? process.runtime,
    last_seen_ms: timeMs,
    interval_ms: intervalOf(process, timeMs),
    ended_ms: figures.endedMs,
    started_ms: figures.startedMs ?? process.started_ms,
    ...(isRestart(process.started_ms, figures.startedMs)
      ? { restarted_ms: timeMs, ended_share: shareOfLimit(process) }
      : {}),
    rss_bytes: figures.rssBytes ?? process.rss_bytes,
    floor_bytes: figures.floorBytes ?? process.floor_bytes,
    heap_used_bytes: figures.heapUsedBytes ?? process.heap_used_bytes,
    heap_limit_bytes: figures.heapLimitBytes ?? process.heap_limit_bytes,
    container_limit_bytes: figures.containerLimitBytes ?? process.container_limit_bytes,
    requests: figures.requests ?? process.requests,
    gc_share: figures.gcShare ?? process.gc_share,
    loop_delay_p99_seconds: figures.loopDelayP99Seconds ?? process.loop_delay_p99_seconds,
  };
}

/** A start that is told as time passed is off by some seconds, also where the clock is set. */
const startTellsMs = 10_000;

function isRestart(beforeMs: number | null, nowMs: number | null): boolean {
  return beforeMs !== null && nowMs !== null && nowMs > beforeMs + startTellsMs;
}

/** Reports of one moment come in parts; an interval that was told is not undone by a pause. */
const leastIntervalMs = 1000;
const mostStretch = 4;

/** How often the process reports, by its own clock: the last intervals, each counting for a fifth. */
function intervalOf({ last_seen_ms: lastMs, interval_ms: beforeMs }: ProcessRow, timeMs: number): number | null {
  const gapMs = timeMs - lastMs;
  if (gapMs < leastIntervalMs) return beforeMs;
  return beforeMs === null ? gapMs : beforeMs + (Math.min(gapMs, mostStretch * beforeMs) - beforeMs) / 5;
}

/** The process with a verdict of this moment, and whether it is another one than before. */
export function withVerdict(
  process: ProcessRow,
  judged: EdgeVerdict,
  by: 'agent' | 'server',
  timeMs: number,
): { process: ProcessRow; changed: { verdict: Verdict; before: Verdict } | null } {
  const before = process.verdict;
  const changed = before === judged.verdict ? null : { verdict: judged.verdict, before };
  return {
    process: {
      ...process,
      judged_by: by,
      judged_ms: timeMs,
      verdict: judged.verdict,
      verdict_since_ms: changed === null ? process.verdict_since_ms : timeMs,
      suspicious: Number(judged.suspicious),
      bytes_per_second: judged.bytesPerSecond,
      bytes_per_second_low: judged.bytesPerSecondLow,
      bytes_per_second_high: judged.bytesPerSecondHigh,
      bytes_per_request: judged.bytesPerRequest,
      seconds_to_limit: judged.secondsToLimit,
      seconds_to_limit_soonest: judged.secondsToLimitSoonest,
      seconds_to_limit_latest: judged.secondsToLimitLatest,
    },
    changed,
  };
}
