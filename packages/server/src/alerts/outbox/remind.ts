/**
 * Who has to hear of an incident that is still open: whoever was kept from hearing of it, when that is over; whoever the
 * rules name only now; and whoever wants to hear of it again after a while.
 */
import type { Database } from '../../store/database.ts';
import { targetsOf, type Target } from '../rules/routing.ts';
import type { AlertRules } from '../rules/rules.ts';
import type { Muting } from '../silences/muting.ts';
import type { OpenIncidents } from '../silences/open-incidents.ts';
import type { Kysely } from 'kysely';
import type { Schema } from '../../store/schema.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { writeNotice } from './outbox.ts';
import type { NoticeRow } from './tables.ts';

/** What reminding needs. */
export interface RemindOptions {
  database: Database;
  rules: () => AlertRules;
  incidents: OpenIncidents;
  mutingAt: (db: Kysely<Schema>, nowMs: number) => Promise<Muting>;
  now: () => number;
}

/** Writes the notices that are due by time, not by a change. Each is written once, whoever does it. */
export async function remind({ database, rules, incidents, mutingAt, now }: RemindOptions): Promise<void> {
  const all = rules();
  if (all.routes.length === 0) return;
  const nowMs = now();
  await oneAtATime(database, async (db) => {
    const open = await incidents.list(db);
    if (open.length === 0) return;
    const muting = await mutingAt(db, nowMs);
    const last = await lastNotices(db);
    for (const { id, subject, summary } of open) {
      for (const target of targetsOf(all, subject)) {
        const before = last.get(`${id} ${target.receiver}`);
        const why = before === undefined ? 'first' : reasonFor(before, target, nowMs);
        if (why === null || muting.of(id, subject) !== null) continue;
        const key = `${id}:${target.receiver}:${why}:${before?.id ?? 0}`;
        await writeNotice(db, target, { key, incidentId: id, kind: 'still-open', subject, summary, nowMs });
      }
    }
  });
}

function reasonFor(
  { state, created_ms: createdMs }: NoticeRow,
  { repeatIntervalMs }: Target,
  nowMs: number,
): string | null {
  if (state === 'muted') return 'unmuted';
  return state === 'told' && repeatIntervalMs !== null && nowMs - createdMs >= repeatIntervalMs ? 'repeat' : null;
}

/** The newest notice of each open incident and receiver. */
async function lastNotices(db: Kysely<Schema>): Promise<Map<string, NoticeRow>> {
  const rows = await db
    .selectFrom('notices')
    .selectAll('notices')
    .where('notices.id', 'in', (query) =>
      query
        .selectFrom('notices as n')
        .innerJoin('incidents', 'incidents.id', 'n.incident_id')
        .select((select) => select.fn.max('n.id').as('id'))
        .where('resolved_ms', 'is', null)
        .groupBy(['n.incident_id', 'n.receiver']),
    )
    .execute();
  return new Map(rows.map((row) => [`${row.incident_id} ${row.receiver}`, row]));
}
