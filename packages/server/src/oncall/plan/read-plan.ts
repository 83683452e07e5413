/** Reads the on-call plan from YAML, and says everything that is wrong with it at once. */
import { nearest } from '../../alerts/rules/nearest.ts';
import { readChannel, readUrl, type Environment } from '../../alerts/rules/read-receivers.ts';
import { readMatcher } from '../../alerts/rules/read-matcher.ts';
import type { Channel, Receiver } from '../../alerts/rules/rules.ts';
import { YamlFile, type Fields, type Problem, type Value } from '../../alerts/rules/yaml-file.ts';
import { parseCodeowners } from '../owners/codeowners.ts';
import {
  nobody,
  type MailServer,
  type OnCallPlan,
  type OwnersFile,
  type PageRoute,
  type Person,
  type Step,
  type Target,
  type Team,
} from './plan.ts';
import { readPolicies } from './read-policies.ts';
import { readSchedule, readZone } from './read-schedule.ts';

/** What was read: the plan, or what is wrong with it, in the order of the file. */
export type ReadPlan = { plan: OnCallPlan; problems: [] } | { plan: null; problems: Problem[] };

/** What reading needs beside the text. */
export interface PlanContext {
  /** Without one the file is checked by itself: the variables that it names need not be there. */
  environment?: Environment;
  /** Gaps are looked for from then on. */
  nowMs: number;
  /** The text of a CODEOWNERS file that the plan names. @throws {Error} when it cannot be read */
  readOwners: (file: string) => string;
}

const names = ['mail', 'people', 'schedules', 'teams', 'policies', 'routes', 'codeowners'];
const nameForm = /^[\w.-]{1,60}$/;
const kinds = ['email', 'slack', 'pagerduty', 'webhook'] as const;
const addressForm = /^[^\s<>@,;]+@[^\s<>@,;]+$/;

/** Reads the plan. */
export function readPlan(text: string, context: PlanContext): ReadPlan {
  const file = new YamlFile(text);
  const plan = file.root.isNothing ? nobody : readAll(file, context);
  const inOrder = (a: Problem, b: Problem): number => a.line - b.line || a.column - b.column;
  if (file.problems.length > 0) return { plan: null, problems: file.problems.sort(inOrder) };
  return { plan: { ...plan, warnings: file.warnings.sort(inOrder) }, problems: [] };
}

function readAll(file: YamlFile, { environment, nowMs, readOwners }: PlanContext): OnCallPlan {
  const fields = file.root.fields(names);
  const known = {
    person: namesIn(fields, 'people'),
    schedule: namesIn(fields, 'schedules'),
    team: namesIn(fields, 'teams'),
    policy: namesIn(fields, 'policies'),
  };
  const mail = fields.take('mail', (value) => readMail(value, environment)) ?? null;
  const named =
    (what: keyof typeof known) =>
    (value: Value): string | null =>
      readName(value, what, known[what]);
  const targets = (value: Value): Target[] => value.listOf((entry) => readTarget(entry, named));
  const people = fields.take('people', (value) =>
    mapOf(value, (name, found) => readPerson(name, found, mail, environment)),
  );
  const schedules = fields.take('schedules', (value) => {
    return mapOf(value, (name, found) => readSchedule(name, found, { person: named('person'), nowMs }));
  });
  const teams = fields.take('teams', (value) => mapOf(value, (name, found) => readTeam(name, found, targets)));
  const readStep = (value: Value): Step | null => {
    const own = value.fields(['to', 'wait']);
    const to = own.need('to', targets) ?? [];
    const waitMs = own.take('wait', (found) => found.duration(60_000, 86_400_000, 'from 1m to 1d')) ?? 15 * 60_000;
    return to.length === 0 ? null : { to, waitMs };
  };
  const policies = fields.take('policies', (value) => readPolicies(value, { readStep, policy: named('policy') }));
  const routes = fields.take('routes', (value) => value.listOf((entry) => readRoute(entry, named('policy')))) ?? [];
  if (known.policy.length > 0 && routes.length === 0)
    fields.take('policies', (value) => {
      value.warn('nobody is paged: no route names a policy');
      return null;
    });
  const codeowners = fields.take('codeowners', (value) => {
    return value.listOf((entry) => readCodeowners(entry, readOwners, [...(teams?.values() ?? [])]));
  });
  return {
    mail,
    people: people ?? new Map(),
    teams: teams ?? new Map(),
    schedules: schedules ?? new Map(),
    policies: policies ?? new Map(),
    routes,
    codeowners: codeowners ?? [],
    warnings: [],
  };
}

function namesIn(fields: Fields, name: string): string[] {
  return (
    fields.take(name, (value) =>
      value
        .fields(null)
        .all()
        .map(([key]) => key),
    ) ?? []
  );
}

