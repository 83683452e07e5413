/** What may be done about which service: as code, in a file. Without it nothing may. */
import { matchesName, type Matcher, type ServiceName } from '../alerts/rules/matcher.ts';
import type { ActionKind } from './action.ts';

/** What Ebb does by itself. */
export interface AutomaticPolicy {
  /** A process is restarted when its limit may be nearer than this. */
  leadMs: number;
  /** After so many failures in a row it stops, until a person orders something that works. */
  failures: number;
  /** Whether Ebb may roll back by itself, once an incident, where the guilty change is known and the version before bears it. */
  rollback: boolean;
}

/** What may be done about the services that match. */
export interface ServicePolicy {
  match: Matcher;
  allow: readonly ActionKind[];
  orderedBy: 'responder' | 'admin';
  /** No action is begun with fewer serving than this, or leaves fewer. */
  leastServing: number;
  /** So many actions in so long. */
  budget: { actions: number; perMs: number };
  /** Null: never. */
  automatic: AutomaticPolicy | null;
}

/** The file: the first entry that matches a service holds. */
export type ResponsePolicy = readonly ServicePolicy[];

/** The entry of a service; undefined when nothing may be done about it. */
export function policyFor(policy: ResponsePolicy, service: ServiceName): ServicePolicy | undefined {
  return policy.find(({ match }) => matchesName(match, service));
}
