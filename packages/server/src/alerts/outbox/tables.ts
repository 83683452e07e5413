/** Who is to be told what, and what became of it. */
import type { Generated, Selectable } from 'kysely';
import type { Level } from '../../incident/level.ts';
import type { NoticeKind } from '../channels/message.ts';

/** Somebody should hear of a change of an incident: one row for each change and receiver. */
export interface NoticeTable {
  id: Generated<number>;
  /** Incident, receiver and change: the same change is never written twice. */
  key: string;
  incident_id: number;
  receiver: string;
  kind: NoticeKind;
  /** As it was then, like the summary. */
  level: Level;
  summary: string;
  /** Notices of one receiver that have it alike are sent together. */
  group_key: string;
  created_ms: number;
  due_ms: number;
  /** `sending` belongs to a delivery; `muted` and `dropped` are never sent. */
  state: 'waiting' | 'sending' | 'told' | 'muted' | 'dropped' | 'failed';
  delivery_id: number | null;
}

/** What is brought as a mail of its own, and not as an alert. */
export type LetterKind = 'invitation' | 'cancellation' | 'item-reminder';

/** One message to one receiver. */
export interface DeliveryTable {
  id: Generated<number>;
  /** What a receiver can tell repetitions by. */
  key: string;
  receiver: string;
  group_key: string;
  /** `page` pages a person; `page-acknowledged` and `page-over` tell them that somebody is on it, and that it is over. */
  kind: 'notices' | 'test' | 'page' | 'page-acknowledged' | 'page-over' | LetterKind;
  created_ms: number;
  /** When it is tried next. */
  next_ms: number;
  attempts: number;
  /** Whoever tries holds it until then; 0: nobody does. */
  lease_until_ms: number;
  lease_by: string;
  /** The page that it brings; null where it brings none. */
  page_id: number | null;
  state: 'waiting' | 'done' | 'muted' | 'failed';
}

/** The log: each attempt, and what the receiver answered. */
export interface DeliveryAttemptTable {
  id: Generated<number>;
  delivery_id: number;
  time_ms: number;
  ok: number;
  status: number | null;
  detail: string;
}

/** When a group was sent last. */
export interface NoticeGroupTable {
  receiver: string;
  group_key: string;
  last_ms: number;
}

/** The tables of the outbox. */
export interface OutboxSchema {
  notices: NoticeTable;
  deliveries: DeliveryTable;
  delivery_attempts: DeliveryAttemptTable;
  notice_groups: NoticeGroupTable;
}

/** A notice as it is read. */
export type NoticeRow = Selectable<NoticeTable>;
/** A delivery as it is read. */
export type DeliveryRow = Selectable<DeliveryTable>;
/** An attempt as it is read. */
export type DeliveryAttemptRow = Selectable<DeliveryAttemptTable>;
