/** Who is on call, how each is reached, and who is paged after whom. Read from YAML by `read-plan.ts`. */
import type { Problem } from '../../alerts/rules/yaml-file.ts';
import { matches, type Matcher, type Subject } from '../../alerts/rules/matcher.ts';
import type { Receiver, UrlSource } from '../../alerts/rules/rules.ts';
import { ownersOf, type OwnersRule } from '../owners/codeowners.ts';
import type { Schedule } from '../schedule/schedule.ts';

/** Somebody who can be paged. */
export interface Person {
  /** As the file calls them. */
  name: string;
  /** As people call them. */
  fullName: string;
  /** Of the IANA database; null where it is not told. */
  zone: string | null;
  /** The ways to reach them, the first one first; at least one. Called `ada/1`, `ada/2`. */
  reach: readonly Receiver[];
}

/** Who is paged: a person, whoever is on call in a schedule, a team, or the team that owns the culprit's file. */
export type Target = { kind: 'person' | 'schedule' | 'team'; name: string } | { kind: 'owner' };

/** People who own code. */
export interface Team {
  name: string;
  /** What CODEOWNERS calls them, in small letters: `@acme/sessions`. */
  owners: readonly string[];
  /** Who of them is paged; never a team, nor `owner`. */
  onCall: readonly Target[];
}

/** One step of a policy. */
export interface Step {
  to: readonly Target[];
  /** Without an acknowledgement for so long the next step is taken. */
  waitMs: number;
}

/** Who is paged after whom. */
export interface Policy {
  name: string;
  /** With those of the policies that follow it. */
  steps: readonly Step[];
  /** All steps are taken so many times. */
  rounds: number;
  /** When nobody has answered after the last round, it begins anew after so long. */
  againMs: number;
  /** An acknowledgement holds for so long. */
  acknowledgedMs: number;
}

/** Which incidents are paged by which policy. The first that fits counts. */
export interface PageRoute {
  match: Matcher;
  policy: string;
}

/** A CODEOWNERS file, and whose it is. */
export interface OwnersFile {
  match: Matcher;
  rules: readonly OwnersRule[];
}

/** How the server sends mail. */
export interface MailServer {
  server: UrlSource;
  from: string;
}

/** All of it. */
export interface OnCallPlan {
  /** Null where the plan names none. */
  mail: MailServer | null;
  people: ReadonlyMap<string, Person>;
  teams: ReadonlyMap<string, Team>;
  schedules: ReadonlyMap<string, Schedule>;
  policies: ReadonlyMap<string, Policy>;
  routes: readonly PageRoute[];
  codeowners: readonly OwnersFile[];
  /** What is likely not meant, and keeps nobody from using it. */
  warnings: readonly Problem[];
}

/** Where no plan is given: nobody is on call. */
export const nobody: OnCallPlan = {
  mail: null,
  people: new Map(),
  teams: new Map(),
  schedules: new Map(),
  policies: new Map(),
  routes: [],
  codeowners: [],
  warnings: [],
};

/** The policy of an incident; undefined where nobody is to be paged. */
export function policyFor({ routes, policies }: OnCallPlan, subject: Subject): Policy | undefined {
  const route = routes.find(({ match }) => matches(match, subject));
  return route === undefined ? undefined : policies.get(route.policy);
}

/** The teams that own a file of a service's repository, by its path there. */
export function owningTeams({ codeowners, teams }: OnCallPlan, subject: Subject, path: string): Team[] {
  const file = codeowners.find(({ match }) => matches(match, subject));
  const owners = ownersOf(file?.rules ?? [], path).map((owner) => owner.toLowerCase());
  return [...teams.values()].filter((team) => team.owners.some((owner) => owners.includes(owner)));
}
