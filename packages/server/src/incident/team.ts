/** Whose a service is, by the labels that the rules give it. */
import { rulesFor, type AlertRules } from '../alerts/rules/rules.ts';
import type { ServiceRow } from '../store/schema.ts';
import { zoneOf } from './zone.ts';

/** A service's team; null where no label says it. */
export interface Team {
  /** The label `team`. */
  name: string | null;
  /** The label `zone`: where the team's clock is. */
  zone: string | null;
}

/** The team of a service. */
export function teamOf(
  rules: AlertRules,
  { name: service, namespace, environment }: Pick<ServiceRow, 'name' | 'namespace' | 'environment'>,
): Team {
  const { team = null, zone = '' } = rulesFor(rules, { service, namespace, environment }).labels;
  return { name: team, zone: zoneOf(zone) };
}
