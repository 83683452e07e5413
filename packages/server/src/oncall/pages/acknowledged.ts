/** Pagers and rooms hear that somebody has acknowledged, whether they rang for a person or for an alert rule. */
import type { Transaction } from 'kysely';
import type { Receiver } from '../../alerts/rules/rules.ts';
import type { Schema } from '../../store/schema.ts';

/** A pager stops to ring, and in a room others see who has it; a mail would only be one more. */
const told: readonly string[] = ['pagerduty', 'slack'];

/** Whether a receiver is told of an acknowledgement. */
export function hearsAcknowledgement(receiver: Receiver | undefined): boolean {
  return receiver !== undefined && told.includes(receiver.channel.type);
}

/** `by ada, until 15:30 UTC`. */
export function acknowledgedWords(holder: string, untilMs: number | null): string {
  const until = untilMs === null ? '' : `, until ${new Date(untilMs).toISOString().slice(11, 16)} UTC`;
  return `by ${holder}${until}`;
}

/** Writes a notice to each receiver of alert rules that has heard of the incident and is told of acknowledgements. */
export async function noticeAcknowledged(
  db: Transaction<Schema>,
  receivers: ReadonlyMap<string, Receiver>,
  about: { incidentId: number; version: number; words: string; nowMs: number },
): Promise<void> {
  const { incidentId, version, words, nowMs } = about;
  const heard = await db
    .selectFrom('notices')
    .innerJoin('incidents', 'incidents.id', 'notices.incident_id')
    .select(['receiver', 'group_key', 'incidents.level', 'incidents.summary'])
    .where('incident_id', '=', incidentId)
    .where('state', 'in', ['sending', 'told'])
    .orderBy('notices.id')
    .execute();
  for (const [receiver, last] of new Map(heard.map((row) => [row.receiver, row]))) {
    if (!hearsAcknowledgement(receivers.get(receiver))) continue;
    await db
      .insertInto('notices')
      .values({
        key: `${incidentId}:${receiver}:acknowledged:${version}`,
        ...{ incident_id: incidentId, receiver, kind: 'acknowledged', level: last.level },
        summary: `${words}: ${last.summary}`,
        ...{ group_key: last.group_key, created_ms: nowMs, due_ms: nowMs, state: 'waiting', delivery_id: null },
      })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .execute();
  }
}
