/** What the agent's recorder has left of a process, for the timeline, and its last minutes in words. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { readRecord, tellEnd, type ProcessRecord, type RecordedSample, type ToldEnd } from '@ebb/agent';
import { printable } from '../wording/printable.ts';
import { bytes, count, duration, rate } from '../wording/quantities.ts';
import { wrapLine } from '../wording/wrap.ts';
import type { MemoryErrorKind } from './kinds.ts';
import type { MemoryEvent } from './memory-event.ts';

/** So many samples are shown, spread over what there is; the last ones all the same. */
const mostRows = 12;

/** A record, and how the process ended as far as it can be told. */
export interface ReadProcessRecord {
  file: string;
  record: ProcessRecord;
  /** Null while the process runs. */
  end: ToldEnd | null;
  /** When it was last seen. */
  lastSeenMs: number;
}

/** Null when the file is something else, or cannot be read: then it is read as a log, and that says why. */
export function readProcessRecord(file: string): ReadProcessRecord | null {
  try {
    if (!beginsAsRecord(file)) return null;
    const record = readRecord(file);
    if (record === null) return null;
    const end = record.running ? null : tellEnd(record, { exitCode: null, signal: null });
    return { file, record, end, lastSeenMs: statSync(file).mtimeMs };
  } catch {
    return null;
  }
}

/** The end as an event of the timeline; null when it was in order, or has not come. */
export function endEvent({ file, record, end, lastSeenMs }: ReadProcessRecord): MemoryEvent | null {
  if (end === null) return null;
  const error = record.notes.find(({ kind }) => kind === 'error');
  const kind = error === undefined ? kindOf(end) : 'recorded-error';
  if (kind === null) return null;
  const { last } = end;
  const figures: Record<string, number> = { uptimeMs: Math.max(0, lastSeenMs - record.startedAtMs) };
  if (last?.heapUsedBytes != null) figures['heapUsedBytes'] = last.heapUsedBytes;
  if (last?.rssBytes != null) figures['rssBytes'] = last.rssBytes;
  const limit = kind === 'recorded-memory-kill' ? last?.rssLimitBytes : last?.heapLimitBytes;
  if (limit != null) figures['limitBytes'] = limit;
  return {
    kind,
    timeMs: lastSeenMs,
    assumed: [],
    sinceBootSeconds: null,
    file,
    line: 0,
    origin: { pid: record.pid, host: record.host },
    figures,
    said: error?.text ?? '',
  };
}

/** The last minutes: what was sampled, what stood to the end, what was noted. */
export function renderProcessRecord({ file, record, end, lastSeenMs }: ReadProcessRecord, width: number): string {
  const who = [record.service, record.command].filter((text) => text !== '').join(', ');
  const out = [
    wrapLine(
      `Process ${record.pid}${who === '' ? '' : ` (${printable(who)})`}, Node.js ${printable(record.nodeVersion)}, ${timeOf(record.startedAtMs)} to ${timeOf(lastSeenMs)}${record.running ? ', runs' : ''}  (${printable(file)})`,
      width,
      4,
    ),
    '    time (UTC)  heap       floor      external   RSS        requests   in flight  in GC',
    ...spread(record.samples).map(rowOf),
  ];
  if (end?.growth != null)
    out.push(`    growing since ${timeOf(end.growth.sinceMs)} by ${rate(end.growth.bytesPerSecond)}`);
  for (const { kind, text, timeMs } of record.standing) {
    const since =
      kind === 'request' ? `for ${duration(Math.max(0, lastSeenMs - timeMs) / 1000)}` : `since ${timeOf(timeMs)}`;
    out.push(wrapLine(`    ${words[kind] ?? printable(kind)} ${since}: ${printable(text)}`, width, 6));
  }
  for (const { kind, text, timeMs } of record.notes)
    out.push(wrapLine(`    ${timeOf(timeMs)} ${printable(kind)}: ${printable(text)}`, width, 6));
  return out.join('\n');
}

const words: Readonly<Record<string, string>> = {
  verdict: 'verdict',
  suspicion: 'suspicious',
  request: 'in flight',
  site: 'allocated',
};

function kindOf({ cause }: ToldEnd): MemoryErrorKind | null {
  if (cause === 'heap-limit') return 'recorded-heap-limit';
  if (cause === 'killed-for-memory') return 'recorded-memory-kill';
  return cause === 'ended' ? null : 'recorded-end';
}

function beginsAsRecord(file: string): boolean {
  if (file === '-' || !statSync(file).isFile()) return false;
  const descriptor = openSync(file, 'r');
  try {
    const head = Buffer.alloc(16);
    return readSync(descriptor, head, 0, 16, 0) === 16 && head.toString('latin1', 8) === 'EBBRECRD';
  } finally {
    closeSync(descriptor);
  }
}

/** At doubling distances from the end: what was last says most. */
function spread(samples: readonly RecordedSample[]): RecordedSample[] {
  const rows: RecordedSample[] = [];
  for (let back = 1; rows.length < mostRows; back = Math.max(back + 1, Math.ceil(back * 1.8))) {
    const sample = samples[samples.length - back];
    if (sample === undefined) break;
    rows.unshift(sample);
  }
  const [first] = samples;
  if (first !== undefined && rows.length < mostRows && rows[0] !== first) rows.unshift(first);
  return rows;
}

function rowOf(sample: RecordedSample): string {
  const size = (value: number | null): string => (value === null ? '-' : bytes(value));
  const number = (value: number | null): string => (value === null ? '-' : count(value));
  const { gcCpuShare } = sample;
  const cells = [
    size(sample.heapUsedBytes),
    size(sample.floorHeapBytes),
    size(sample.externalBytes),
    size(sample.rssBytes),
    number(sample.requests),
    number(sample.activeRequests),
  ];
  const share = gcCpuShare === null ? '-' : `${Math.round(gcCpuShare * 100)} %`;
  return `    ${timeOf(sample.timeMs).slice(11, 19)}    ${cells.map((cell) => cell.padEnd(11)).join('')}${share}`;
}

/** A time that is none must not cost the report. */
function timeOf(timeMs: number): string {
  return new Date(Math.abs(timeMs) <= 8.64e15 ? timeMs : 0).toISOString().replace('T', ' ').slice(0, 19);
}
