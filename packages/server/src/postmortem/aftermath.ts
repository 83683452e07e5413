/** What comes after a postmortem: the review, and the action items with their owners, dates and proofs. */
import type { Transaction } from 'kysely';
import { ServerError } from '../errors/server-error.ts';
import { Clock } from '../incident/zone.ts';
import { storable } from '../ingest/identity.ts';
import type { Database } from '../store/database.ts';
import { appendEvent } from '../store/incident-events.ts';
import type { IncidentStore } from '../store/incidents.ts';
import type { Schema } from '../store/schema.ts';
import type { ActionKind } from './action-kind.ts';
import { code, plain, table } from './markdown.ts';
import { checkProof, type Proof } from './proof.ts';
import { dropReview, setReview, type NewReview } from './set-review.ts';
import type { ActionItemRow, ReviewRow } from './tables.ts';

/** Who does it, and when. */
export interface Doer {
  name: string;
  nowMs: number;
}

/** What is said of a new action item. */
export interface NewActionItem {
  kind: ActionKind;
  title: string;
  fingerprint: string;
  owner: string;
  dueMs: number;
  trackerUrl: string | null;
}

/** Action items that an incident may have. */
const mostItems = 100;
const longestTitle = 500;
const yearMs = 366 * 24 * 3_600_000;
/** A proof by an alert is an incident of this level or above. */
const urgent: readonly string[] = ['warning', 'page'];

/** Reviews and action items. Its methods throw EBB_SERVER_NOT_FOUND for what is not there. */
export class Aftermath {
  readonly #database: Database;
  readonly #incidents: IncidentStore;

  constructor(database: Database, incidents: IncidentStore) {
    this.#database = database;
    this.#incidents = incidents;
  }

  /** When people meet, or were to meet; undefined where nobody has said it. */
  async review(incidentId: number): Promise<ReviewRow | undefined> {
    const { query } = this.#database;
    return await query.selectFrom('reviews').selectAll().where('incident_id', '=', incidentId).executeTakeFirst();
  }

  /** Says when people meet: see {@link setReview}. */
  async schedule(incidentId: number, told: NewReview, by: Doer & { isPerson: boolean }): Promise<void> {
    await setReview(this.#database, incidentId, told, by);
  }

  /** Says that people do not meet: see {@link dropReview}. */
  async dropReview(incidentId: number, why: string, by: Doer): Promise<void> {
    await dropReview(this.#database, incidentId, worded(why, 'the reason'), { ...by, isPerson: true });
  }

  /** The action items of an incident, or those of all that are open; those that are due first. */
  async items(incidentId?: number): Promise<ActionItemRow[]> {
    let query = this.#database.query.selectFrom('action_items').selectAll();
    query = incidentId === undefined ? query.where('state', '=', 'open') : query.where('incident_id', '=', incidentId);
    return await query.orderBy('due_ms').orderBy('id').limit(1000).execute();
  }

  /**
   * Adds an action item. Returns its number.
   *
   * @throws {ServerError} EBB_SERVER_BAD_REQUEST for one without a title or a fingerprint, or one too many
   */
  async add(incidentId: number, told: NewActionItem, by: Doer): Promise<number> {
    await this.#incidents.get(incidentId);
    const title = worded(told.title, 'the title');
    const fingerprint = worded(told.fingerprint, 'the fingerprint');
    checkDue(told.dueMs, by.nowMs);
    checkLink(told.trackerUrl);
    if ((await this.items(incidentId)).length >= mostItems)
      throw bad(`incident ${incidentId} has ${mostItems} action items, which is as many as it may`);
    return await this.#database.query.transaction().execute(async (db) => {
      const { id } = await db
        .insertInto('action_items')
        .values({
          ...{ incident_id: incidentId, kind: told.kind, title, fingerprint, owner: storable(told.owner).trim() },
          ...{ due_ms: told.dueMs, tracker_url: told.trackerUrl, state: 'open', created_ms: by.nowMs },
          ...{ created_by: by.name, ended_ms: null, ended_by: null, proof: null, reminded_ms: null },
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      await say(db, incidentId, `new: ${title}`, by);
      return id;
    });
  }

  /** Changes who has an open one, until when, and where it is tracked. */
  async change(
    itemId: number,
    told: { owner?: string; dueMs?: number; trackerUrl?: string | null },
    by: Doer,
  ): Promise<void> {
    const item = await this.#open(itemId);
    const { owner = item.owner, dueMs = item.due_ms, trackerUrl = item.tracker_url } = told;
    if (dueMs !== item.due_ms) checkDue(dueMs, by.nowMs);
    checkLink(trackerUrl);
    await this.#database.query.transaction().execute(async (db) => {
      await db
        .updateTable('action_items')
        .set({ owner: storable(owner).trim(), due_ms: dueMs, tracker_url: trackerUrl, reminded_ms: null })
        .where('id', '=', itemId)
        .execute();
      const until = new Date(dueMs).toISOString().slice(0, 10);
      await say(db, item.incident_id, `${item.title}: ${owner === '' ? 'nobody' : owner}, until ${until}`, by);
    });
  }

  /**
   * Closes an item: the document has to show that its leak is caught. Returns what is proved, in a sentence.
   *
   * @throws {ServerError} EBB_SERVER_NO_PROOF with what is missing, EBB_SERVER_CONFLICT where it is closed already
   */
  async prove(itemId: number, document: unknown, by: Doer): Promise<string> {
    const item = await this.#open(itemId);
    const fingerprint = item.fingerprint ?? '';
    const proof =
      item.kind === 'alert'
        ? await this.#provedByAlert(item, fingerprint, document)
        : checkProof(item.kind, fingerprint, document, { itemMs: item.created_ms, nowMs: by.nowMs });
    if ('refused' in proof) throw new ServerError('EBB_SERVER_NO_PROOF', `item ${itemId} stays open: ${proof.refused}`);
    await this.#end(item, 'proved', proof.proved, by);
    return proof.proved;
  }

