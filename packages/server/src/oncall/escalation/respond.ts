/** What people do about an incident: acknowledge it, give it to somebody, call others in. */
import type { Kysely, Transaction } from 'kysely';
import type { OpenIncidents } from '../../alerts/silences/open-incidents.ts';
import { ServerError } from '../../errors/server-error.ts';
import type { Database } from '../../store/database.ts';
import type { Schema } from '../../store/schema.ts';
import { overridesAt } from '../overrides/override-store.ts';
import type { Receiver } from '../../alerts/rules/rules.ts';
import { acknowledgedWords, hearsAcknowledgement, noticeAcknowledged } from '../pages/acknowledged.ts';
import { cancelPages, tellAcknowledged, writePages } from '../pages/write-pages.ts';
import { policyFor, type OnCallPlan, type Target } from '../plan/plan.ts';
import type { EscalationRow, PageRow } from '../tables.ts';
import { change, tell } from './change.ts';
import { appendEvent, refsOf } from '../../store/incident-events.ts';
import { peopleOf } from './targets.ts';

/** What responding needs. */
export interface ResponderOptions {
  database: Database;
  plan: () => OnCallPlan;
  incidents: OpenIncidents;
  /** Those of the alert rules. */
  receivers: () => ReadonlyMap<string, Receiver>;
  /** A person's way by its name. */
  wayOf: (name: string) => Receiver | undefined;
  now: () => number;
}

/** How the paging for an incident stands. */
export interface Escalation {
  row: EscalationRow;
  /** Newest first. */
  pages: PageRow[];
}

/** Who has acknowledged. */
export interface Acknowledgement {
  holder: string;
  /** It holds until then. */
  untilMs: number;
  /** Whether it is this one: false when somebody else was faster. */
  isOwn: boolean;
}

const usualAcknowledgedMs = 60 * 60_000;
const usualWaitMs = 15 * 60_000;
const mostTries = 10;
const mostPages = 200;

/** Changes what people decide. Two at once are one after the other. */
export class Responders {
  readonly #options: ResponderOptions;

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  /** How it stands; undefined where nobody was paged and nobody has acknowledged. */
  async escalationOf(
    incidentId: number,
    db: Kysely<Schema> = this.#options.database.query,
  ): Promise<Escalation | undefined> {
    const row = await db.selectFrom('escalations').selectAll().where('incident_id', '=', incidentId).executeTakeFirst();
    if (row === undefined) return undefined;
    const pages = await db
      .selectFrom('pages')
      .selectAll()
      .where('incident_id', '=', incidentId)
      .orderBy('id', 'desc')
      .limit(mostPages)
      .execute();
    return { row, pages };
  }

