/** Overrides of schedules that people make by the API: who takes over from whom, for how long. Ended, never deleted, until long over. */
import type { Kysely } from 'kysely';
import type { Schema } from '../../store/schema.ts';
import type { Schedule, ScheduleOverride } from '../schedule/schedule.ts';
import type { OnCallOverrideRow } from '../tables.ts';

/** An override as it is told. */
export interface ToldOverride extends ScheduleOverride {
  id: number;
  schedule: string;
  why: string;
  createdBy: string;
}

/** Overrides of one moment and later, by schedule, in the order in which they were made. */
export async function overridesAt(db: Kysely<Schema>, fromMs: number): Promise<Map<string, ToldOverride[]>> {
  const rows = await db
    .selectFrom('oncall_overrides')
    .selectAll()
    .where('to_ms', '>', fromMs)
    .where('ended_ms', 'is', null)
    .orderBy('id')
    .execute();
  const all = new Map<string, ToldOverride[]>();
  for (const one of rows.map(overrideOf)) all.set(one.schedule, [...(all.get(one.schedule) ?? []), one]);
  return all;
}

/** A schedule with its overrides of the API, which count before those of the plan. */
export function withOverrides(
  schedule: Schedule,
  overrides: ReadonlyMap<string, readonly ScheduleOverride[]>,
): Schedule {
  return { ...schedule, overrides: [...schedule.overrides, ...(overrides.get(schedule.name) ?? [])] };
}

/** Makes an override. Its times and people are checked by the caller. */
export async function makeOverride(
  db: Kysely<Schema>,
  told: Omit<ToldOverride, 'id'> & { nowMs: number },
): Promise<ToldOverride> {
  const row = await db
    .insertInto('oncall_overrides')
    .values({
      schedule: told.schedule,
      people: JSON.stringify(told.people),
      from_ms: told.fromMs,
      to_ms: told.toMs,
      why: told.why,
      created_ms: told.nowMs,
      created_by: told.createdBy,
      ended_ms: null,
      ended_by: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return overrideOf(row);
}

/** Ends an override now. False when there is none that is not over. */
export async function endOverride(
  db: Kysely<Schema>,
  id: number,
  by: { name: string; nowMs: number },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('oncall_overrides')
    .set({ ended_ms: by.nowMs, ended_by: by.name })
    .where('id', '=', id)
    .where('ended_ms', 'is', null)
    .where('to_ms', '>', by.nowMs)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

function overrideOf(row: OnCallOverrideRow): ToldOverride {
  return {
    id: row.id,
    schedule: row.schedule,
    people: JSON.parse(row.people) as string[],
    fromMs: row.from_ms,
    toMs: row.to_ms,
    why: row.why,
    createdBy: row.created_by,
  };
}
