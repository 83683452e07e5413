import type { Transaction } from 'kysely';
import { letterReceiver } from '../../alerts/outbox/letter-desk.ts';
import type { LetterKind } from '../../alerts/outbox/tables.ts';
import type { Schema } from '../../store/schema.ts';

/** Has a letter sent, once for each key. What is about the same goes in its order. */
export async function writeLetter(
  db: Transaction<Schema>,
  told: { key: string; kind: LetterKind; about: string; nowMs: number },
): Promise<void> {
  await db
    .insertInto('deliveries')
    .values({
      ...{ key: told.key, receiver: letterReceiver, group_key: told.about, kind: told.kind },
      ...{ created_ms: told.nowMs, next_ms: told.nowMs, attempts: 0, lease_until_ms: 0, lease_by: '' },
      ...{ state: 'waiting', page_id: null },
    })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
}