  /**
   * Somebody takes care: nobody else is paged until that is over. Whoever comes second is told who was first. Who came
   * second, and who came when it was resolved already, stands on the timeline.
   *
   * @throws {ServerError} EBB_SERVER_NOT_FOUND, EBB_SERVER_CONFLICT
   */
  async acknowledge(
    incidentId: number,
    { by, forMs, how = '', ref }: { by: string; forMs?: number; how?: string; ref?: string },
  ): Promise<Acknowledgement> {
    return await this.#change(
      incidentId,
      async (db, row, nowMs) => {
        if (row.state === 'acknowledged' && row.holder !== null && row.holder !== by) {
          const { holder, version: now } = row;
          const again = ref ?? `escalation ${now} acknowledged, too, by ${by}`;
          const said = `by ${by}${how}, too: ${holder} has it`;
          await tell(db, { incidentId, version: now, nowMs }, 'acknowledged', said, again);
          return { holder, untilMs: row.due_ms ?? nowMs, isOwn: false };
        }
        const lastsMs =
          forMs ?? this.#options.plan().policies.get(row.policy ?? '')?.acknowledgedMs ?? usualAcknowledgedMs;
        const untilMs = nowMs + lastsMs;
        const version = await change(db, row, { state: 'acknowledged', holder: by, due_ms: untilMs });
        if (version === null) return null;
        await cancelPages(db, incidentId);
        const text = `by ${by}${how}, for ${Math.round(lastsMs / 60_000)} minutes`;
        const context = { incidentId, version, nowMs };
        await tell(db, context, 'acknowledged', text, ref);
        // Whoever takes longer is known already.
        if (row.state !== 'acknowledged') {
          const { receivers, wayOf } = this.#options;
          await tellAcknowledged(db, context, (name) => hearsAcknowledgement(wayOf(name)));
          await noticeAcknowledged(db, receivers(), { ...context, words: acknowledgedWords(by, untilMs) });
        }
        return { holder: by, untilMs, isOwn: true };
      },
      { ref, late: { kind: 'acknowledged', text: `by ${by}${how}` } },
    );
  }

  /**
   * Gives it to somebody: they are paged, and have until the end of the step to acknowledge; then it goes on.
   *
   * @param told `ref` names what it came from: it stands on the timeline once
   *
   * @throws {ServerError} EBB_SERVER_NOT_FOUND, EBB_SERVER_CONFLICT, EBB_SERVER_BAD_REQUEST when nobody is there
   */
  async reassign(
    incidentId: number,
    { by, to, ref }: { by: string; to: readonly Target[]; ref?: string },
  ): Promise<string[]> {
    return await this.#change(
      incidentId,
      async (db, row, nowMs, openedMs) => {
        const people = await this.#peopleOf(db, to, nowMs, `given to you by ${by}`);
        const waitMs =
          this.#options.plan().policies.get(row.policy ?? '')?.steps[Math.max(0, row.step)]?.waitMs ?? usualWaitMs;
        const names = people.map(({ person }) => person);
        const version = await change(db, row, { state: 'paging', holder: names.join(', '), due_ms: nowMs + waitMs });
        if (version === null) return null;
        await cancelPages(db, incidentId);
        const context = { incidentId, version, nowMs };
        await tell(db, context, 'reassigned', `to ${names.join(', ')} by ${by}`, ref);
        await writePages(db, people, { ...context, openedMs });
        return names;
      },
      { ref },
    );
  }

  /**
   * Calls others in, beside whoever has it.
   *
   * @throws {ServerError} EBB_SERVER_NOT_FOUND, EBB_SERVER_CONFLICT, EBB_SERVER_BAD_REQUEST when nobody is there
   */
  async addResponders(incidentId: number, { by, add }: { by: string; add: readonly Target[] }): Promise<string[]> {
    return await this.#change(incidentId, async (db, row, nowMs, openedMs) => {
      const people = await this.#peopleOf(db, add, nowMs, `called in by ${by}`);
      const version = await change(db, row, {});
      if (version === null) return null;
      const names = people.map(({ person }) => person);
      const context = { incidentId, version, nowMs };
      await tell(db, context, 'responders-added', `${names.join(', ')} by ${by}`);
      await writePages(db, people, { ...context, openedMs });
      return names;
    });
  }

  async #peopleOf(
    db: Transaction<Schema>,
    targets: readonly Target[],
    nowMs: number,
    why: string,
  ): Promise<{ person: string; why: string }[]> {
    const moment = { nowMs, owners: null, overrides: await overridesAt(db, nowMs) };
    const { pages, missing } = peopleOf(this.#options.plan(), targets, moment);
    if (pages.length === 0)
      throw new ServerError('EBB_SERVER_BAD_REQUEST', missing.length === 0 ? 'nobody is named' : missing.join('; '));
    return pages.map(({ person }) => ({ person, why }));
  }

  /**
   * One change, in a transaction; again when somebody else was faster. What comes from the same thing (`ref`) is done once.
   * `late` is what the timeline says, once, where the incident is resolved already; what comes from elsewhere is told by
   * whoever brings it.
   */
  async #change<T>(
    incidentId: number,
    work: (db: Transaction<Schema>, row: EscalationRow, nowMs: number, openedMs: number) => Promise<T | null>,
    { ref, late }: { ref?: string | undefined; late?: { kind: 'acknowledged'; text: string } } = {},
  ): Promise<T> {
    const { database, now } = this.#options;
    for (let tries = 0; tries < mostTries; tries++) {
      const done = await database.query.transaction().execute(async (db) => {
        const nowMs = now();
        const { opened_ms: openedMs, resolved_ms: resolvedMs } = await this.#incident(db, incidentId);
        if (resolvedMs !== null) {
          if (late !== undefined && ref === undefined)
            await appendEvent(db, incidentId, {
              ...{ timeMs: nowMs, kind: late.kind, text: `${late.text}, when it was resolved already` },
              ref: `late: ${late.kind} ${late.text}`,
            });
          return new ServerError(
            'EBB_SERVER_CONFLICT',
            `incident ${incidentId} was resolved at ${new Date(resolvedMs).toISOString()}`,
          );
        }
        if (ref !== undefined && (await refsOf(db, incidentId)).includes(ref))
          throw new ServerError('EBB_SERVER_CONFLICT', `incident ${incidentId} knows of it already`);
        return await work(db, await this.#rowOf(db, incidentId, nowMs), nowMs, openedMs);
      });
      // Thrown only here: what stands on the timeline has to stay there.
      if (done instanceof ServerError) throw done;
      if (done !== null) return done;
    }
    throw new ServerError('EBB_SERVER_BUSY', `incident ${incidentId} is being changed by many at once`);
  }

  async #incident(
    db: Transaction<Schema>,
    incidentId: number,
  ): Promise<{ opened_ms: number; resolved_ms: number | null }> {
    const incident = await db
      .selectFrom('incidents')
      .select(['opened_ms', 'resolved_ms'])
      .where('id', '=', incidentId)
      .executeTakeFirst();
    if (incident === undefined) throw new ServerError('EBB_SERVER_NOT_FOUND', `there is no incident ${incidentId}`);
    return incident;
  }

  /** The escalation; a new one where nobody was to be paged so far. */
  async #rowOf(db: Transaction<Schema>, incidentId: number, nowMs: number): Promise<EscalationRow> {
    const find = async (): Promise<EscalationRow | undefined> =>
      await db.selectFrom('escalations').selectAll().where('incident_id', '=', incidentId).executeTakeFirst();
    const found = await find();
    if (found !== undefined) return found;
    const { plan, incidents } = this.#options;
    const incident = await db
      .selectFrom('incidents')
      .innerJoin('services', 'services.id', 'incidents.service_id')
      .select(['level', 'name', 'namespace', 'environment'])
      .where('incidents.id', '=', incidentId)
      .executeTakeFirstOrThrow();
    const policy = policyFor(plan(), incidents.subjectOf(incident))?.name ?? null;
    await db
      .insertInto('escalations')
      .values({
        incident_id: incidentId,
        policy,
        state: 'paging',
        version: 1,
        step: -1,
        round: 0,
        due_ms: null,
        holder: null,
        started_ms: nowMs,
      })
      .onConflict((conflict) => conflict.column('incident_id').doNothing())
      .execute();
    return await db
      .selectFrom('escalations')
      .selectAll()
      .where('incident_id', '=', incidentId)
      .executeTakeFirstOrThrow();
  }
}