  /** Gives an item up, with a reason. */
  async drop(itemId: number, why: string, by: Doer): Promise<void> {
    await this.#end(await this.#open(itemId), 'dropped', worded(why, 'the reason'), by);
  }

  /** The review, with the team's clock beside UTC, and the action items as Markdown, as they are now; empty where there are none. */
  async markdown(incidentId: number, zone: string | null): Promise<string> {
    const [review, items] = [await this.review(incidentId), await this.items(incidentId)];
    const clock = new Clock([zone]);
    const { dropped_why: droppedWhy = null, attendees = '[]' } = review ?? {};
    const invited = (JSON.parse(attendees) as string[]).map(plain).join(', ');
    const dropped = droppedWhy === null ? '' : ` It is dropped: ${plain(droppedWhy)}.`;
    const meeting =
      review === undefined
        ? ''
        : `## Review\n\n${clock.time(review.starts_ms, true)}, ${review.minutes} minutes${invited === '' ? '' : `; invited: ${invited}`}.${dropped}`;
    const rows = items.map((item) => [
      `${plain(item.title)} (${item.kind}${item.fingerprint === null ? '' : `, ${code(item.fingerprint)}`})`,
      item.owner === '' ? 'nobody yet' : plain(item.owner),
      new Date(item.due_ms).toISOString().slice(0, 10),
      item.tracker_url === null ? '' : `<${new URL(item.tracker_url).href.replaceAll('|', '%7C')}>`,
      `${item.state}${item.proof === null ? '' : `: ${plain(item.proof)}`}`,
    ]);
    const list =
      items.length === 0 ? '' : `## Action items\n\n${table(['What', 'Owner', 'Due', 'Tracker', 'State'], rows)}`;
    return [list, meeting].filter((part) => part !== '').join('\n\n');
  }

  async #open(itemId: number): Promise<ActionItemRow> {
    const { query } = this.#database;
    const item = await query.selectFrom('action_items').selectAll().where('id', '=', itemId).executeTakeFirst();
    if (item === undefined) throw new ServerError('EBB_SERVER_NOT_FOUND', `there is no action item ${itemId}`);
    if (item.state !== 'open')
      throw new ServerError(
        'EBB_SERVER_CONFLICT',
        `action item ${itemId} is ${item.state} already: ${item.proof ?? ''}`,
      );
    return item;
  }

  async #end(item: ActionItemRow, state: 'proved' | 'dropped', proof: string, by: Doer): Promise<void> {
    await this.#database.query.transaction().execute(async (db) => {
      const { numUpdatedRows } = await db
        .updateTable('action_items')
        .set({ state, proof, ended_ms: by.nowMs, ended_by: by.name })
        .where('id', '=', item.id)
        .where('state', '=', 'open')
        .executeTakeFirst();
      if (numUpdatedRows === 0n)
        throw new ServerError('EBB_SERVER_CONFLICT', `somebody else has ended action item ${item.id}`);
      await say(db, item.incident_id, `${state}: ${item.title}: ${proof}`, by);
    });
  }

  /** A replay has to have become an incident of its own, urgent enough to tell somebody, with this finding on it. */
  async #provedByAlert(item: ActionItemRow, fingerprint: string, document: unknown): Promise<Proof> {
    const ids = incidentsIn(document);
    if (ids.length === 0)
      return { refused: 'the document names no incident: give {"incidentId": …}, or what Ebb\'s webhook sends' };
    const caught = await this.#database.query
      .selectFrom('incidents')
      .innerJoin('incident_events', 'incident_events.incident_id', 'incidents.id')
      .select(['incidents.id', 'incidents.level'])
      .where('incidents.id', 'in', ids)
      .where('incidents.opened_ms', '>', item.created_ms)
      .where('ref', '=', `finding ${fingerprint}`)
      .execute();
    const one = caught.find(({ level }) => urgent.includes(level));
    if (one === undefined)
      return {
        refused: `no incident of those named was opened after the item was, is a warning or a page, and has the finding ${fingerprint}`,
      };
    return { proved: `incident ${one.id}, a ${one.level}, tells the leak with the fingerprint ${fingerprint}` };
  }
}

function incidentsIn(document: unknown): number[] {
  if (typeof document !== 'object' || document === null) return [];
  const { incidentId, incidents } = document as { incidentId?: unknown; incidents?: unknown };
  const listed: unknown[] = Array.isArray(incidents) ? incidents.slice(0, 100) : [];
  const ids = [incidentId, ...listed.map((one) => (one as { id?: unknown } | null)?.id)];
  return ids.filter((id): id is number => Number.isSafeInteger(id));
}

async function say(db: Transaction<Schema>, incidentId: number, text: string, by: Doer): Promise<void> {
  await appendEvent(db, incidentId, { timeMs: by.nowMs, kind: 'action-item', text, actor: by.name });
}

function worded(told: string, what: string): string {
  const text = storable(told).trim();
  if (text === '') throw bad(`${what} has no text`);
  if (text.length > longestTitle) throw bad(`${what} is longer than ${longestTitle} characters`);
  return text;
}

function checkDue(dueMs: number, nowMs: number): void {
  if (dueMs <= nowMs || dueMs > nowMs + yearMs) throw bad('an action item is due after now, and within a year');
}

function checkLink(url: string | null): void {
  if (url !== null && !/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    throw bad('the tracker link is no URL that begins with http:// or https://');
}

function bad(message: string): ServerError {
  return new ServerError('EBB_SERVER_BAD_REQUEST', message);
}
