/** What people do with an incident: notes, hypotheses, roles, and resolving it by hand. Each stands on its timeline. */
import type { Transaction } from 'kysely';
import { ServerError } from '../errors/server-error.ts';
import { storable } from '../ingest/identity.ts';
import type { Database } from '../store/database.ts';
import { appendEvent } from '../store/incident-events.ts';
import type { IncidentListener } from '../store/incidents.ts';
import type { IncidentRow, Schema } from '../store/schema.ts';
import { mayBecome, type HypothesisState } from './hypothesis.ts';
import type { MeasuredState } from './measured-state.ts';
import { roleWords, type IncidentRole } from './role.ts';
import type { HypothesisRow, IncidentRoleRow } from './tables.ts';

/** Who does something, and when. */
export interface By {
  name: string;
  nowMs: number;
}

/** The longest note, in characters. */
export const longestNote = 4000;
/** The longest title of a hypothesis, and the longest reason. */
export const longestReason = 1000;
/** The longest name of who has a role. */
export const longestName = 100;
/** Entries by people that an incident may have: who writes must not fill the disk. */
const mostEntries = 2000;
const mostHypotheses = 100;
const dayMs = 24 * 3_600_000;
/** What was resolved while it went on is no new incident for so long. */
const heldMs = dayMs;

/** Works on incidents. All methods throw EBB_SERVER_NOT_FOUND where there is no such incident. */
export class IncidentDesk {
  readonly #database: Database;
  readonly #listener: IncidentListener;

  constructor(database: Database, listener: IncidentListener) {
    this.#database = database;
    this.#listener = listener;
  }

  /**
   * Writes down what somebody says.
   *
   * @param told `timeMs` is when it was, if that is not now: not in the future, and not more than a day before the incident
   * @throws {ServerError} EBB_SERVER_BAD_REQUEST for a note without text, at such a time, or one too many
   */
  async note(id: number, told: { text: string; timeMs?: number }, by: By): Promise<void> {
    const text = worded(told.text, 'the note', longestNote);
    await this.#inIncident(id, async (db, incident) => {
      const timeMs = checkedTime(told.timeMs, incident, by.nowMs);
      await append(db, id, { timeMs, kind: 'note', text, actor: by.name });
    });
  }

  /** Says who has a role from now on; an empty name: nobody. */
  async assign(id: number, role: IncidentRole, told: string, by: By): Promise<void> {
    const name = short(told, 'the name', longestName);
    await this.#inIncident(id, async (db) => {
      await db.deleteFrom('incident_roles').where('incident_id', '=', id).where('role', '=', role).execute();
      const row = { incident_id: id, role, name, since_ms: by.nowMs };
      if (name !== '') await db.insertInto('incident_roles').values(row).execute();
      const text = name === '' ? `nobody is ${roleWords[role]} any more` : `${name} is ${roleWords[role]}`;
      await append(db, id, { timeMs: by.nowMs, kind: 'role', text, actor: by.name });
    });
  }

  /** Who has which role now. */
  async roles(id: number): Promise<IncidentRoleRow[]> {
    const { query } = this.#database;
    return await query.selectFrom('incident_roles').selectAll().where('incident_id', '=', id).orderBy('role').execute();
  }

  /**
   * Suspects something. Returns its number.
   *
   * @throws {ServerError} EBB_SERVER_BAD_REQUEST without a title, for a time as in {@link note}, or one too many
   */
  async suspect(
    id: number,
    told: { title: string; why?: string; changeId?: number; sinceMs?: number },
    by: By,
  ): Promise<number> {
    const title = worded(told.title, 'the hypothesis', longestReason);
    const why = short(told.why ?? '', 'the reason', longestReason);
    return await this.#inIncident(id, async (db, incident) => {
      const sinceMs = checkedTime(told.sinceMs, incident, by.nowMs);
      const { changeId = null } = told;
      if (changeId !== null) await findChange(db, changeId, incident.service_id);
      if ((await this.#hypotheses(db, id)).length >= mostHypotheses)
        throw bad(`incident ${id} has ${mostHypotheses} hypotheses, which is as many as it may`);
      const made = await db
        .insertInto('hypotheses')
        .values({
          ...{ incident_id: id, title, change_id: changeId, state: 'suspected', since_ms: sinceMs },
          ...{ suspected_by: by.name, suspected_why: why, decided_ms: null, decided_by: null, decided_why: null },
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      const text = `suspected: ${title}${why === '' ? '' : `: ${why}`}`;
      await append(db, id, { timeMs: sinceMs, kind: 'hypothesis', text, actor: by.name });
      return made.id;
    });
  }

  /**
   * Exonerates or confirms what was suspected.
   *
   * @throws {ServerError} EBB_SERVER_NOT_FOUND where the incident has no such hypothesis, EBB_SERVER_BAD_REQUEST without a
   * reason, EBB_SERVER_CONFLICT where it is decided already
   */
  async decide(
    id: number,
    hypothesisId: number,
    told: { state: Exclude<HypothesisState, 'suspected'>; why: string },
    by: By,
  ): Promise<void> {
    const why = worded(told.why, 'the reason', longestReason);
    await this.#inIncident(id, async (db) => {
      const hypothesis = (await this.#hypotheses(db, id)).find((one) => one.id === hypothesisId);
      if (hypothesis === undefined)
        throw new ServerError('EBB_SERVER_NOT_FOUND', `incident ${id} has no hypothesis ${hypothesisId}`);
      const { state, title } = hypothesis;
      if (!mayBecome(state, told.state))
        throw new ServerError(
          'EBB_SERVER_CONFLICT',
          `“${title}” is ${state} and cannot become ${told.state}; suspect it anew if there is a reason`,
        );
      await db
        .updateTable('hypotheses')
        .set({ state: told.state, decided_ms: by.nowMs, decided_by: by.name, decided_why: why })
        .where('id', '=', hypothesisId)
        .execute();
      const text = `${told.state}: ${title}: ${why}`;
      await append(db, id, { timeMs: by.nowMs, kind: 'hypothesis', text, actor: by.name });
    });
  }

  /** What was suspected, the first one first. */
  async hypotheses(id: number): Promise<HypothesisRow[]> {
    return await this.#hypotheses(this.#database.query, id);
  }

  /**
   * Resolves an incident by hand. The measured state is written on the timeline; while the service has not recovered, a
   * reason is needed, and what goes on opens no other incident for a day, unless it stops in between or gets more urgent.
   *
   * @throws {ServerError} EBB_SERVER_NOT_RECOVERED without a reason, EBB_SERVER_CONFLICT where it is resolved already
   */
  async resolve(id: number, told: { state: MeasuredState; reason?: string }, by: By): Promise<void> {
    const reason = short(told.reason ?? '', 'the reason', longestReason);
    const { state } = told;
    await this.#inIncident(id, async (db, incident) => {
      if (incident.resolved_ms !== null)
        throw new ServerError('EBB_SERVER_CONFLICT', `incident ${id} is resolved already`);
      if (!state.isRecovered && reason === '')
        throw new ServerError('EBB_SERVER_NOT_RECOVERED', `incident ${id} has not recovered: ${state.sentence}`);
      const { nowMs } = by;
      await db
        .updateTable('incidents')
        .set({ resolved_ms: nowMs, held_until_ms: state.isRecovered ? null : nowMs + heldMs })
        .where('id', '=', id)
        .execute();
      const measured = { timeMs: nowMs, kind: 'recovery' as const, ref: `recovery resolved ${nowMs}` };
      const how = state.isRecovered ? 'recovered' : 'not recovered';
      await appendEvent(db, id, { ...measured, text: `${how}, as measured: ${state.sentence}` });
      const why = reason === '' ? '' : `: ${reason}`;
      await appendEvent(db, id, { timeMs: nowMs, kind: 'resolved', text: `resolved by hand${why}`, actor: by.name });
      await this.#listener(db, { incidentId: id, decision: 'resolve', culprit: null, nowMs });
    });
  }

  async #hypotheses(db: Database['query'], id: number): Promise<HypothesisRow[]> {
    return await db.selectFrom('hypotheses').selectAll().where('incident_id', '=', id).orderBy('id').execute();
  }

  /** In a transaction in which nobody else changes the incident. */
  async #inIncident<Result>(
    id: number,
    work: (db: Transaction<Schema>, incident: IncidentRow) => Promise<Result>,
  ): Promise<Result> {
    const { engine, query } = this.#database;
    return await query.transaction().execute(async (db) => {
      const select = db.selectFrom('incidents').selectAll().where('id', '=', id);
      const incident = await (engine === 'postgres' ? select.forUpdate() : select).executeTakeFirst();
      if (incident === undefined) throw new ServerError('EBB_SERVER_NOT_FOUND', `there is no incident ${id}`);
      return await work(db, incident);
    });
  }
}

