import type { Context } from '../../http/context.ts';
import type { Clock } from '../../incident/zone.ts';
import type { ServiceState } from '../../judge/fleet.ts';
import type { IncidentRow, ServiceRow } from '../../store/schema.ts';
import type { ActionKind } from '../../response/action.ts';
import type { Orderer } from '../../response/response.ts';
import type { Markup } from '../html.ts';

/** What a section of an incident's page is made from. */
export interface IncidentView {
  /** Where a section reads what it shows. */
  context: Context;
  incident: IncidentRow;
  service: ServiceRow | undefined;
  /** The service now; undefined when none of its processes is heard of. */
  state: ServiceState | undefined;
  /** Whether the reader works on incidents, or only reads. */
  mayAct: boolean;
  /** Who reads, where an action is planned. */
  orderer: Orderer;
  /** The action of which the reader wants to know what it would do; null where none is asked for. */
  asked: { kind: ActionKind; version?: string; subject?: string } | null;
  /** What was wrong with what the reader sent. */
  problem: string | null;
  clock: Clock;
  nowMs: number;
}

/** A part of an incident's page; null where there is nothing to show. It reads by itself what it needs. */
export type IncidentSection = (view: IncidentView) => Promise<Markup | null>;
