import type { Transaction } from 'kysely';
import { adviceOn, writeAttribution } from '../attribution/attribution-store.ts';
import type { Judged } from '../attribution/judged.ts';
import type { Finding } from '../findings/finding.ts';
import { findingsOf } from '../findings/finding-store.ts';
import { findingSentence } from '../findings/words.ts';
import type { Cause } from '../incident/cause.ts';
import { ServerError } from '../errors/server-error.ts';
import { rank, type Decision } from '../incident/decide.ts';
import type { Diagnosis } from '../incident/diagnose.ts';
import type { IncidentEventKind } from '../incident/event-kind.ts';
import {
  changesBeforeMs,
  findingsBeforeMs,
  noteOfChange,
  notesOfFinding,
  notesOfSignal,
  type Note,
} from '../incident/notes.ts';
import type { ToldSignal } from '../signals/signal.ts';
import { changesBetween } from './changes.ts';
import type { Database } from './database.ts';
import { reopen, type FlappingRule } from './flapping.ts';
import { appendEvent, refsOf, tellOnce } from './incident-events.ts';
import type { IncidentRow, Schema, SignalRow } from './schema.ts';
import { activeSignals, endSignals, signalsSince, storeSignal } from './signals.ts';

/** What happened in an incident. */
export interface IncidentEvent {
  timeMs: number;
  kind: IncidentEventKind;
  text: string;
  /** Who did it; null for the server itself. */
  actor: string | null;
}

/** What a turn decides on, and what comes of it. */
export interface Turn {
  nowMs: number;
  /** When a service's incidents are one that flaps. */
  flapping: FlappingRule;
  /** Signals of agents' rows that stand by themselves: ends near a limit. */
  ends: readonly ToldSignal[];
  /** What is high in agents' rows, given the keys of what was; asked while an incident is open only. */
  high: (lasting: ReadonlySet<string>) => ToldSignal[];
  /** Says what it is about, given what is open, the signals that last, and what was found to hold memory. */
  diagnose: (
    before: Cause | null,
    symptoms: readonly SignalRow[],
    findings: readonly Finding[],
    advice: string | null,
  ) => Diagnosis;
  decide: (open: IncidentRow | null, diagnosis: Diagnosis) => Decision;
  /**
   * What is judged of the service's changes, which an incident of memory is opened with; null where nothing is. Left out,
   * nobody has judged yet: where an incident would open, nothing is done, and the turn ends with `judge`.
   */
  judged?: Judged | null;
}

/** A change shortly before is told once the incident is open; so many of them at most. */
const mostChanges = 20;
/** A signal that was over when the incident opened, but not for longer, belongs to it. */
const signalsBeforeMs = 15 * 60_000;

/** Hears what was decided about an incident, in the transaction that carries it out. */
export type IncidentListener = (
  db: Transaction<Schema>,
  change: {
    incidentId: number;
    decision: Decision;
    /** The fingerprint of a finding that its summary names now and did not before, where nothing else was decided. */
    culprit: string | null;
    nowMs: number;
  },
) => Promise<void>;

/** Incidents and their timelines. Each change and its entry on the timeline are one transaction. */
export class IncidentStore {
  readonly #database: Database;
  readonly #listener: IncidentListener;

  constructor(database: Database, listener: IncidentListener = async () => undefined) {
    this.#database = database;
    this.#listener = listener;
  }

  /** Incidents, newest first; those that are open only, or all. */
  async list(options: { open: boolean; most: number }): Promise<IncidentRow[]> {
    let query = this.#database.query.selectFrom('incidents').selectAll();
    if (options.open) query = query.where('resolved_ms', 'is', null);
    return await query.orderBy('id', 'desc').limit(options.most).execute();
  }

  /** The services of which somebody resolved an incident that went on. */
  async heldServices(): Promise<number[]> {
    const rows = await this.#database.query
      .selectFrom('incidents')
      .select('service_id')
      .distinct()
      .where('held_until_ms', 'is not', null)
      .execute();
    return rows.map(({ service_id: serviceId }) => serviceId);
  }

  /** Incidents that are open, or were at a time. */
  async openSince(sinceMs: number): Promise<IncidentRow[]> {
    return await this.#database.query
      .selectFrom('incidents')
      .selectAll()
      .where((where) => where.or([where('resolved_ms', 'is', null), where('resolved_ms', '>=', sinceMs)]))
      .orderBy('id')
      .execute();
  }

  /** One incident; undefined when there is none. */
  async find(id: number): Promise<IncidentRow | undefined> {
    return await this.#database.query.selectFrom('incidents').selectAll().where('id', '=', id).executeTakeFirst();
  }

