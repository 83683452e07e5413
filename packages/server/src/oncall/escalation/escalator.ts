/**
 * Pages by policy, step after step, until somebody acknowledges. Everything is in the database: a look compares what is
 * there (open incidents, escalations, silences, times) with what should be, and makes one change of each escalation that
 * needs one. A server that is killed leaves a change undone or done, never half; the next look, of any server, goes on.
 */
import type { Kysely, Transaction } from 'kysely';
import type { Muting } from '../../alerts/silences/muting.ts';
import type { OpenIncidents } from '../../alerts/silences/open-incidents.ts';
import type { Subject } from '../../alerts/rules/matcher.ts';
import { sideBySide } from '../../rounds/side-by-side.ts';
import type { Database } from '../../store/database.ts';
import type { IncidentRow, Schema } from '../../store/schema.ts';
import { overridesAt } from '../overrides/override-store.ts';
import { cancelPages, tellOver, writePages, type NewPage } from '../pages/write-pages.ts';
import { owningTeams, policyFor, type OnCallPlan, type Policy, type Team } from '../plan/plan.ts';
import type { EscalationRow } from '../tables.ts';
import { change, tell } from './change.ts';
import { peopleOf } from './targets.ts';

/** What a look needs. */
export interface EscalatorOptions {
  database: Database;
  plan: () => OnCallPlan;
  incidents: OpenIncidents;
  mutingAt: (db: Kysely<Schema>, nowMs: number) => Promise<Muting>;
  /** The culprit's file, by its path in its repository; null while nobody knows it. */
  culpritFileOf: (
    db: Kysely<Schema>,
    incident: Pick<IncidentRow, 'service_id' | 'opened_ms'>,
  ) => Promise<string | null>;
  now: () => number;
  /** Told after each change, once it is in the database: somebody may have to be paged. */
  onChange?: () => void;
}

interface Case {
  incident: Pick<IncidentRow, 'id' | 'service_id' | 'opened_ms' | 'resolved_ms'>;
  subject: Subject;
  row: EscalationRow | null;
}

/** Changes of one escalation in one look; more wait for the next. */
const mostAtOnce = 50;

/** Looks once, and again while anything changes. Returns how many changes were made. */
export async function escalate(options: EscalatorOptions): Promise<number> {
  let changes = 0;
  for (let looks = 0; looks < mostAtOnce; looks++) {
    const made = await look(options);
    changes += made;
    if (made === 0) break;
  }
  return changes;
}

async function look(options: EscalatorOptions): Promise<number> {
  const { database, plan, mutingAt, now, onChange } = options;
  const nowMs = now();
  const cases = await casesOf(options);
  const mayBeMuted = cases.some(({ row, incident }) => incident.resolved_ms === null && row !== null && isPaging(row));
  const muting = mayBeMuted ? await mutingAt(database.query, nowMs) : null;
  const todos = cases.flatMap((one) => {
    const why = muting?.of(one.incident.id, one.subject) ?? null;
    return todoFor(one, { plan: plan(), nowMs, mutedBy: why }) ?? [];
  });
  const made = await sideBySide(todos, async (todo) => {
    const isDone = await database.query.transaction().execute(async (db) => await todo(db, options, nowMs));
    if (isDone) onChange?.();
    return isDone;
  });
  return made.filter(Boolean).length;
}

type Todo = (db: Transaction<Schema>, options: EscalatorOptions, nowMs: number) => Promise<boolean>;

/** The change that is due, if one is. */
function todoFor(
  one: Case,
  { plan, nowMs, mutedBy }: { plan: OnCallPlan; nowMs: number; mutedBy: string | null },
): Todo | null {
  const { incident, subject, row } = one;
  if (row === null || row.state === 'over') {
    const policy = incident.resolved_ms === null ? policyFor(plan, subject) : undefined;
    return policy === undefined ? null : async (db, _options, at) => await begin(db, one, policy.name, at);
  }
  if (incident.resolved_ms !== null) return async (db, _options, at) => await end(db, incident.id, row, at);
  if (isPaging(row) && row.state !== 'muted' && mutedBy !== null)
    return async (db, _options, at) => await mute(db, incident.id, row, mutedBy, at);
  if (row.state === 'muted') return mutedBy === null ? async (db) => await unmute(db, row, nowMs) : null;
  if (row.due_ms === null || row.due_ms > nowMs) return null;
  if (row.state === 'acknowledged') return async (db, options, at) => await expire(db, one, row, options, at);
  if (row.state === 'exhausted')
    return async (db) => (await change(db, row, { state: 'paging', step: -1, round: 0, due_ms: nowMs })) !== null;
  return async (db, options, at) => await advance(db, one, row, options, at);
}

