/** Reads what processes were seen to bear, and what comes to them now. */
import type { Kysely } from 'kysely';
import type { ProcessRow, Schema } from '../store/schema.ts';
import { loadOf, type Demand, type Load, type SeenLoad } from './capacity.ts';

/** Samples of every minute are kept for two days. */
const seenMs = 2 * 86_400_000;
const nowMinutesMs = 10 * 60_000;
const mostProcesses = 20;
const mostSamples = 3000;

/** What processes of a version did in the last days. */
export async function readLoad(
  db: Kysely<Schema>,
  { serviceId, version, nowMs }: { serviceId: number; version: string; nowMs: number },
): Promise<Load> {
  const processes = await db
    .selectFrom('processes')
    .select('id')
    .where('service_id', '=', serviceId)
    .where('version', '=', version)
    .where('last_seen_ms', '>=', nowMs - seenMs)
    .orderBy('last_seen_ms', 'desc')
    .limit(mostProcesses)
    .execute();
  return loadOf(await Promise.all(processes.map(async ({ id }) => await samplesOf(db, id, nowMs - seenMs))));
}

/** What comes to the processes that run. */
export async function readDemand(
  db: Kysely<Schema>,
  processes: readonly Pick<ProcessRow, 'id' | 'container_limit_bytes'>[],
  nowMs: number,
): Promise<Demand> {
  const rates: number[] = [];
  for (const { id } of processes.slice(0, mostProcesses)) {
    const { mostPerSecond } = loadOf([await samplesOf(db, id, nowMs - nowMinutesMs)]);
    if (mostPerSecond !== null) rates.push(mostPerSecond);
  }
  const limits = processes.flatMap(({ container_limit_bytes: limit }) => limit ?? []);
  return {
    processes: processes.length,
    perSecond: rates.length === 0 ? null : rates.reduce((sum, rate) => sum + rate, 0) / rates.length,
    containerLimitBytes: limits.length === 0 ? null : Math.min(...limits),
  };
}

async function samplesOf(db: Kysely<Schema>, processId: number, sinceMs: number): Promise<SeenLoad[]> {
  const rows = await db
    .selectFrom('samples')
    .select(['time_ms', 'rss_bytes', 'requests'])
    .where('process_id', '=', processId)
    .where('time_ms', '>=', sinceMs)
    .orderBy('time_ms')
    .limit(mostSamples)
    .execute();
  return rows.map(({ time_ms: timeMs, rss_bytes: rssBytes, requests }) => ({ timeMs, rssBytes, requests }));
}
