/**
 * What is kept, and for how long: a sample a minute for two days, then the last one of each hour; processes that are gone,
 * with all they told, until a time or until the room for them runs short.
 *
 * Works in pieces of some processes each, so that what comes in meanwhile waits for milliseconds; each piece is a
 * transaction, and may be cut off or done twice, also by two servers at once.
 */
import { sql } from 'kysely';
import { forgetCauses } from './forget-causes.ts';
import type { Database } from './database.ts';

/** How long things are kept. */
export interface Retention {
  /** Samples as they came. */
  samplesMs: number;
  /** The last sample of each hour, and processes that are silent. */
  hoursMs: number;
  /** Processes that are kept at most; beyond it those that are silent for the longest go, if for more than an hour. */
  mostProcesses: number;
}

/** What a run did. */
export interface Tidied {
  /** Processes whose old samples became one an hour. */
  thinned: number;
  /** Processes that were forgotten. */
  forgotten: number;
}

const hourMs = 3_600_000;
const processesAtOnce = 200;

/** Thins out and forgets what is old. Ends early, between two pieces, when `signal` is aborted. */
export async function tidy(
  database: Database,
  nowMs: number,
  retention: Retention,
  signal?: AbortSignal,
): Promise<Tidied> {
  const thinned = await inTurns(signal, async () => await thinSome(database, wholeHour(nowMs - retention.samplesMs)));
  const silentSinceMs = nowMs - retention.hoursMs;
  let forgotten = await inTurns(signal, async () => {
    return await forgetSome(database, silentSinceMs, processesAtOnce);
  });
  forgotten += await inTurns(signal, async () => {
    const tooMany = (await countProcesses(database)) - retention.mostProcesses;
    return tooMany <= 0 ? 0 : await forgetSome(database, nowMs - hourMs, Math.min(tooMany, processesAtOnce));
  });
  await database.query.deleteFrom('hourly_samples').where('time_ms', '<', silentSinceMs).execute();
  await forgetCauses(database.query, nowMs, retention);
  return { thinned, forgotten };
}

/** Does pieces until there is nothing left to do; others get their turn in between. */
async function inTurns(signal: AbortSignal | undefined, piece: () => Promise<number>): Promise<number> {
  let done = 0;
  while (signal?.aborted !== true) {
    const count = await piece();
    if (count === 0) break;
    done += count;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return done;
}

async function thinSome({ query }: Database, beforeMs: number): Promise<number> {
  return await query.transaction().execute(async (db) => {
    const old = await db
      .selectFrom('samples')
      .select('process_id')
      .distinct()
      .where('time_ms', '<', beforeMs)
      .limit(processesAtOnce)
      .execute();
    const ids = old.map(({ process_id: id }) => id);
    if (ids.length === 0) return 0;
    const columns = [
      ...(['process_id', 'time_ms', 'rss_bytes', 'floor_bytes', 'heap_used_bytes', 'requests', 'gc_share'] as const),
      ...(['loop_delay_p99_seconds', 'bytes_per_second', 'seconds_to_limit'] as const),
    ];
    const lastOfHour = db
      .selectFrom('samples')
      .select(['process_id', (select) => select.fn.max('time_ms').as('time_ms')])
      .where('process_id', 'in', ids)
      .where('time_ms', '<', beforeMs)
      // As text: a parameter would be a double in SQLite, and the quotient no whole hour.
      .groupBy(['process_id', sql`time_ms / ${sql.lit(hourMs)}`]);
    await db
      .insertInto('hourly_samples')
      .columns([...columns])
      .expression(
        db
          .selectFrom('samples as s')
          .innerJoin(lastOfHour.as('l'), (join) =>
            join.onRef('l.process_id', '=', 's.process_id').onRef('l.time_ms', '=', 's.time_ms'),
          )
          .select(columns.map((name) => `s.${name}` as const)),
      )
      .onConflict((conflict) => conflict.columns(['process_id', 'time_ms']).doNothing())
      .execute();
    await db.deleteFrom('samples').where('process_id', 'in', ids).where('time_ms', '<', beforeMs).execute();
    return ids.length;
  });
}

async function forgetSome({ query: database, engine }: Database, silentSinceMs: number, most: number): Promise<number> {
  return await database.transaction().execute(async (db) => {
    const query = db
      .selectFrom('processes')
      .select('id')
      .where('last_seen_ms', '<', silentSinceMs)
      .orderBy('last_seen_ms')
      .limit(most);
    // Who speaks at this very moment, through another server, is locked, and stays.
    const silent = await (engine === 'postgres' ? query.forUpdate().skipLocked() : query).execute();
    const ids = silent.map(({ id }) => id);
    if (ids.length === 0) return 0;
    for (const table of ['samples', 'hourly_samples', 'verdict_changes', 'judges', 'route_totals'] as const)
      await db.deleteFrom(table).where('process_id', 'in', ids).execute();
    await db.deleteFrom('processes').where('id', 'in', ids).execute();
    return ids.length;
  });
}

async function countProcesses({ query }: Database): Promise<number> {
  const { count } = await query
    .selectFrom('processes')
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

function wholeHour(timeMs: number): number {
  return Math.floor(timeMs / hourMs) * hourMs;
}
