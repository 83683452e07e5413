/**
 * A change of an escalation, made by one server only: whoever finds the version that it has read counts it up, and writes
 * what follows (pages, entries on the timeline) in the same transaction. Whoever comes later finds another version, and
 * writes nothing.
 */
import type { Transaction, Updateable } from 'kysely';
import { appendEvent } from '../../store/incident-events.ts';
import type { IncidentEventKind } from '../../incident/event-kind.ts';
import type { Schema } from '../../store/schema.ts';
import type { EscalationRow, EscalationTable } from '../tables.ts';

/** What becomes of an escalation. */
export type Change = Pick<Updateable<EscalationTable>, 'state' | 'step' | 'round' | 'due_ms' | 'holder' | 'policy'>;

/** Makes a change. Returns the version that it has then; null when another server was faster. */
export async function change(db: Transaction<Schema>, row: EscalationRow, set: Change): Promise<number | null> {
  const version = row.version + 1;
  const { numUpdatedRows } = await db
    .updateTable('escalations')
    .set({ ...set, version })
    .where('id', '=', row.id)
    .where('version', '=', row.version)
    .executeTakeFirst();
  return numUpdatedRows === 0n ? null : version;
}

/** An entry of the timeline that belongs to a change: it stands there once. `ref` is what it came from, where that is known. */
export async function tell(
  db: Transaction<Schema>,
  { incidentId, version, nowMs }: { incidentId: number; version: number; nowMs: number },
  kind: IncidentEventKind,
  text: string,
  ref: string = `escalation ${version} ${kind}`,
): Promise<void> {
  await appendEvent(db, incidentId, { timeMs: nowMs, kind, text, ref });
}
