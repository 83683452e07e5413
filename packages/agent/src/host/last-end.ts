/** How a process ended, in one line for the log: what was known just before, and what to do. */
import type { MemorySample, Verdict } from '@ebb/trend';
import { tellEnd, type EndedRecord, type RecordedSample, type ToldEnd } from '../record/index.ts';
import type { NamedError } from './memory-error.ts';

/** A line for the log. */
export interface EndLine {
  level: 'error' | 'warn' | 'info';
  message: string;
  details: object;
}

const near = 0.8;

/**
 * What to say of processes that have ended without closing their records, the newest first; null when there are none.
 *
 * @param here how many processes the kernel has killed so far in the group that the new process is in
 */
export function lastEndLine(
  ended: readonly EndedRecord[],
  here: Pick<RecordedSample, 'outOfMemoryKills' | 'memoryGroup'>,
): EndLine | null {
  // Of several the one that tells most of memory; of equal ones the newest.
  const told = ended.map((each) => {
    const last = each.record.samples.at(-1);
    const isSameGroup = here.memoryGroup !== null && last?.memoryGroup === here.memoryGroup;
    const killed =
      isSameGroup && (here.outOfMemoryKills ?? 0) > (last.outOfMemoryKills ?? Infinity)
        ? { outOfMemoryKill: true }
        : {};
    return { each, end: tellEnd(each.record, { exitCode: null, signal: null, ...killed }) };
  });
  const [chosen] = told.toSorted((a, b) => Number(isOfMemory(b.end)) - Number(isOfMemory(a.end)));
  if (chosen === undefined) return null;
  const { each, end } = chosen;
  const { record, file, writtenMs } = each;
  const standing = (kind: string): { timeMs: number; text: string } | undefined =>
    record.standing.find((note) => note.kind === kind);
  const verdict = standing('verdict');
  const suspicion = standing('suspicion');
  const sinceMs = growingSince(end, suspicion?.timeMs);
  const grave = isOfMemory(end) || /^(?:leak|native)\b/.test(verdict?.text ?? '');
  const inFlight = record.standing.filter(({ kind }) => kind === 'request');
  const sites = record.standing.filter(({ kind }) => kind === 'site').map(({ text }) => text);
  const sentences = [
    `The process before this one (${record.pid}) ${howEnded(end)}`,
    ...(sinceMs === null ? [] : [`, growing since ${utc(sinceMs)}`]),
    ...(end.growth === null ? [] : [` by ${pace(end.growth.bytesPerSecond)}`]),
    ...(/^(?:leak|native)\b/.test(verdict?.text ?? '')
      ? [`; the verdict was ${verdict?.text.split(';')[0] ?? ''}`]
      : []),
    ...(grave && sites[0] !== undefined ? [`; of what stayed, ${sites[0]}`] : []),
    ...(inFlight.length === 0 ? [] : [`; in flight: ${inFlight.map(({ text }) => text).join(', ')}`]),
    `. ebb logs ${file} shows its last minutes`,
    grave ? '; find what holds the memory with ebb watch, before a higher limit only buys time.' : '.',
  ];
  return {
    // A program that has no handler for SIGTERM ends like this with each deploy: nothing that should wake anybody.
    level: grave ? 'error' : 'info',
    message: sentences.join(''),
    details: {
      cause: end.cause,
      sure: end.sure,
      lastSeen: iso(writtenMs),
      endedPid: record.pid,
      heapUsedBytes: end.last?.heapUsedBytes ?? null,
      heapLimitBytes: end.last?.heapLimitBytes ?? null,
      rssBytes: end.last?.rssBytes ?? null,
      rssLimitBytes: end.last?.rssLimitBytes ?? null,
      growingSince: sinceMs === null ? null : iso(sinceMs),
      bytesPerSecond: end.growth === null ? null : Math.round(end.growth.bytesPerSecond),
      verdict: verdict?.text ?? null,
      inFlight: inFlight.map(({ timeMs, text }) => ({ request: text, since: iso(timeMs) })),
      sites,
      others: ended.length - 1,
      record: file,
    },
  };
}

