/** Who is told of an incident: pure. */
import { labelOf, matches, type Subject } from './matcher.ts';
import type { AlertRules, Route } from './rules.ts';

/** A receiver of an incident, with how its notices are put together. */
export interface Target {
  receiver: string;
  groupKey: string;
  groupWaitMs: number;
  groupIntervalMs: number;
  repeatIntervalMs: number | null;
}

/** How somebody is told whom no route names any more. */
const leftOver: Omit<Route, 'match' | 'to'> = {
  groupBy: ['service', 'namespace', 'environment'],
  groupWaitMs: 0,
  groupIntervalMs: 0,
  repeatIntervalMs: null,
};

/**
 * All receivers of the incident, each once: the first route that names it says how. `told` are receivers that were told
 * of it before; they hear of its end, whatever the rules say now.
 */
export function targetsOf(rules: AlertRules, subject: Subject, told: readonly string[] = []): Target[] {
  const targets = new Map<string, Target>();
  const add = (receiver: string, how: Omit<Route, 'match' | 'to'>): void => {
    if (targets.has(receiver) || !rules.receivers.has(receiver)) return;
    const { groupBy, groupWaitMs, groupIntervalMs, repeatIntervalMs } = how;
    const groupKey = JSON.stringify(groupBy.map((label) => [label, labelOf(subject, label)]));
    targets.set(receiver, { receiver, groupKey, groupWaitMs, groupIntervalMs, repeatIntervalMs });
  };
  for (const route of rules.routes) {
    if (matches(route.match, subject)) for (const receiver of route.to) add(receiver, route);
  }
  for (const receiver of told) add(receiver, leftOver);
  return [...targets.values()];
}