function mapOf<T>(value: Value, read: (name: string, found: Value) => T | null): Map<string, T> {
  const all = new Map<string, T>();
  for (const [name, found] of value.fields(null).all()) {
    if (!nameForm.test(name))
      found.wrong(`'${name.slice(0, 100)}' is no name: letters, digits, dots and dashes, 60 at most`);
    const one = read(name, found);
    if (one !== null) all.set(name, one);
  }
  return all;
}

function readName(value: Value, what: string, known: readonly string[]): string | null {
  const name = value.text(100);
  if (name === null || known.includes(name)) return name;
  const meant = nearest(name, known);
  return value.wrong(`there is no ${what} '${name}'${meant === null ? '' : `; was '${meant}' meant?`}`);
}

function readMail(value: Value, environment: Environment): MailServer | null {
  const fields = value.fields(['url', 'url_env', 'from']);
  const server = readUrl(fields, environment, null, ['smtp:', 'smtps:']);
  const from = fields.need('from', (found) => found.text(300));
  return server === null || from === undefined ? null : { server, from };
}

function readPerson(name: string, value: Value, mail: MailServer | null, environment: Environment): Person | null {
  const fields = value.fields(['name', 'zone', 'reach']);
  const fullName = fields.take('name', (found) => found.text(100)) ?? name;
  const zone = fields.take('zone', readZone) ?? null;
  const channels = fields.take('reach', (found) => found.listOf((entry) => readReach(entry, mail, environment)));
  if (channels === undefined) return value.wrong(`there is no way to reach ${name}: name at least one under 'reach'`);
  const reach = channels.map((channel, i): Receiver => ({ name: `${name}/${i + 1}`, channel }));
  if (reach.length === 0) value.wrong(`there is no way to reach ${name}: 'reach' is empty`);
  return { name, fullName, zone, reach };
}

/** As a receiver of alerts; an address alone is reached by the plan's mail server. */
function readReach(value: Value, mail: MailServer | null, environment: Environment): Channel | null {
  const [first] = value.fields(kinds).all();
  const [kind, told] = first ?? [];
  if (kind !== 'email' || told === undefined || !told.isText) return readChannel(value, environment, kinds);
  const address = told.text(300) ?? '';
  if (!addressForm.test(address)) return told.wrong('is no address like ada@example.com');
  if (mail === null) return told.wrong("an address alone needs the mail server under 'mail'");
  return { type: 'email', server: mail.server, from: mail.from, to: [address] };
}

function readTarget(
  value: Value,
  named: (what: 'person' | 'schedule' | 'team') => (value: Value) => string | null,
): Target | null {
  if (value.is('owner')) return { kind: 'owner' };
  const fields = value.fields(['person', 'schedule', 'team']);
  const all = fields.all();
  if (all.length !== 1) return fields.wrong('is one of person, schedule, team; or the word owner');
  const kind = all[0]?.[0] as 'person' | 'schedule' | 'team';
  const name = fields.take(kind, named(kind));
  return name === undefined ? null : { kind, name };
}

function readTeam(name: string, value: Value, targets: (value: Value) => Target[]): Team {
  const fields = value.fields(['owners', 'on_call']);
  const owners = fields.take('owners', (found) => found.listOf((entry) => entry.text(200))) ?? [];
  const onCall = fields.need('on_call', (found) => {
    const all = targets(found);
    if (all.some(({ kind }) => kind === 'team' || kind === 'owner'))
      return found.wrong('is persons and schedules: a team of teams could go round in circles');
    return all;
  });
  return { name, owners: owners.map((owner) => owner.toLowerCase()), onCall: onCall ?? [] };
}

function readRoute(value: Value, policy: (value: Value) => string | null): PageRoute | null {
  const fields = value.fields(['match', 'policy']);
  const match = fields.take('match', (found) => readMatcher(found, ['min_level', 'max_level', 'labels'])) ?? {};
  const name = fields.need('policy', policy);
  // Nobody is woken up for less, unless it is said.
  return name === undefined ? null : { match: { minLevel: 'page', ...match }, policy: name };
}

function readCodeowners(
  value: Value,
  readOwners: PlanContext['readOwners'],
  teams: readonly Team[],
): OwnersFile | null {
  const fields = value.isText ? null : value.fields(['file', 'match']);
  const match = fields?.take('match', (found) => readMatcher(found, [])) ?? {};
  const file = fields === null ? value.text(1000) : fields.need('file', (found) => found.text(1000));
  if (file === null || file === undefined) return null;
  try {
    const { rules, problems } = parseCodeowners(readOwners(file));
    for (const { line, message } of problems) value.warn(`${file}:${line}: ${message}`);
    const owners = new Set(rules.flatMap((rule) => rule.owners.map((owner) => owner.toLowerCase())));
    const strangers = [...owners].filter((owner) => !teams.some((team) => team.owners.includes(owner)));
    if (strangers.length > 0)
      value.warn(`${file} names owners that are no team's: ${strangers.slice(0, 10).join(', ')}`);
    return { match, rules };
  } catch (error) {
    return value.wrong(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
