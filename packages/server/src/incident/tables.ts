/** What people do in an incident. */
import type { Generated, Selectable } from 'kysely';
import type { HypothesisState } from './hypothesis.ts';
import type { IncidentRole } from './role.ts';

/** What somebody thinks the incident comes from. */
export interface HypothesisTable {
  id: Generated<number>;
  incident_id: number;
  title: string;
  /** The change that is meant; null where it is none. */
  change_id: number | null;
  state: HypothesisState;
  /** Since when it is suspected. */
  since_ms: number;
  suspected_by: string;
  /** May be empty. */
  suspected_why: string;
  /** When it was exonerated or confirmed; null before. */
  decided_ms: number | null;
  decided_by: string | null;
  decided_why: string | null;
}

/** Who has a role in an incident now. */
export interface IncidentRoleTable {
  incident_id: number;
  role: IncidentRole;
  name: string;
  since_ms: number;
}

/** The tables of what people do in an incident. */
export interface IncidentWorkSchema {
  hypotheses: HypothesisTable;
  incident_roles: IncidentRoleTable;
}

/** A hypothesis as it is read. */
export type HypothesisRow = Selectable<HypothesisTable>;
/** A role as it is read. */
export type IncidentRoleRow = Selectable<IncidentRoleTable>;
