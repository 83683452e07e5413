/** Writes down who is to be told of an incident's change, in the transaction that changes it. */
import type { Kysely, Transaction } from 'kysely';
import type { Decision } from '../../incident/decide.ts';
import type { IncidentListener } from '../../store/incidents.ts';
import type { Schema } from '../../store/schema.ts';
import type { NoticeKind } from '../channels/message.ts';
import type { Subject } from '../rules/matcher.ts';
import { targetsOf, type Target } from '../rules/routing.ts';
import type { AlertRules } from '../rules/rules.ts';
import type { OpenIncidents } from '../silences/open-incidents.ts';

/** Which decisions somebody hears of. That an incident calms down and comes back meanwhile wakes nobody. */
const noticed: Readonly<Partial<Record<Decision, NoticeKind>>> = {
  open: 'opened',
  raise: 'raised',
  reopen: 'reopened',
  resolve: 'resolved',
};

/** A notice that is to be written. */
export interface NewNotice {
  key: string;
  incidentId: number;
  kind: NoticeKind;
  subject: Subject;
  summary: string;
  nowMs: number;
  /** Somebody heard of the like of it in this incident: it waits for the interval of its group, whatever its level. */
  isAgain?: boolean;
}

/** A listener of incidents: each change that somebody should hear of becomes one row a receiver. */
export function outboxListener(rules: () => AlertRules, incidents: OpenIncidents): IncidentListener {
  return async (db, { incidentId, decision, culprit, nowMs }) => {
    const kind = culprit === null ? noticed[decision] : 'explained';
    if (kind === undefined) return;
    const incident = await db
      .selectFrom('incidents')
      .innerJoin('services', 'services.id', 'incidents.service_id')
      .select(['incidents.level', 'incidents.summary', 'name', 'namespace', 'environment'])
      .where('incidents.id', '=', incidentId)
      .executeTakeFirst();
    if (incident === undefined) return;
    const subject = incidents.subjectOf(incident);
    const { summary } = incident;
    const targets =
      culprit === null
        ? // Nobody has heard of one that is new.
          targetsOf(rules(), subject, decision === 'open' ? [] : await receiversOf(db, incidentId))
        : await withoutCulprit(db, incidentId, targetsOf(rules(), subject), summary);
    for (const target of targets) {
      const key = `${incidentId}:${target.receiver}:${kind}:${culprit ?? nowMs}`;
      await writeNotice(db, target, { key, incidentId, kind, subject, summary, nowMs });
    }
  };
}

async function receiversOf(db: Transaction<Schema>, incidentId: number): Promise<string[]> {
  const rows = await db
    .selectFrom('notices')
    .select('receiver')
    .distinct()
    .where('incident_id', '=', incidentId)
    .execute();
  return rows.map(({ receiver }) => receiver);
}

/** Those who heard of the incident without its culprit. A notice that still waits tells of it instead. */
async function withoutCulprit(
  db: Transaction<Schema>,
  incidentId: number,
  targets: readonly Target[],
  summary: string,
): Promise<Target[]> {
  const waiting = await db
    .updateTable('notices')
    .set({ summary })
    .where('incident_id', '=', incidentId)
    .where('state', '=', 'waiting')
    .returning('receiver')
    .execute();
  const heard = await db
    .selectFrom('notices')
    .select('receiver')
    .distinct()
    .where('incident_id', '=', incidentId)
    .where('state', 'in', ['sending', 'told'])
    .execute();
  return targets.filter(
    ({ receiver }) =>
      heard.some((row) => row.receiver === receiver) && !waiting.some((row) => row.receiver === receiver),
  );
}

/** Writes a notice, unless it is there already. */
export async function writeNotice(db: Transaction<Schema>, target: Target, notice: NewNotice): Promise<void> {
  const { key, incidentId, kind, subject, summary, nowMs } = notice;
  await db
    .insertInto('notices')
    .values({
      key,
      incident_id: incidentId,
      receiver: target.receiver,
      kind,
      level: subject.level,
      summary,
      group_key: target.groupKey,
      created_ms: nowMs,
      due_ms: await dueMs(db, target, notice),
      state: 'waiting',
      delivery_id: null,
    })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
}

/** The first of a group waits for others; later ones wait for the interval, unless they are to wake somebody up. */
async function dueMs(
  db: Kysely<Schema>,
  target: Target,
  { kind, subject, nowMs, isAgain = false }: NewNotice,
): Promise<number> {
  const soonest = nowMs + target.groupWaitMs;
  if (subject.level === 'page' && !isAgain && kind !== 'resolved' && kind !== 'explained') return soonest;
  const group = await db
    .selectFrom('notice_groups')
    .select('last_ms')
    .where('receiver', '=', target.receiver)
    .where('group_key', '=', target.groupKey)
    .executeTakeFirst();
  return Math.max(soonest, group === undefined ? 0 : group.last_ms + target.groupIntervalMs);
}