function isPaging({ state }: EscalationRow): boolean {
  return state === 'paging' || state === 'exhausted' || state === 'muted';
}

/** Open incidents with their escalations, and escalations that go on although their incident is over. */
async function casesOf({ database, plan, incidents }: EscalatorOptions): Promise<Case[]> {
  const rows = await database.query
    .selectFrom('incidents')
    .innerJoin('services', 'services.id', 'incidents.service_id')
    .leftJoin('escalations', 'escalations.incident_id', 'incidents.id')
    .select([
      'incidents.id as incident',
      'service_id',
      'opened_ms',
      'resolved_ms',
      'level',
      'name',
      'namespace',
      'environment',
    ])
    .select([
      'escalations.id as escalation',
      'policy',
      'state',
      'version',
      'step',
      'round',
      'due_ms',
      'holder',
      'started_ms',
    ])
    .where((where) =>
      where.or([
        where('resolved_ms', 'is', null),
        where('state', 'in', ['paging', 'acknowledged', 'muted', 'exhausted']),
      ]),
    )
    .orderBy('incidents.id')
    .execute();
  const { routes } = plan();
  return rows.flatMap((row): Case[] => {
    if (row.escalation === null && routes.length === 0) return [];
    const { incident: id, service_id, opened_ms, resolved_ms } = row;
    const known =
      row.escalation === null ? null : ({ ...row, id: row.escalation, incident_id: id } as unknown as EscalationRow);
    return [{ incident: { id, service_id, opened_ms, resolved_ms }, subject: incidents.subjectOf(row), row: known }];
  });
}

async function begin(
  db: Transaction<Schema>,
  { incident, row }: Case,
  policy: string,
  nowMs: number,
): Promise<boolean> {
  const set = { policy, state: 'paging', step: -1, round: 0, due_ms: nowMs, holder: null } as const;
  if (row !== null) return (await change(db, row, set)) !== null;
  const made = await db
    .insertInto('escalations')
    .values({ ...set, incident_id: incident.id, version: 1, started_ms: nowMs })
    // Another server was faster.
    .onConflict((conflict) => conflict.column('incident_id').doNothing())
    .returning('id')
    .executeTakeFirst();
  return made !== undefined;
}

async function end(db: Transaction<Schema>, incidentId: number, row: EscalationRow, nowMs: number): Promise<boolean> {
  const version = await change(db, row, { state: 'over', due_ms: null });
  if (version === null) return false;
  await cancelPages(db, incidentId);
  await tellOver(db, { incidentId, version, nowMs });
  return true;
}

async function mute(
  db: Transaction<Schema>,
  incidentId: number,
  row: EscalationRow,
  why: string,
  nowMs: number,
): Promise<boolean> {
  const version = await change(db, row, { state: 'muted', due_ms: null });
  if (version === null) return false;
  await cancelPages(db, incidentId);
  await tell(db, { incidentId, version, nowMs }, 'silenced', `nobody is paged: ${why}`);
  return true;
}

/** The step that was silenced is taken again. */
async function unmute(db: Transaction<Schema>, row: EscalationRow, nowMs: number): Promise<boolean> {
  return (await change(db, row, { state: 'paging', step: Math.max(-1, row.step - 1), due_ms: nowMs })) !== null;
}

/**
 * Takes the next step; after the last one the next round, and after the last round a pause. Pages of steps before that are
 * still on their way go on: whoever should have heard hears late, not never.
 */
