/** From the targets of a step to people: pure. */
import type { NewPage } from '../pages/write-pages.ts';
import { withOverrides } from '../overrides/override-store.ts';
import type { OnCallPlan, Target, Team } from '../plan/plan.ts';
import { onCallAt } from '../schedule/on-call.ts';
import type { ScheduleOverride } from '../schedule/schedule.ts';

/** What is known at the moment. */
export interface Moment {
  nowMs: number;
  /** Overrides of schedules that were made by the API. */
  overrides: ReadonlyMap<string, readonly ScheduleOverride[]>;
  /** The teams that own the culprit's file; null where it is not known yet. */
  owners: readonly Team[] | null;
}

/** Who is to be paged, each once, and what could not be followed. */
export interface Found {
  pages: NewPage[];
  /** In words: a gap, an owner that nobody knows. */
  missing: string[];
}

/** Follows targets to people. */
export function peopleOf(plan: OnCallPlan, targets: readonly Target[], moment: Moment): Found {
  const pages = new Map<string, NewPage>();
  const missing: string[] = [];
  const add = (person: string, why: string): void => {
    if (!plan.people.has(person)) missing.push(`${person} stands in no plan`);
    else if (!pages.has(person)) pages.set(person, { person, why });
  };
  const follow = (target: Target, as: string): void => {
    if (target.kind === 'person') add(target.name, as === '' ? 'named by the policy' : as);
    else if (target.kind === 'schedule') {
      const people = onCall(plan, target.name, moment);
      if (people.length === 0) missing.push(`nobody is on call in ${target.name}`);
      for (const person of people) add(person, `on call in ${target.name}${as === '' ? '' : `, ${as}`}`);
    } else if (target.kind === 'team') followTeam(target.name, `of team ${target.name}`);
    else if (moment.owners === null) missing.push('the file of the culprit is not known, so nobody is known to own it');
    else if (moment.owners.length === 0) missing.push('no team owns the file of the culprit');
    else for (const { name } of moment.owners) followTeam(name, `of team ${name}, which owns the culprit's file`);
  };
  const followTeam = (name: string, as: string): void => {
    for (const target of plan.teams.get(name)?.onCall ?? []) if (target.kind !== 'team') follow(target, as);
  };
  for (const target of targets) follow(target, '');
  return { pages: [...pages.values()], missing };
}

/** Who is on call in a schedule, with the overrides of the API. */
function onCall(plan: OnCallPlan, name: string, { nowMs, overrides }: Omit<Moment, 'owners'>): readonly string[] {
  const schedule = plan.schedules.get(name);
  if (schedule === undefined) return [];
  return onCallAt(withOverrides(schedule, overrides), nowMs);
}
