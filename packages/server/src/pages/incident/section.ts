import type { Context } from '../../http/context.ts';
import type { Clock } from '../../incident/zone.ts';
import type { ServiceState } from '../../judge/fleet.ts';
import type { IncidentRow, ServiceRow } from '../../store/schema.ts';
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
  /** What was wrong with what the reader sent. */
  problem: string | null;
  clock: Clock;
  nowMs: number;
}

/** A part of an incident's page; null where there is nothing to show. It reads by itself what it needs. */
export type IncidentSection = (view: IncidentView) => Promise<Markup | null>;
