/**
 * What processes of a service did before others began: those of the version before, or, where there is none, those of the
 * same version that have ended. A pod that is made anew every night is told apart by nothing else.
 */
import { SeenRises } from '@ebb/trend';
import { sql, type Kysely } from 'kysely';
import { runningMs, runsSince } from './running.ts';
import type { ProcessRow, Schema } from './schema.ts';

/** What processes are judged by: floors, where somebody sends them, or RSS. */
export type JudgedBy = 'floor_bytes' | 'rss_bytes';

/** Whom it is asked for. */
export type LaterOnes = Pick<ProcessRow, 'service_id' | 'version'> & { by: JudgedBy };

/** As many as `SeenRises` keeps. */
const mostLives = 16;
/** Its points of long lives stand farther apart than that. */
const bucketMs = 10 * 60_000;

/** How far these rose; null where there are none. The cost is that of reading sixteen processes' samples. */
export async function earlierRises(db: Kysely<Schema>, later: LaterOnes, nowMs: number): Promise<SeenRises | null> {
  const lives = await earlierLives(db, later, nowMs);
  const rises = new SeenRises();
  for (const { id, first_seen_ms: firstSeenMs, started_ms: startedMs, restarted_ms: restartedMs } of lives) {
    const beganMs = Math.min(startedMs ?? firstSeenMs, restartedMs ?? firstSeenMs);
    // Of an instance that was restarted, the last life: when the others began is not known any more.
    for (const { time_ms: timeMs, bytes, requests } of await pointsOf(db, id, restartedMs ?? 0, later.by)) {
      if (bytes !== null) rises.add({ process: String(id), ageS: (timeMs - beganMs) / 1000, bytes, requests });
    }
  }
  return lives.length === 0 ? null : rises;
}

type Life = Pick<ProcessRow, 'id' | 'first_seen_ms' | 'started_ms' | 'restarted_ms'>;

async function earlierLives(
  db: Kysely<Schema>,
  { service_id: serviceId, version }: LaterOnes,
  nowMs: number,
): Promise<Life[]> {
  const versions = await db
    .selectFrom('processes')
    .select(['version', (select) => select.fn.min('first_seen_ms').as('first_seen_ms')])
    .where('service_id', '=', serviceId)
    .groupBy('version')
    .execute();
  const ownMs = versions.find((one) => one.version === version)?.first_seen_ms ?? 0;
  const before = versions
    .filter((one) => one.version !== version && one.first_seen_ms < ownMs)
    .sort((a, b) => b.first_seen_ms - a.first_seen_ms)
    .at(0);
  const query = db
    .selectFrom('processes')
    .select(['id', 'first_seen_ms', 'started_ms', 'restarted_ms'])
    .where('service_id', '=', serviceId)
    .where('version', '=', before?.version ?? version)
    .orderBy(sql`last_seen_ms - first_seen_ms`, 'desc')
    .limit(mostLives);
  const over = query.where((where) => where.not(runsSince(where, nowMs - runningMs)));
  return await (before === undefined ? over : query).execute();
}

interface Point {
  time_ms: number;
  bytes: number | null;
  requests: number | null;
}

async function pointsOf(db: Kysely<Schema>, id: number, sinceMs: number, by: JudgedBy): Promise<Point[]> {
  const hours = await db
    .selectFrom('hourly_samples')
    .select(['time_ms', `${by} as bytes`, 'requests'])
    .where('process_id', '=', id)
    .where('time_ms', '>=', sinceMs)
    .orderBy('time_ms')
    .execute();
  const recent = await db
    .selectFrom('samples')
    .select((select) => [
      select.fn.min('time_ms').as('time_ms'),
      select.fn.min(by).as('bytes'),
      select.fn.max('requests').as('requests'),
    ])
    .where('process_id', '=', id)
    .where('time_ms', '>=', sinceMs)
    // As text: a parameter would be a double in SQLite, and the quotient no whole bucket.
    .groupBy(sql`time_ms / ${sql.lit(bucketMs)}`)
    .orderBy('time_ms')
    .execute();
  return [...hours, ...recent];
}
