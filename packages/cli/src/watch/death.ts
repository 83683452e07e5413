/** What was known of a process just before it died, from the record that it has left and from what the watch has seen. */
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readRecord, tellEnd, type ProcessEnd, type ProcessRecord, type RecordedSample } from '@ebb/agent';
import type { ReportedDeath } from '../report/watch-report.ts';
import type { Series } from './series.ts';

/** So many samples of the last minutes stand in the report. */
const MOST_SAMPLES = 120;
/** An uncaught error is told when the heap was as full as this. */
const NEARLY_FULL = 0.8;

/** Reads the record of a process and removes it; null when there is none. Never throws. */
export function takeRecord(directory: string, pid: number): ProcessRecord | null {
  try {
    // By another number, where it has a PID namespace of its own: then it is the only one.
    const names = readdirSync(directory).filter((name) => /^record-\d+-0-\d+\.ebb$/u.test(name));
    const name = names.find((each) => each.startsWith(`record-${pid}-`)) ?? (names.length === 1 ? names[0] : undefined);
    if (name === undefined) return null;
    const file = join(directory, name);
    const record = lstatSync(file).isFile() ? readRecord(file) : null;
    rmSync(file, { force: true });
    return record;
  } catch {
    return null;
  }
}

/** What is needed of a record. */
export type LeftRecord = Pick<ProcessRecord, 'samples' | 'notes' | 'standing' | 'endedInOrder'>;

/** Where none could be written (the permission model, a full disk), the newest sample stands for it. */
export function recordFromSample({ latest }: Series): LeftRecord {
  const samples =
    latest === null
      ? []
      : [
          {
            ...latest.sample,
            floorTimeMs: null,
            floorHeapBytes: null,
            floorExternalBytes: null,
          } as unknown as RecordedSample,
        ];
  return { samples, notes: [], standing: [], endedInOrder: false };
}

/** What there is to tell of the end of a process; null when it ended as programs do. */
export function deathOf(series: Series, record: LeftRecord, end: ProcessEnd): ReportedDeath | null {
  const error = errorIn(record);
  const told = tellEnd({ samples: [...floorsSeen(series), ...record.samples], endedInOrder: record.endedInOrder }, end);
  const pressed = (told.heapShare ?? 0) >= NEARLY_FULL || (told.rssShare ?? 0) >= NEARLY_FULL;
  const ofError = error !== null && (error.ofMemory || pressed);
  if (told.cause === 'ended' && !ofError) return null;
  // A heap that fills quickly is far from its limit at the last sample.
  const growing = series.judgement !== null && series.judgement.trend.interval[0] > 0;
  const cause =
    told.cause === 'ended' ? 'uncaught-error' : told.cause === 'aborted' && growing ? 'heap-limit' : told.cause;
  const { last, growth } = told;
  return {
    cause,
    sure: cause === 'uncaught-error' || (told.sure && cause === told.cause),
    heapUsedBytes: last?.heapUsedBytes ?? null,
    heapLimitBytes: last?.heapLimitBytes ?? null,
    rssBytes: last?.rssBytes ?? null,
    rssLimitBytes: last?.rssLimitBytes ?? null,
    growingSinceMs: growth?.sinceMs ?? null,
    bytesPerSecond: growth?.bytesPerSecond ?? null,
    heldBy: series.heldBy,
    error: error?.text ?? null,
    inFlight: record.standing
      .filter(({ kind }) => kind === 'request')
      .map(({ text, timeMs }) => ({ request: text, sinceMs: timeMs })),
    lastMinutes: record.samples.slice(-MOST_SAMPLES).map((sample) => ({
      timeMs: sample.timeMs,
      heapUsedBytes: sample.heapUsedBytes,
      rssBytes: sample.rssBytes,
      requests: sample.requests,
    })),
  };
}

/** What a process that ended in order has said of its exit code; null when it did not. */
export function exitCodeIn(record: LeftRecord): number | null {
  const text = record.notes.findLast(({ kind }) => kind === 'exit')?.text;
  return text === undefined || !record.endedInOrder ? null : Number(text);
}

function errorIn(record: LeftRecord): { text: string; ofMemory: boolean } | null {
  const note = record.notes.findLast(({ kind }) => kind === 'error' || kind === 'uncaught');
  return note === undefined ? null : { text: note.text, ofMemory: note.kind === 'error' };
}

/** The ring holds the last minutes; the watch has seen floors from its beginning. */
function floorsSeen(series: Series): RecordedSample[] {
  return series.history.points.map(
    ({ timeMs, bytes }) =>
      ({ timeMs, floorTimeMs: timeMs, floorHeapBytes: bytes, floorExternalBytes: 0 }) as RecordedSample,
  );
}
