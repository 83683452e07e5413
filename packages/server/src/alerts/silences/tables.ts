/** What is not to be told for a while. */
import type { Generated, Selectable } from 'kysely';

/** Notices that fit are not sent from a time to a time. */
export interface SilenceTable {
  id: Generated<number>;
  /** JSON. */
  matcher: string;
  starts_ms: number;
  ends_ms: number;
  why: string;
  created_ms: number;
  created_by: string;
  /** Null unless somebody ended it before its time. */
  ended_ms: number | null;
  ended_by: string | null;
}

/** Times of work that is planned: once, or again and again. */
export interface MaintenanceTable {
  id: Generated<number>;
  /** JSON. */
  matcher: string;
  /** The first start, by the clocks of the zone: `2026-11-22T02:00`. */
  starts_local: string;
  /** Of the IANA database. */
  zone: string;
  duration_ms: number;
  /** RRULE of RFC 5545, without its name; null for once. */
  rule: string | null;
  /** The last start is before it. */
  until_ms: number;
  /** When the last one ends. */
  over_ms: number;
  why: string;
  created_ms: number;
  created_by: string;
  ended_ms: number | null;
  ended_by: string | null;
}

/** The tables of silences. */
export interface SilenceSchema {
  silences: SilenceTable;
  maintenance: MaintenanceTable;
}

/** A silence as it is read. */
export type SilenceRow = Selectable<SilenceTable>;
/** A maintenance window as it is read. */
export type MaintenanceRow = Selectable<MaintenanceTable>;
