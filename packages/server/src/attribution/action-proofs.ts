/** Tells on the timeline what the actions of the last day came to that brought no other version. */
import { tellOnce, refsOf } from '../store/incident-events.ts';
import type { Database } from '../store/database.ts';
import type { IncidentEventKind } from '../incident/event-kind.ts';
import type { Note } from '../incident/notes.ts';
import { changesVersion, replacesProcesses, type ActionTarget } from '../response/action.ts';
import { planName } from '../response/plan.ts';
import type { ActionRow } from '../response/tables.ts';
import { proofOf, type ActionProof, type DoneAction } from './action-proof.ts';
import { servedOf, usualMs } from './judged.ts';
import { readLives } from './life-reader.ts';
import { readServed } from './served.ts';

/** What took longer to be known is not looked at any more. */
const lookMs = 24 * 3_600_000;
const mostActions = 50;
const final: readonly IncidentEventKind[] = ['recovered', 'not-recovered'];

/** Looks once. What is known of an action for good is not looked at again. */
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
    .orderBy('actions.id')
    .limit(mostActions)
    .execute();
  for (const row of rows) {
    const { incident_id: incidentId, service_id: serviceId, opened_ms: openedMs } = row;
    if (incidentId === null || changesVersion(row.kind)) continue;
    const told = await refsOf(query, incidentId);
    if ([...final, 'untold'].some((kind) => told.includes(`action ${row.id} ${kind}`))) continue;
    const action = await doneOf(database, row);
    const minutes = await readServed(query, serviceId, openedMs - usualMs);
    const lives = await readLives(query, serviceId, nowMs, action.startedMs);
    const proof = proofOf(action, { lives, served: servedOf(minutes, openedMs), nowMs });
    const note = noteOf(row, action, proof, nowMs);
    if (note !== null)
      await query.transaction().execute(async (db) => {
        await tellOnce(db, incidentId, [note]);
      });
  }
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
