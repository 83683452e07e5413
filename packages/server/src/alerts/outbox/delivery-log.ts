import type { Kysely } from 'kysely';
import type { Schema } from '../../store/schema.ts';
import type { DeliveryAttemptRow, DeliveryRow, NoticeRow } from './tables.ts';

/** A delivery with what it told and how it went. */
export interface LoggedDelivery {
  delivery: DeliveryRow;
  notices: NoticeRow[];
  /** The newest, oldest first. */
  attempts: DeliveryAttemptRow[];
}

const mostAttempts = 20;

/** Deliveries, newest first; of one receiver or incident, or all. */
export async function deliveryLog(
  db: Kysely<Schema>,
  { receiver, incidentId, most }: { receiver?: string | undefined; incidentId?: number | undefined; most: number },
): Promise<LoggedDelivery[]> {
  let query = db.selectFrom('deliveries').selectAll();
  if (receiver !== undefined) query = query.where('receiver', '=', receiver);
  if (incidentId !== undefined)
    query = query.where('id', 'in', (notices) =>
      notices
        .selectFrom('notices')
        .select('delivery_id')
        .where('incident_id', '=', incidentId)
        .$castTo<{ delivery_id: number }>(),
    );
  const log: LoggedDelivery[] = [];
  for (const delivery of await query.orderBy('id', 'desc').limit(most).execute()) {
    const attempts = await db
      .selectFrom('delivery_attempts')
      .selectAll()
      .where('delivery_id', '=', delivery.id)
      .orderBy('id', 'desc')
      .limit(mostAttempts)
      .execute();
    const notices = await db
      .selectFrom('notices')
      .selectAll()
      .where('delivery_id', '=', delivery.id)
      .orderBy('id')
      .execute();
    log.push({ delivery, notices, attempts: attempts.reverse() });
  }
  return log;
}