  /**
   * The same where there has to be one.
   *
   * @throws {ServerError} EBB_SERVER_NOT_FOUND
   */
  async get(id: number): Promise<IncidentRow> {
    const incident = await this.find(id);
    if (incident === undefined) throw new ServerError('EBB_SERVER_NOT_FOUND', `there is no incident ${id}`);
    return incident;
  }

  /** What happened in it, in the order in which it was told. */
  async timeline(id: number): Promise<IncidentEvent[]> {
    const rows = await this.#database.query
      .selectFrom('incident_events')
      .selectAll()
      .where('incident_id', '=', id)
      .orderBy('id')
      .execute();
    return rows.map(({ time_ms: timeMs, kind, text, actor }) => ({ timeMs, kind, text, actor }));
  }

  /** The signals that lasted at some moment of it, or shortly before. */
  async signals(incident: IncidentRow, nowMs: number): Promise<SignalRow[]> {
    const sinceMs = incident.opened_ms - signalsBeforeMs;
    return await signalsSince(this.#database.query, incident.service_id, sinceMs, incident.resolved_ms ?? nowMs);
  }

  /** What the timeline tells of already: the `ref`s of its entries. */
  async toldOf(id: number): Promise<string[]> {
    return await refsOf(this.#database.query, id);
  }

  /** Writes notes that the timeline does not have yet. */
  async tell(id: number, notes: readonly Note[]): Promise<void> {
    if (notes.length === 0) return;
    await this.#database.query.transaction().execute(async (db) => await tellOnce(db, id, notes));
  }

  /** Writes down what an open incident does to requests and clients, and on its timeline that it does. */
  async setImpact(id: number, impact: string, note: Note | null): Promise<void> {
    await this.#database.query.transaction().execute(async (db) => {
      await db.updateTable('incidents').set({ impact }).where('id', '=', id).execute();
      if (note !== null) await tellOnce(db, id, [note]);
    });
  }

  /**
   * Decides about a service on what is in the database now, and carries it out: two servers that see the same leak open
   * one incident.
   */
  async carryOut(serviceId: number, turn: Turn): Promise<Decision | 'judge'> {
    const { engine, query } = this.#database;
    const { nowMs } = turn;
    return await query.transaction().execute(async (db) => {
      const select = db
        .selectFrom('incidents')
        .selectAll()
        .where('service_id', '=', serviceId)
        .where('resolved_ms', 'is', null);
      const open = (await (engine === 'postgres' ? select.forUpdate() : select).executeTakeFirst()) ?? null;
      for (const end of turn.ends) await storeSignal(db, serviceId, end, nowMs);
      if (open !== null) await keepFigures(db, serviceId, turn);
      const signals = await signalsSince(db, serviceId, (open?.opened_ms ?? nowMs) - signalsBeforeMs, nowMs);
      const findings = await findingsOf(db, serviceId, { sinceMs: (open?.opened_ms ?? nowMs) - findingsBeforeMs });
      const advice = open === null ? null : await adviceOn(db, open.id);
      const diagnose = (known: string | null): Diagnosis =>
        turn.diagnose(open?.cause ?? null, activeSignals(signals, nowMs), findings, known);
      const diagnosis = diagnose(advice ?? turn.judged?.told.advice ?? null);
      const isHeld = open === null && (await isHeldBack(db, serviceId, diagnosis, nowMs));
      const decision = isHeld ? 'nothing' : turn.decide(open, diagnosis);
      const isNews =
        diagnosis.cause === 'memory' && (decision === 'open' || (open !== null && open.cause !== 'memory'));
      if (isNews && advice === null && turn.judged === undefined) return 'judge';
      if (open !== null && decision !== 'nothing') await change(db, open, decision, diagnosis, nowMs);
      const flapping = decision === 'open' ? await reopen(db, serviceId, { ...diagnosis, ...turn }) : undefined;
      const id =
        open?.id ?? flapping ?? (decision === 'open' ? await openIncident(db, serviceId, diagnosis, nowMs) : undefined);
      if (id === undefined) return 'nothing';
      const done = flapping === undefined ? decision : 'reopen';
      const culprit = done === 'update' && open !== null ? newlyNamed(open.summary, diagnosis.summary, findings) : null;
      if (isNews && turn.judged) await writeAttribution(db, id, turn.judged);
      await this.#listener(db, { incidentId: id, decision: done, culprit, nowMs });
      const sinceMs = (open?.opened_ms ?? nowMs) - changesBeforeMs;
      const changes = await changesBetween(db, serviceId, { fromMs: sinceMs, toMs: nowMs + 1, most: mostChanges });
      await tellOnce(db, id, [
        ...changes.map(noteOfChange),
        ...signals.flatMap((row) => notesOfSignal(row, nowMs)),
        ...findings.filter(({ confirmed }) => confirmed).flatMap(notesOfFinding),
      ]);
      return done;
    });
  }
}

