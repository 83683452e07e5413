/**
 * What the rows of a service's processes show beside growth: time that goes into garbage collection, an event loop that is
 * late, processes that ended near a limit. Pure.
 */
import type { WatchedProcess } from '../store/fleet-reader.ts';
import { nearLimitShare, shareOfLimit } from './near-limit.ts';
import type { ToldSignal } from './signal.ts';

/** Collections that take this share of the time are what makes the CPU busy. */
export const highGcShare = 0.25;
/** An event loop that is late by so much in one of a hundred turns is felt by clients. */
const highLoopDelaySeconds = 0.25;
/** What is high stays high until it is below half of it: a value at the edge is one signal, not twenty. */
const endsAtShare = 0.5;
/** Agents tell once a minute: who was silent for longer says nothing of now. */
export const freshMs: number = 3 * 60_000;
/** The end of a process is news for so long; what replaces it comes within it. */
const endedNewsMs = 15 * 60_000;
const replacedWithinMs = 10 * 60_000;

/** The largest share of time that collections take in a process; null when none of them tells it. */
export function worstGcShare(processes: readonly WatchedProcess[], nowMs: number): number | null {
  return largest(fresh(processes, nowMs).map((process) => process.gc_share));
}

/**
 * What is high now. `lasting` are the keys of those that were before: they end later than they began.
 */
export function highFigures(
  processes: readonly WatchedProcess[],
  lasting: ReadonlySet<string>,
  nowMs: number,
): ToldSignal[] {
  const running = fresh(processes, nowMs);
  const found: ToldSignal[] = [];
  const bound = (key: string, high: number): number => (lasting.has(key) ? high * endsAtShare : high);
  const gc = worstGcShare(processes, nowMs);
  if (gc !== null && gc >= bound('gc', highGcShare)) {
    const many = running.filter(({ gc_share: share }) => (share ?? 0) >= bound('gc', highGcShare)).length;
    const text = `up to ${percent(gc)} of the time, in ${many} of ${running.length} ${processesWord(running.length)}`;
    found.push(figure('gc', 'gc', 'garbage collection', text, nowMs));
  }
  const delay = largest(running.map((process) => process.loop_delay_p99_seconds));
  if (delay !== null && delay >= bound('loop', highLoopDelaySeconds)) {
    const text = `the slowest of a hundred turns is late by ${Math.round(delay * 1000)} ms`;
    found.push(figure('loop', 'latency', 'event loop late', text, nowMs));
  }
  return found;
}

/**
 * Processes that ended near a limit: the same instance runs again since a later start, or it is silent and another one
 * of the service has come after it. One that ends elsewhere (a deploy, a smaller service) is nobody's business.
 */
export function endsNearLimit(processes: readonly WatchedProcess[], nowMs: number): ToldSignal[] {
  const found: ToldSignal[] = [];
  for (const process of processes) {
    const { restarted_ms: restartedMs, ended_share: share } = process;
    if (restartedMs !== null && share !== null && share >= nearLimitShare && nowMs - restartedMs < endedNewsMs)
      found.push(ended(process, restartedMs, share));
    const last = shareOfLimit(process);
    if (last === null || last < nearLimitShare || nowMs - process.last_seen_ms < freshMs) continue;
    const isReplaced = processes.some(
      ({ id, service_id: serviceId, first_seen_ms: firstSeenMs }) =>
        id !== process.id &&
        serviceId === process.service_id &&
        firstSeenMs > process.last_seen_ms &&
        firstSeenMs <= process.last_seen_ms + replacedWithinMs,
    );
    if (isReplaced && nowMs - process.last_seen_ms < endedNewsMs)
      found.push(ended(process, process.last_seen_ms, last));
  }
  return found;
}

function fresh(processes: readonly WatchedProcess[], nowMs: number): WatchedProcess[] {
  return processes.filter(({ last_seen_ms: lastSeenMs }) => nowMs - lastSeenMs < freshMs);
}

function figure(key: string, kind: ToldSignal['kind'], title: string, text: string, nowMs: number): ToldSignal {
  const times = { toldStartMs: nowMs, startedMs: nowMs, endedMs: null };
  return { source: 'agents', key, kind, level: null, title, text, url: null, ...times };
}

function ended(process: WatchedProcess, timeMs: number, share: number): ToldSignal {
  const name = process.instance === '' ? 'a process' : process.instance.slice(0, 80);
  return {
    source: 'agents',
    key: `ended ${process.id}`,
    toldStartMs: timeMs,
    kind: 'restarts',
    level: 'warning',
    title: 'restart near the limit',
    text: `${name} ended at ${percent(share)} of its limit, and runs anew`,
    url: null,
    startedMs: timeMs,
    endedMs: timeMs + endedNewsMs,
  };
}

function largest(values: readonly (number | null)[]): number | null {
  const told = values.filter((value) => value !== null);
  return told.length === 0 ? null : Math.max(...told);
}

function processesWord(count: number): string {
  return count === 1 ? 'process' : 'processes';
}

/** `71 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
