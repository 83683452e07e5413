/** What was found to hold memory: one row for a service, version and fingerprint. */
import type { Generated, Selectable } from 'kysely';

/** See `Finding`. */
export interface FindingTable {
  id: Generated<number>;
  service_id: number;
  version: string;
  fingerprint: string;
  revision: string | null;
  instance: string;
  /** 1 where snapshots proved it; what was confirmed once stays so. */
  confirmed: number;
  kind: string;
  title: string;
  subject: string;
  /** JSON: `Holder`. */
  holder: string;
  /** JSON: `CodeLocation`. */
  inserted_at: string | null;
  package: string | null;
  sample_type: string;
  retained_bytes: number | null;
  growth_bytes: number | null;
  bytes_per_request: number | null;
  /** JSON: `string[]`. */
  routes: string;
  /** JSON: `Capture[]`. */
  captures: string;
  first_seen_ms: number;
  last_seen_ms: number;
  times: number;
}

/** The tables of this folder. */
export interface FindingsSchema {
  findings: FindingTable;
}

/** A finding as it is read. */
export type FindingRow = Selectable<FindingTable>;