/** The finding that a summary names and the one before it did not. */
function newlyNamed(before: string, now: string, findings: readonly Finding[]): string | null {
  const found = findings.find((finding) => {
    const sentence = findingSentence(finding);
    return finding.confirmed && now.includes(sentence) && !before.includes(sentence);
  });
  return found?.fingerprint ?? null;
}

/** Whether somebody has resolved this while it went on, and it still does, and is no more urgent than it was. */
async function isHeldBack(
  db: Transaction<Schema>,
  serviceId: number,
  { level }: Diagnosis,
  nowMs: number,
): Promise<boolean> {
  const held = await db
    .selectFrom('incidents')
    .select(['id', 'level', 'held_until_ms'])
    .where('service_id', '=', serviceId)
    .where('held_until_ms', 'is not', null)
    .execute();
  if (held.length === 0) return false;
  const holds = held.some(
    (one) => level !== null && nowMs < (one.held_until_ms ?? 0) && rank[level] <= rank[one.level],
  );
  if (!holds)
    await db.updateTable('incidents').set({ held_until_ms: null }).where('service_id', '=', serviceId).execute();
  return holds;
}

/** What is not high any more is over after so long: what comes and goes is one signal, not twenty. */
const figureLastsMs = 2 * 60_000;
/** That it is still high is written down that often. */
const figureToldEveryMs = 30_000;

/** Stores what became high in agents' rows, and ends what is no more. The incident's row is locked: one server does it. */
async function keepFigures(db: Transaction<Schema>, serviceId: number, { high, nowMs }: Turn): Promise<void> {
  const lasting = await db
    .selectFrom('signals')
    .select(['id', 'key', 'told_ms'])
    .where('service_id', '=', serviceId)
    .where('source', '=', 'agents')
    .where('ended_ms', 'is', null)
    .execute();
  const before = new Set(lasting.map(({ key }) => key));
  const found = high(before);
  const now = new Set(found.map(({ key }) => key));
  for (const signal of found) if (!before.has(signal.key)) await storeSignal(db, serviceId, signal, nowMs);
  const again = lasting.filter(({ key, told_ms: toldMs }) => now.has(key) && nowMs - toldMs >= figureToldEveryMs);
  if (again.length > 0)
    await db
      .updateTable('signals')
      .set({ told_ms: nowMs })
      .where(
        'id',
        'in',
        again.map(({ id }) => id),
      )
      .execute();
  const over = lasting.filter(({ key, told_ms: toldMs }) => !now.has(key) && nowMs - toldMs >= figureLastsMs);
  await endSignals(
    db,
    over.map(({ id }) => id),
    nowMs,
  );
}

async function openIncident(
  db: Transaction<Schema>,
  serviceId: number,
  { level, cause, summary }: Diagnosis,
  nowMs: number,
): Promise<number | undefined> {
  const values = { service_id: serviceId, level: level ?? 'notice', cause, summary, opened_ms: nowMs };
  const made = await db
    .insertInto('incidents')
    .values({ ...values, quiet_since_ms: null, resolved_ms: null, impact: null, reopened: 0, held_until_ms: null })
    // Another server was faster.
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst();
  if (made === undefined) return undefined;
  await appendEvent(db, made.id, { timeMs: nowMs, kind: 'opened', text: `${values.level}: ${summary}` });
  return made.id;
}

async function change(
  db: Transaction<Schema>,
  open: IncidentRow,
  decision: Decision,
  { level, cause, summary }: Diagnosis,
  nowMs: number,
): Promise<void> {
  const set = db.updateTable('incidents').where('id', '=', open.id);
  if (decision === 'calm') {
    await set.set({ quiet_since_ms: nowMs }).execute();
    await appendEvent(db, open.id, { timeMs: nowMs, kind: 'calm', text: summary });
  } else if (decision === 'resolve') {
    await set.set({ resolved_ms: nowMs }).execute();
    await appendEvent(db, open.id, { timeMs: nowMs, kind: 'resolved', text: summary });
  } else {
    const raised = decision === 'raise' && level !== null ? level : open.level;
    const isSame =
      raised === open.level && cause === open.cause && summary === open.summary && open.quiet_since_ms === null;
    if (isSame) return;
    await set.set({ level: raised, cause, summary, quiet_since_ms: null }).execute();
    if (cause !== open.cause)
      await appendEvent(db, open.id, { timeMs: nowMs, kind: 'cause', text: `${cause}: ${summary}` });
    if (decision === 'raise')
      await appendEvent(db, open.id, { timeMs: nowMs, kind: 'raised', text: `${raised}: ${summary}` });
    else if (open.quiet_since_ms !== null)
      await appendEvent(db, open.id, { timeMs: nowMs, kind: 'back', text: summary });
  }
}
