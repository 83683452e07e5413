/** Incidents that open and close again and again are one. */
import type { Transaction } from 'kysely';
import type { Cause } from '../incident/cause.ts';
import type { Level } from '../incident/level.ts';
import { appendEvent } from './incident-events.ts';
import type { Schema } from './schema.ts';

/** When an incident flaps. */
export interface FlappingRule {
  /** Opened so many times `withinMs`, it is one that flaps: the last one is opened again. */
  times: number;
  withinMs: number;
  /** It is over when it was quiet for so long. */
  quietMs: number;
}

/** Three times in six hours; an hour. */
export const usualFlapping: FlappingRule = { times: 3, withinMs: 6 * 3_600_000, quietMs: 3_600_000 };

/**
 * Opens the service's last incident again, where so many were opened that another one would be noise. Undefined where there
 * were not; the caller's lock keeps others away, or its unique index makes them fail.
 */
export async function reopen(
  db: Transaction<Schema>,
  serviceId: number,
  told: { level: Level | null; cause: Cause; summary: string; nowMs: number; flapping: FlappingRule },
): Promise<number | undefined> {
  const {
    level,
    cause,
    summary,
    nowMs,
    flapping: { times, withinMs },
  } = told;
  const lately = await db
    .selectFrom('incidents')
    .select(['id', 'level', 'reopened'])
    .where('service_id', '=', serviceId)
    .where((where) =>
      where.or([where('opened_ms', '>', nowMs - withinMs), where('resolved_ms', '>', nowMs - withinMs)]),
    )
    .orderBy('id', 'desc')
    .limit(times)
    .execute();
  const [last] = lately;
  const count = lately.length + (last?.reopened ?? 0);
  if (last === undefined || level === null || count < times) return undefined;
  const { numUpdatedRows } = await db
    .updateTable('incidents')
    // The level that it is now: that it was a page before does not wake anybody up for a notice.
    .set({ resolved_ms: null, quiet_since_ms: null, level, cause, summary, reopened: last.reopened + 1 })
    .where('id', '=', last.id)
    .where('resolved_ms', 'is not', null)
    .executeTakeFirst();
  // Another server was faster: its incident is open.
  if (numUpdatedRows === 0n) return undefined;
  const text = `${level}: ${summary}; it was over and came back ${count} times: it counts as one until it stays quiet`;
  await appendEvent(db, last.id, { timeMs: nowMs, kind: 'reopened', text });
  return last.id;
}
