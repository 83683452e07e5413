/** What was ordered for services, and who carries it out. */
import type { Generated, Selectable } from 'kysely';
import type { ActionKind, ActionState } from './action.ts';

/** An action, from its order to its end. */
export interface ActionTable {
  id: Generated<number>;
  service_id: number;
  /** The service's incident that was open; null where none was. */
  incident_id: number | null;
  kind: ActionKind;
  state: ActionState;
  /** JSON: `ActionTarget[]`. */
  targets: string;
  /** Where a rollback or a roll forward goes to. */
  version: string | null;
  /** The flag that is switched off, the route that is shed, or the heap limit in MB. */
  subject: string | null;
  least_serving: number;
  why: string;
  ordered_ms: number;
  ordered_by: string;
  /** 1 where Ebb ordered it by itself. */
  automatic: number;
  /** Who carries it out. */
  runner: string | null;
  started_ms: number | null;
  /** A runner that is silent until then is given up. */
  lease_until_ms: number | null;
  /** Why it is to stop before its end. */
  stop_reason: string | null;
  ended_ms: number | null;
  /** What came of it, in one sentence. */
  outcome: string | null;
  /** JSON: `ActionStep[]`. */
  steps: string;
  /** JSON: `ActionProof`, whether it helped; null while nobody has looked. */
  proof: Generated<string | null>;
  /** 1 where nothing more will be known of that. */
  proof_over: Generated<number>;
}

/** Somebody who carries actions out for a service, beside it. */
export interface RunnerTable {
  name: string;
  service: string;
  /** JSON: `ActionKind[]`. */
  kinds: string;
  executor: string;
  seen_ms: number;
}

/** The tables of responses. */
export interface ResponseSchema {
  actions: ActionTable;
  action_runners: RunnerTable;
}

/** An action as it is read. */
export type ActionRow = Selectable<ActionTable>;
