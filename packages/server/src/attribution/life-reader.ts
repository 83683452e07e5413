/** Reads the lives of a service's processes out of the database: those that run, and those of versions before. */
import type { Kysely } from 'kysely';
import type { ProcessRow, SampleRow, Schema } from '../store/schema.ts';
import { inPieces } from '../store/in-pieces.ts';
import { runsOut } from '../judge/pool.ts';
import { cutIntoLives, type Life } from './life.ts';

/** Processes that were silent for longer say nothing about a growth of today. */
const historyMs = 14 * 86_400_000;
const mostProcesses = 5000;
/** Of each version those that run out, and those that were seen for the longest. */
const mostOfEach = 12;
const mostVersions = 8;
const mostSamples = 3000;

type Sample = Pick<SampleRow, 'process_id' | 'time_ms' | 'rss_bytes' | 'floor_bytes' | 'requests'>;

/**
 * The lives of the newest versions of a service. Of each version those that run out come first; with `youngSinceMs` as many
 * that began since then are among them in any case.
 */
export async function readLives(
  db: Kysely<Schema>,
  serviceId: number,
  nowMs: number,
  youngSinceMs: number = Infinity,
): Promise<Life[]> {
  const rows = await db
    .selectFrom('processes')
    .selectAll()
    .where('service_id', '=', serviceId)
    .where('last_seen_ms', '>=', nowMs - historyMs)
    .orderBy('last_seen_ms', 'desc')
    .limit(mostProcesses)
    .execute();
  const chosen = choose(rows, youngSinceMs);
  const leaks = await firstLeaks(db, chosen);
  const isNative =
    chosen.filter(({ verdict }) => verdict === 'native').length >
    chosen.filter(({ verdict }) => verdict === 'leak').length;
  const lives: Life[] = [];
  for (const row of chosen) {
    const samples = await samplesOf(db, row.id);
    const byFloor = !isNative && samples.some(({ floor_bytes: floor }) => floor !== null);
    const points = samples.flatMap(({ time_ms: timeMs, rss_bytes: rss, floor_bytes: floor, requests }) => {
      const bytes = byFloor ? floor : rss;
      return bytes === null ? [] : [{ timeMs, bytes, requests }];
    });
    const told = leaks.get(row.id) ?? [];
    for (const { startMs, points: own } of cutIntoLives(points, {
      startedMs: row.started_ms,
      firstSeenMs: row.first_seen_ms,
    })) {
      const endMs = own[own.length - 1].timeMs;
      const leakedAtMs = told.find((timeMs) => timeMs >= startMs && timeMs <= endMs + 60_000) ?? null;
      lives.push({
        process: row.instance || String(row.id),
        version: row.version,
        revision: row.revision,
        ...{ startMs, endMs, points: own, leakedAtMs },
        ...limitOf(row, byFloor),
      });
    }
  }
  return lives;
}

/** Of the heap, where floors are told; of the container else. */
function limitOf(row: ProcessRow, byFloor: boolean): { limitBytes?: number } {
  const { heap_limit_bytes: heap, container_limit_bytes: container } = row;
  const limitBytes = byFloor ? (heap ?? container) : container;
  return limitBytes === null ? {} : { limitBytes };
}

function choose(rows: readonly ProcessRow[], youngSinceMs: number): ProcessRow[] {
  const byVersion = new Map<string, ProcessRow[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.version, row.revision]);
    byVersion.set(key, [...(byVersion.get(key) ?? []), row]);
  }
  // The rows are in the order of who was heard of last, and so are the versions.
  return [...byVersion.values()].slice(0, mostVersions).flatMap((own) => {
    const young = own.filter((row) => (row.started_ms ?? row.first_seen_ms) >= youngSinceMs).slice(0, mostOfEach);
    const telling = own
      .toSorted((a, b) => Number(runsOut(b.verdict)) - Number(runsOut(a.verdict)) || seenFor(b) - seenFor(a))
      .slice(0, mostOfEach);
    return [...new Set([...young, ...telling])];
  });
}

function seenFor({ first_seen_ms: fromMs, last_seen_ms: toMs }: ProcessRow): number {
  return toMs - fromMs;
}

/** When each process was called a leak, in the order of time. */
async function firstLeaks(db: Kysely<Schema>, rows: readonly ProcessRow[]): Promise<Map<number, number[]>> {
  const found = new Map<number, number[]>();
  await inPieces(
    rows.map(({ id }) => id),
    async (piece) => {
      const changes = await db
        .selectFrom('verdict_changes')
        .select(['process_id', 'time_ms'])
        .where('process_id', 'in', piece)
        .where('verdict', 'in', ['leak', 'native'])
        .orderBy('time_ms')
        .execute();
      for (const { process_id: id, time_ms: timeMs } of changes) found.set(id, [...(found.get(id) ?? []), timeMs]);
    },
  );
  // What was called so before its history begins.
  for (const { id, verdict, verdict_since_ms: sinceMs } of rows)
    if (runsOut(verdict) && !found.has(id)) found.set(id, [sinceMs]);
  return found;
}

async function samplesOf(db: Kysely<Schema>, processId: number): Promise<Sample[]> {
  const rows: Sample[] = [];
  for (const table of ['hourly_samples', 'samples'] as const) {
    rows.push(
      ...(await db
        .selectFrom(table)
        .select(['process_id', 'time_ms', 'rss_bytes', 'floor_bytes', 'requests'])
        .where('process_id', '=', processId)
        .orderBy('time_ms', 'desc')
        .limit(mostSamples)
        .execute()),
    );
  }
  return rows.sort((a, b) => a.time_ms - b.time_ms);
}
