/** Says what the actions of the last day came to that brought no other version: with the action, and on the timeline. */
import { tellOnce } from '../store/incident-events.ts';
import type { Database } from '../store/database.ts';
import type { IncidentEventKind } from '../incident/event-kind.ts';
import type { Note } from '../incident/notes.ts';
import { actionKinds, changesVersion, replacesProcesses, type ActionTarget } from '../response/action.ts';
import { planName } from '../response/plan.ts';
import type { ActionRow } from '../response/tables.ts';
import { sideBySide } from '../rounds/side-by-side.ts';
import { proofOf, type ActionProof, type DoneAction } from './action-proof.ts';
import { servedOf, usualMs } from './judged.ts';
import { readLives } from './life-reader.ts';
import { readServed } from './served.ts';

/** What took longer to be known is not looked at any more. */
const lookMs = 24 * 3_600_000;
const mostActions = 50;
const provenKinds = actionKinds.filter((kind) => !changesVersion(kind));

/**
 * Looks once, at those that are not decided, the oldest first. What is known of an action for good is not looked at again.
 *
 * @throws {AggregateError} what failed, when all had their turn
 */
export async function proveActions(database: Database, nowMs: number): Promise<void> {
  const { query } = database;
  const rows = await query
    .selectFrom('actions')
    .innerJoin('incidents', 'incidents.id', 'actions.incident_id')
    .selectAll('actions')
    .select('opened_ms')
    .where('actions.state', '=', 'done')
    .where('ended_ms', '>=', nowMs - lookMs)
    .where('cause', '=', 'memory')
    .where('actions.kind', 'in', provenKinds)
    .where('proof_over', '=', 0)
    .orderBy('actions.id')
    .limit(mostActions)
    .execute();
  await sideBySide(rows, async (row) => {
    await prove(database, row, nowMs);
  });
}

async function prove(database: Database, row: ActionRow & { opened_ms: number }, nowMs: number): Promise<void> {
  const { query } = database;
  const { id, incident_id: incidentId, service_id: serviceId, opened_ms: openedMs } = row;
  if (incidentId === null) return;
  const action = await doneOf(database, row);
  const minutes = await readServed(query, serviceId, openedMs - usualMs);
  const lives = await readLives(query, serviceId, nowMs, action.startedMs);
  const proof = proofOf(action, { lives, served: servedOf(minutes, openedMs), nowMs });
  const note = noteOf(row, action, proof, nowMs);
  const set = { proof: JSON.stringify(proof), proof_over: isOver(proof, nowMs) ? 1 : 0 };
  await query.transaction().execute(async (db) => {
    await db.updateTable('actions').set(set).where('id', '=', id).execute();
    if (note !== null) await tellOnce(db, incidentId, [note]);
  });
}

/** Whether nothing more will be known of it. Where the slope is gone, requests may still come back. */
function isOver({ result, byMs, suggestsResolving }: ActionProof, nowMs: number): boolean {
  if (result === 'proven') return suggestsResolving;
  return result !== 'not yet' || nowMs > byMs;
}

async function doneOf({ query }: Database, row: ActionRow): Promise<DoneAction> {
  const { id, service_id: serviceId, kind, version, subject, ordered_ms: orderedMs } = row;
  const targets = JSON.parse(row.targets) as ActionTarget[];
  const next = await query
    .selectFrom('actions')
    .select('started_ms')
    .where('service_id', '=', serviceId)
    .where('id', '>', id)
    .where('started_ms', 'is not', null)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  const seconds = targets.flatMap(({ secondsToLimit }) => secondsToLimit ?? []);
  return {
    name: planName({ kind, version, subject, targets }),
    replaces: replacesProcesses(kind),
    startedMs: row.started_ms ?? orderedMs,
    endedMs: row.ended_ms ?? orderedMs,
    instances: targets.map(({ instance }) => instance),
    secondsToLimit: seconds.length === 0 ? null : Math.min(...seconds),
    untilMs: next?.started_ms ?? Infinity,
  };
}

/** That it is awaited is told when there is something to tell of it; what became of it, when it is known, or cannot be. */
function noteOf({ id }: ActionRow, { replaces }: DoneAction, proof: ActionProof, nowMs: number): Note | null {
  const { result, byMs, won, sentence } = proof;
  const note = (kind: IncidentEventKind, ref: string = kind): Note => ({
    ...{ timeMs: nowMs, kind, text: `action ${id}: ${sentence}`, ref: `action ${id} ${ref}` },
  });
  if (result === 'proven') return note('recovered');
  if (result === 'refuted') return note('not-recovered');
  if (result === 'nothing grew' || nowMs > byMs) return note('recovery-awaited', 'untold');
  return replaces && won === null ? null : note('recovery-awaited');
}
