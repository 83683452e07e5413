/**
 * What is kept, and for how long: a sample a minute for two days, then the last one of each hour; processes that are gone,
 * with all they told, until a time or until the room for them runs short.
 *
 * Works in pieces of some processes each, so that what comes in meanwhile waits for milliseconds; each piece is a
 * transaction, and may be cut off or done twice, also by two servers at once.
 */
import { sql, type Transaction } from 'kysely';
import { forgetFindings } from '../findings/finding-store.ts';
import { forgetAudit } from './forget-audit.ts';
import { forgetCauses } from './forget-causes.ts';
import type { Database } from './database.ts';
import type { Schema } from './schema.ts';

/** How long things are kept. */
export interface Retention {
  /** Samples as they came. */
  samplesMs: number;
  /** The last sample of each hour, and processes that are silent. */
  hoursMs: number;
  /** Processes that are kept at most; beyond it those that are silent for the longest go, if for more than an hour. */
  mostProcesses: number;
  /** Services that are kept at most; beyond it those that are silent for the longest go, as above. */
  mostServices: number;
}

/** What a run did. */
export interface Tidied {
  /** Processes whose old samples became one an hour. */
  thinned: number;
  /** Processes that were forgotten. */
  forgotten: number;
}

const hourMs = 3_600_000;
const thinnedAtOnce = 200;
const forgottenAtOnce = 1000;

/** Thins out and forgets what is old. Ends early, between two pieces, when `signal` is aborted. */
export async function tidy(
  database: Database,
  nowMs: number,
  retention: Retention,
  signal?: AbortSignal,
): Promise<Tidied> {
  const silentSinceMs = nowMs - retention.hoursMs;
  const thinBeforeMs = wholeHour(nowMs - retention.samplesMs);
  let thinned = 0;
  let lastId = 0;
  await inTurns(signal, async () => {
    const ids = await nextProcesses(database, lastId);
    thinned += await thin(database, ids, { thinBeforeMs, forgetBeforeMs: silentSinceMs });
    lastId = ids.at(-1) ?? lastId;
    return ids.length;
  });
  let forgotten = await inTurns(signal, async () => {
    return await forgetSome(database, silentSinceMs, forgottenAtOnce);
  });
  forgotten += await inTurns(signal, async () => {
    const tooMany = (await count(database, 'processes')) - retention.mostProcesses;
    return tooMany <= 0 ? 0 : await forgetSome(database, nowMs - hourMs, Math.min(tooMany, forgottenAtOnce));
  });
  forgotten += await inTurns(signal, async () => {
    const tooMany = (await count(database, 'services')) - retention.mostServices;
    return tooMany <= 0 ? 0 : await forgetServices(database, nowMs - hourMs, Math.min(tooMany, thinnedAtOnce));
  });
  await forgetFindings(database.query, silentSinceMs);
  await forgetEmptyServices(database);
  await forgetCauses(database.query, nowMs, retention);
  await forgetAudit(database.query, nowMs);
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

/** By process, as the rows are kept: an index by time would cost each report more than this costs in the end. */
async function nextProcesses({ query }: Database, afterId: number): Promise<number[]> {
  const rows = await query
    .selectFrom('processes')
    .select('id')
    .where('id', '>', afterId)
    .orderBy('id')
    .limit(thinnedAtOnce)
    .execute();
  return rows.map(({ id }) => id);
}

/** Thins out what these processes told. Returns of how many of them there was anything to thin out. */
async function thin(
  { query }: Database,
  all: readonly number[],
  { thinBeforeMs, forgetBeforeMs }: { thinBeforeMs: number; forgetBeforeMs: number },
): Promise<number> {
  if (all.length === 0) return 0;
  return await query.transaction().execute(async (db) => {
    for (const table of ['hourly_samples', 'verdict_changes'] as const)
      await db.deleteFrom(table).where('process_id', 'in', all).where('time_ms', '<', forgetBeforeMs).execute();
    const old = await db
      .selectFrom('samples')
      .select('process_id')
      .distinct()
      .where('process_id', 'in', all)
      .where('time_ms', '<', thinBeforeMs)
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
      .where('time_ms', '<', thinBeforeMs)
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
    await db.deleteFrom('samples').where('process_id', 'in', ids).where('time_ms', '<', thinBeforeMs).execute();
    return ids.length;
  });
}

async function forgetSome({ query, engine }: Database, silentSinceMs: number, most: number): Promise<number> {
  return await query.transaction().execute(async (db) => {
    const silent = db
      .selectFrom('processes')
      .select('id')
      .where('last_seen_ms', '<', silentSinceMs)
      .orderBy('last_seen_ms')
      .limit(most);
    // Who speaks at this very moment, through another server, is locked, and stays.
    return await forget(db, await (engine === 'postgres' ? silent.forUpdate().skipLocked() : silent).execute());
  });
}

/** Forgets the processes of services of which none spoke for so long. */
async function forgetServices({ query, engine }: Database, silentSinceMs: number, most: number): Promise<number> {
  return await query.transaction().execute(async (db) => {
    const services = db
      .selectFrom('processes')
      .select('service_id')
      .groupBy('service_id')
      .having((select) => select.fn.max('last_seen_ms'), '<', silentSinceMs)
      .orderBy((select) => select.fn.max('last_seen_ms'))
      .limit(most);
    const silent = db
      .selectFrom('processes')
      .select('id')
      .where('service_id', 'in', services)
      .where('last_seen_ms', '<', silentSinceMs)
      .limit(forgottenAtOnce);
    return await forget(db, await (engine === 'postgres' ? silent.forUpdate().skipLocked() : silent).execute());
  });
}

async function forget(db: Transaction<Schema>, processes: readonly { id: number }[]): Promise<number> {
  const ids = processes.map(({ id }) => id);
  if (ids.length === 0) return 0;
  for (const table of ['samples', 'hourly_samples', 'verdict_changes', 'judges', 'route_totals'] as const)
    await db.deleteFrom(table).where('process_id', 'in', ids).execute();
  await db.deleteFrom('processes').where('id', 'in', ids).execute();
  return ids.length;
}

/** What else a service is kept for: history, and what monitoring says of one that reports nothing itself. */
const speaksOfServices = ['incidents', 'signals', 'changes', 'findings'] as const;

/** A service goes with the last of its processes, unless something else speaks of it. */
async function forgetEmptyServices({ query, engine }: Database): Promise<void> {
  await query.transaction().execute(async (db) => {
    const isEmpty = sql<boolean>`${sql.join(
      ['processes', ...speaksOfServices].map(
        (table) => sql`not exists (select 1 from ${sql.table(table)} as t where t.service_id = services.id)`,
      ),
      sql` and `,
    )}`;
    const empty = db.selectFrom('services').select('id').where(isEmpty).limit(forgottenAtOnce);
    const rows = await (engine === 'postgres' ? empty.forUpdate().skipLocked() : empty).execute();
    if (rows.length === 0) return;
    // Asked again now that they are locked: who was about to add a process to one of them has done so, or will wait.
    const ids = rows.map(({ id }) => id);
    await db.deleteFrom('services').where('id', 'in', ids).where(isEmpty).execute();
  });
}

async function count({ query }: Database, table: 'processes' | 'services'): Promise<number> {
  const { rows } = await query
    .selectFrom(table)
    .select((select) => select.fn.countAll<number>().as('rows'))
    .executeTakeFirstOrThrow();
  return rows;
}

function wholeHour(timeMs: number): number {
  return Math.floor(timeMs / hourMs) * hourMs;
}
