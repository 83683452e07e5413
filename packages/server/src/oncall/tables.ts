/** Who is paged for an incident, and how far that has come. */
import type { Generated, Selectable } from 'kysely';

/**
 * `paging` goes from step to step; `acknowledged` waits until that is over; `muted` waits for the end of a silence;
 * `exhausted` begins anew after a while; `over` with the incident.
 */
export type EscalationState = 'paging' | 'acknowledged' | 'muted' | 'exhausted' | 'over';

/** How far the paging for an incident has come. Every change counts the version up, and is made by one server only. */
export interface EscalationTable {
  id: Generated<number>;
  incident_id: number;
  /** Null where nobody was to be paged, and somebody acknowledged all the same. */
  policy: string | null;
  state: EscalationState;
  version: number;
  /** From 0; −1 before the first one. */
  step: number;
  round: number;
  /** When the next change is due; null: not by time. */
  due_ms: number | null;
  /** Who acknowledged it, or whom it was given to. */
  holder: string | null;
  started_ms: number;
}

/** Somebody is paged: one row for each change of an escalation and person. */
export interface PageTable {
  id: Generated<number>;
  key: string;
  incident_id: number;
  person: string;
  /** In words: on call in a schedule, added by somebody. */
  why: string;
  /** The version of the escalation that brought it. */
  version: number;
  created_ms: number;
  /** `unreached`: no channel took it; `cancelled`: it was not needed any more. */
  state: 'waiting' | 'told' | 'unreached' | 'cancelled';
}

/** Others are on call for a while, by the API. */
export interface OnCallOverrideTable {
  id: Generated<number>;
  schedule: string;
  /** JSON: names. */
  people: string;
  from_ms: number;
  to_ms: number;
  why: string;
  created_ms: number;
  created_by: string;
  /** Null unless somebody ended it before its time. */
  ended_ms: number | null;
  ended_by: string | null;
}

/** Secrets that all servers on one database share. */
export interface OnCallSecretTable {
  name: string;
  secret: string;
}

/** The tables of on-call. */
export interface OnCallSchema {
  escalations: EscalationTable;
  pages: PageTable;
  oncall_overrides: OnCallOverrideTable;
  oncall_secrets: OnCallSecretTable;
}

/** An escalation as it is read. */
export type EscalationRow = Selectable<EscalationTable>;
/** A page as it is read. */
export type PageRow = Selectable<PageTable>;
/** An override as it is read. */
export type OnCallOverrideRow = Selectable<OnCallOverrideTable>;
