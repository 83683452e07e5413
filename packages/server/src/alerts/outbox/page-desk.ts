/** What the outbox asks whoever pages people: deliveries of pages go by the same leases, attempts and log as others. */
import type { Kysely, Transaction } from 'kysely';
import type { Schema } from '../../store/schema.ts';
import type { Answer } from '../channels/answer.ts';
import type { IncidentNews } from '../channels/message.ts';
import type { Receiver } from '../rules/rules.ts';
import type { Muting } from '../silences/muting.ts';
import type { OpenIncidents } from '../silences/open-incidents.ts';
import type { DeliveryRow } from './tables.ts';

/** What a delivery has to tell. */
export interface Told {
  news: IncidentNews[];
  /** Why all of it is muted; null when something is to be told. */
  muted: string | null;
}

/** What becomes of a delivery after an attempt. */
export type Next = 'done' | 'give up' | 'again';

/** What is asked. */
export interface PageDesk {
  /** The way to a person by its name; undefined when there is none, or none any more. */
  receiver(name: string): Receiver | undefined;
  /** What a delivery of a page has to tell now; nothing when it is not needed any more. */
  newsOf(
    db: Kysely<Schema>,
    delivery: DeliveryRow,
    told: { incidents: OpenIncidents; muting: Muting; nowMs: number },
  ): Promise<Told>;
  /** Hears what an attempt came to, in the transaction that writes it down. */
  settled(
    db: Transaction<Schema>,
    delivery: DeliveryRow,
    told: { answer: Answer; next: Next; attempts: number; nowMs: number },
  ): Promise<void>;
  /** Hears that a delivery was not sent, because it is muted or not needed any more. */
  dropped(db: Transaction<Schema>, delivery: DeliveryRow): Promise<void>;
}

/** Where nobody is paged. */
export const noPages: PageDesk = {
  receiver: () => undefined,
  newsOf: async () => ({ news: [], muted: null }),
  settled: async () => undefined,
  dropped: async () => undefined,
};