/** What to say of an uncaught error; null when it has nothing to do with memory, as far as anybody can tell. */
export function uncaughtLine(error: NamedError, last: MemorySample | null, verdict: Verdict): EndLine | null {
  const heapShare = share(last?.heapUsedBytes, last?.heapLimitBytes);
  const rssShare = share(last?.rssBytes, last?.rssLimitBytes);
  const pressed = heapShare >= near || rssShare >= near || verdict === 'leak' || verdict === 'native';
  if (error.memory === null && !pressed) return null;
  const what = error.code === null ? error.name : `${error.name} ${error.code}`;
  const state = [
    `the heap stood at ${percent(heapShare)} of its limit`,
    ...(rssShare > 0 ? [`RSS at ${percent(rssShare)} of the container's`] : []),
    ...(verdict === 'leak' || verdict === 'native' ? [`the verdict was ${verdict}`] : []),
  ].join(', ');
  const message =
    error.memory === null
      ? `An error was not caught (${what}) while memory was short: ${state}. It may be a consequence of that: look at the memory first, with ebb watch.`
      : `Memory ran out: an error was not caught that says so (${error.memory}); ${state}. If the size that was asked for was sane, find what holds the memory with ebb watch.`;
  return {
    level: 'error',
    message,
    details: {
      error: error.name,
      errorCode: error.code,
      heapUsedBytes: last?.heapUsedBytes ?? null,
      heapLimitBytes: last?.heapLimitBytes ?? null,
      rssBytes: last?.rssBytes ?? null,
      rssLimitBytes: last?.rssLimitBytes ?? null,
      externalBytes: last?.externalBytes ?? null,
      verdict,
    },
  };
}

function isOfMemory({ cause }: ToldEnd): boolean {
  return cause === 'heap-limit' || cause === 'killed-for-memory';
}

function howEnded({ cause, heapShare, rssShare, last }: ToldEnd): string {
  const heap =
    heapShare === null
      ? ''
      : `its heap stood at ${percent(heapShare)} of its limit (${bytes(last?.heapLimitBytes ?? 0)})`;
  if (cause === 'heap-limit') return `ran out of memory: ${heap}`;
  if (cause === 'killed-for-memory')
    return [
      'was killed, most likely for want of memory: ',
      ...((rssShare ?? 0) >= near ? [] : ['the kernel has killed in its container, and at the last look ']),
      `RSS stood at ${percent(rssShare ?? 0)} of the container's limit (${bytes(last?.rssLimitBytes ?? 0)})`,
    ].join('');
  return `ended by a signal that it does not handle, as SIGTERM often is, or was killed. Memory was not short when it was last seen${heap === '' ? '' : `, ${heap}`}`;
}

/** The recorder's ring holds the last minutes; a suspicion may be older. */
function growingSince({ growth }: ToldEnd, suspectedMs: number | undefined): number | null {
  const times = [growth?.sinceMs, suspectedMs].filter((timeMs) => timeMs !== undefined);
  return times.length === 0 ? null : Math.min(...times);
}

function share(used: number | undefined, limit: number | null | undefined): number {
  return used === undefined || limit === null || limit === undefined || limit <= 0 ? 0 : used / limit;
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

function bytes(count: number): string {
  const megabytes = count / 2 ** 20;
  return megabytes >= 10 ? `${Math.round(megabytes)} MB` : `${megabytes.toFixed(1)} MB`;
}

function pace(bytesPerSecond: number): string {
  return bytesPerSecond >= 2 ** 20 ? `${bytes(bytesPerSecond)} a second` : `${bytes(bytesPerSecond * 60)} a minute`;
}

function utc(timeMs: number): string {
  return `${iso(timeMs).slice(0, 16).replace('T', ' ')} UTC`;
}

/** A clock that says nothing sensible must not cost the line. */
function iso(timeMs: number): string {
  return new Date(Math.abs(timeMs) <= 8.64e15 ? timeMs : 0).toISOString();
}