async function advance(
  db: Transaction<Schema>,
  one: Case,
  row: EscalationRow,
  options: EscalatorOptions,
  nowMs: number,
): Promise<boolean> {
  const incidentId = one.incident.id;
  const policy = policyOf(options.plan(), one, row);
  const isLast = row.step + 1 >= (policy?.steps.length ?? 0);
  const [step, round] = isLast ? [0, row.round + 1] : [row.step + 1, row.round];
  if (policy === undefined || round >= policy.rounds) {
    const dueMs = policy === undefined ? null : nowMs + policy.againMs;
    const version = await change(db, row, { state: 'exhausted', due_ms: dueMs });
    if (version === null) return false;
    const text =
      policy === undefined
        ? 'nobody has acknowledged, and the plan has no policy that says who is next'
        : `nobody has acknowledged after ${counted(policy.steps.length, 'step')}, ${counted(policy.rounds, 'round')}; it begins anew in ${policy.againMs / 60_000} minutes`;
    await tell(db, { incidentId, version, nowMs }, 'nobody-reachable', text);
    return true;
  }
  const { pages, missing, waitMs } = await stepOf(db, one, policy, step, options, nowMs);
  // A step without anybody costs no time.
  const version = await change(db, row, {
    step,
    round,
    policy: policy.name,
    due_ms: pages.length === 0 ? nowMs : nowMs + waitMs,
  });
  if (version === null) return false;
  const context = { incidentId, version, nowMs };
  const where = `step ${step + 1} of ${policy.steps.length}${round === 0 ? '' : `, round ${round + 1}`} of ${policy.name}`;
  if (row.step >= 0) await tell(db, context, 'escalated', `nobody has acknowledged: ${where}`);
  if (missing.length > 0) await tell(db, context, 'nobody-reachable', `${where}: ${missing.join('; ')}`);
  await writePages(db, pages, { ...context, openedMs: one.incident.opened_ms });
  return true;
}

/** Whoever has acknowledged is asked again, together with those of the step that it had come to. */
async function expire(
  db: Transaction<Schema>,
  one: Case,
  row: EscalationRow,
  options: EscalatorOptions,
  nowMs: number,
): Promise<boolean> {
  const incidentId = one.incident.id;
  const policy = policyOf(options.plan(), one, row);
  const step = Math.max(0, row.step);
  const found = policy === undefined ? null : await stepOf(db, one, policy, step, options, nowMs);
  const holder = row.holder !== null && options.plan().people.has(row.holder) ? row.holder : null;
  const pages: NewPage[] = [
    ...(holder === null ? [] : [{ person: holder, why: 'your acknowledgement is over' }]),
    ...(found?.pages ?? []).filter(({ person }) => person !== holder),
  ];
  const dueMs = policy === undefined ? null : nowMs + (pages.length === 0 ? 0 : (found?.waitMs ?? 0));
  const version = await change(db, row, {
    // Nobody was to be paged before somebody acknowledged, and nobody is now.
    state: policy === undefined ? 'over' : 'paging',
    step,
    due_ms: dueMs,
    holder: null,
  });
  if (version === null) return false;
  const context = { incidentId, version, nowMs };
  await tell(db, context, 'acknowledgement-expired', `${row.holder ?? 'somebody'} has it no longer: the time is over`);
  await writePages(db, pages, { ...context, openedMs: one.incident.opened_ms });
  return true;
}

/** The one that it began with, as the plan has it now; or else that of the plan's routes. */
function policyOf(plan: OnCallPlan, { subject }: Case, { policy }: EscalationRow): Policy | undefined {
  return (policy === null ? undefined : plan.policies.get(policy)) ?? policyFor(plan, subject);
}

async function stepOf(
  db: Transaction<Schema>,
  { incident, subject }: Case,
  policy: Policy,
  step: number,
  { plan, culpritFileOf }: EscalatorOptions,
  nowMs: number,
): Promise<{ pages: NewPage[]; missing: string[]; waitMs: number }> {
  const { to, waitMs } = policy.steps[Math.min(step, policy.steps.length - 1)] ?? { to: [], waitMs: 0 };
  let owners: Team[] | null = null;
  if (to.some(({ kind }) => kind === 'owner')) {
    const file = await culpritFileOf(db, incident);
    owners = file === null ? null : owningTeams(plan(), subject, file);
  }
  const moment = { nowMs, owners, overrides: await overridesAt(db, nowMs) };
  return { ...peopleOf(plan(), to, moment), waitMs };
}

function counted(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
