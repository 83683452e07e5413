/** What the outbox asks whoever writes letters: they go by the same leases, attempts and log as alerts. */
import type { Kysely, Transaction } from 'kysely';
import type { Schema } from '../../store/schema.ts';
import type { Answer } from '../channels/answer.ts';
import type { Letter } from '../channels/letter.ts';
import type { Next } from './page-desk.ts';
import type { DeliveryRow, LetterKind } from './tables.ts';

const letterKinds: readonly DeliveryRow['kind'][] = ['invitation', 'cancellation', 'item-reminder'];

/** What stands as the receiver of letters: the letter says who that is. */
export const letterReceiver = 'mail';

/** A delivery of a letter. */
export type LetterDelivery = DeliveryRow & { kind: LetterKind };

/** What is asked. */
export interface LetterDesk {
  /** The letter as it is now; null when it is not needed any more, or cannot be written. */
  letterOf(db: Kysely<Schema>, delivery: LetterDelivery): Promise<Letter | null>;
  /** Hears what an attempt came to, in the transaction that writes it down. */
  settled(
    db: Transaction<Schema>,
    delivery: LetterDelivery,
    told: { letter: Letter; answer: Answer; next: Next; attempts: number; nowMs: number },
  ): Promise<void>;
  /** Hears that a letter was not sent, because it is not needed any more, or cannot be written. */
  dropped(db: Transaction<Schema>, delivery: LetterDelivery, nowMs: number): Promise<void>;
}

/** Where nobody writes any. */
export const noLetters: LetterDesk = {
  letterOf: async () => null,
  settled: async () => undefined,
  dropped: async () => undefined,
};

/** Whether a delivery brings a letter. */
export function isLetter(delivery: DeliveryRow): delivery is LetterDelivery {
  return letterKinds.includes(delivery.kind);
}