async function append(
  db: Transaction<Schema>,
  incidentId: number,
  event: Parameters<typeof appendEvent>[2],
): Promise<void> {
  const { entries } = await db
    .selectFrom('incident_events')
    .select((select) => select.fn.countAll<number>().as('entries'))
    .where('incident_id', '=', incidentId)
    .where('actor', 'is not', null)
    .executeTakeFirstOrThrow();
  if (entries >= mostEntries)
    throw bad(`incident ${incidentId} has ${mostEntries} entries by people, which is as many as it may`);
  await appendEvent(db, incidentId, event);
}

async function findChange(db: Transaction<Schema>, changeId: number, serviceId: number): Promise<void> {
  const change = await db.selectFrom('changes').select('service_id').where('id', '=', changeId).executeTakeFirst();
  if (change?.service_id !== serviceId)
    throw new ServerError('EBB_SERVER_NOT_FOUND', `the incident's service has no change ${changeId}`);
}

function short(told: string, what: string, most: number): string {
  const text = storable(told).trim();
  if (text.length > most) throw bad(`${what} is longer than ${most} characters`);
  return text;
}

function worded(told: string, what: string, most: number): string {
  const text = short(told, what, most);
  if (text === '') throw bad(`${what} has no text`);
  return text;
}

function checkedTime(timeMs: number | undefined, { opened_ms: openedMs }: IncidentRow, nowMs: number): number {
  if (timeMs === undefined) return nowMs;
  if (timeMs > nowMs) throw bad(`${new Date(timeMs).toISOString()} is in the future`);
  if (timeMs < openedMs - dayMs)
    throw bad(`${new Date(timeMs).toISOString()} is more than a day before the incident opened`);
  return timeMs;
}

function bad(message: string): ServerError {
  return new ServerError('EBB_SERVER_BAD_REQUEST', message);
}
