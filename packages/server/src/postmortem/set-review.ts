/** Sets, moves and drops the review of an incident. Who is invited, and who is no more, gets a mail. */
import type { Transaction } from 'kysely';
import { ServerError } from '../errors/server-error.ts';
import { Clock } from '../incident/zone.ts';
import type { Database } from '../store/database.ts';
import { appendEvent } from '../store/incident-events.ts';
import type { Schema } from '../store/schema.ts';
import { cancellationKey, reviewKey } from './letters/letter-key.ts';
import { writeLetter } from './letters/write-letter.ts';
import { reviewWithinMs } from './review.ts';
import type { ReviewRow, Uninvited } from './tables.ts';

/** What is said of a review. */
export interface NewReview {
  startsMs: number;
  minutes: number;
  /** Absent: those who were invited so far. */
  attendees?: readonly string[];
}

/** Who does it, and when. */
interface Setter {
  name: string;
  nowMs: number;
  isPerson: boolean;
}

interface Moment {
  db: Transaction<Schema>;
  incident: { id: number; opened_ms: number; resolved_ms: number | null };
  /** As it was; undefined where there was none. */
  before: ReviewRow | undefined;
}

const clock = new Clock([]);

/**
 * Says when people meet. Those whom it names get an invitation by mail, and those whom it names no more what takes
 * theirs back.
 *
 * @throws {ServerError} EBB_SERVER_BAD_REQUEST for a time that is over, or later than seven days after the incident's end
 */
export async function setReview(database: Database, incidentId: number, told: NewReview, by: Setter): Promise<void> {
  await inReview(database, incidentId, async ({ db, incident, before }) => {
    const latestMs = (incident.resolved_ms ?? by.nowMs) + reviewWithinMs;
    if (told.startsMs < by.nowMs) throw bad(`${clock.time(told.startsMs, true)} is over`);
    if (told.startsMs > Math.max(latestMs, by.nowMs))
      throw bad(`the review is within seven days: until ${clock.time(latestMs, true)}`);
    const invited = invitedTo(before);
    const attendees = told.attendees ?? invited;
    const gone = without(invited, attendees);
    const sequence = before === undefined ? 0 : before.sequence + 1;
    const uninvited = await takenOff(db, incident, before, gone, sequence);
    for (const address of Object.keys(uninvited))
      if (without([address], attendees).length === 0) Reflect.deleteProperty(uninvited, address);
    await write(db, {
      ...{ incident_id: incidentId, starts_ms: told.startsMs, minutes: told.minutes, sequence, dropped_why: null },
      ...{ attendees: JSON.stringify(attendees), uninvited: JSON.stringify(uninvited) },
      ...{ changed_ms: by.nowMs, changed_by: by.name },
    });
    if (attendees.length > 0)
      await writeLetter(db, {
        key: reviewKey.write({ incidentId, openedMs: incident.opened_ms, sequence }),
        ...{ kind: 'invitation', about: aboutReview(incidentId), nowMs: by.nowMs },
      });
    await writeCancellation(db, incident, { uninvited, sequence, nowMs: by.nowMs });
    const less = gone.length === 0 ? '' : `; taken off: ${gone.join(', ')}`;
    await say(
      db,
      incidentId,
      `the review is at ${clock.time(told.startsMs, true)}, ${told.minutes} minutes${less}`,
      by,
    );
  });
}

/**
 * Says that people do not meet. Those who were invited get a mail, and it is not set again by itself.
 *
 * @throws {ServerError} EBB_SERVER_NOT_FOUND where none is set, EBB_SERVER_CONFLICT where it is dropped already, or over
 */
export async function dropReview(database: Database, incidentId: number, why: string, by: Setter): Promise<void> {
  await inReview(database, incidentId, async ({ db, incident, before }) => {
    if (before === undefined) throw new ServerError('EBB_SERVER_NOT_FOUND', `incident ${incidentId} has no review yet`);
    const { starts_ms: startsMs, dropped_why: droppedWhy } = before;
    if (droppedWhy !== null) throw conflict(`the review of incident ${incidentId} is dropped already: ${droppedWhy}`);
    if (startsMs < by.nowMs)
      throw conflict(`the review of incident ${incidentId} was at ${clock.time(startsMs, true)}: it is over`);
    const sequence = before.sequence + 1;
    const uninvited = await takenOff(db, incident, before, invitedTo(before), sequence);
    await write(db, {
      ...{ ...before, sequence, dropped_why: why, uninvited: JSON.stringify(uninvited) },
      ...{ changed_ms: by.nowMs, changed_by: by.name },
    });
    await writeCancellation(db, incident, { uninvited, sequence, nowMs: by.nowMs });
    await say(db, incidentId, `the review at ${clock.time(startsMs, true)} is dropped: ${why}`, by);
  });
}

/** In a transaction in which nobody else sets the review. */
async function inReview(
  { engine, query }: Database,
  incidentId: number,
  work: (moment: Moment) => Promise<void>,
): Promise<void> {
  await query.transaction().execute(async (db) => {
    const select = db.selectFrom('incidents').select(['id', 'opened_ms', 'resolved_ms']).where('id', '=', incidentId);
    const incident = await (engine === 'postgres' ? select.forUpdate() : select).executeTakeFirst();
    if (incident === undefined) throw new ServerError('EBB_SERVER_NOT_FOUND', `there is no incident ${incidentId}`);
    const before = await db.selectFrom('reviews').selectAll().where('incident_id', '=', incidentId).executeTakeFirst();
    await work({ db, incident, before });
  });
}

/**
 * Those who are not invited any more, with those who are so from now on. Where no invitation was ever tried to be sent,
 * there is nothing to take back.
 */
async function takenOff(
  db: Transaction<Schema>,
  { id }: Moment['incident'],
  before: ReviewRow | undefined,
  gone: readonly string[],
  sequence: number,
): Promise<Uninvited> {
  if (before === undefined) return {};
  const uninvited = JSON.parse(before.uninvited) as Uninvited;
  if (gone.length === 0 || !(await wasSent(db, id))) return uninvited;
  const was = { sequence, startsMs: before.starts_ms, minutes: before.minutes };
  return { ...uninvited, ...Object.fromEntries(gone.map((address) => [address, was])) };
}

/** Whether an invitation may have left: one that is being sent counts, as does one that a server took before it died. */
async function wasSent(db: Transaction<Schema>, incidentId: number): Promise<boolean> {
  const sent = await db
    .selectFrom('deliveries')
    .select('id')
    .where('group_key', '=', aboutReview(incidentId))
    .where('kind', '=', 'invitation')
    .where((where) =>
      where.or([where('attempts', '>', 0), where.and([where('lease_by', '!=', ''), where('state', '=', 'waiting')])]),
    )
    .limit(1)
    .executeTakeFirst();
  return sent !== undefined;
}

async function write(db: Transaction<Schema>, row: ReviewRow): Promise<void> {
  const { incident_id: _, ...values } = row;
  await db
    .insertInto('reviews')
    .values(row)
    .onConflict((conflicting) => conflicting.column('incident_id').doUpdateSet(values))
    .execute();
}

async function writeCancellation(
  db: Transaction<Schema>,
  { id, opened_ms: openedMs }: Moment['incident'],
  { uninvited, sequence, nowMs }: { uninvited: Uninvited; sequence: number; nowMs: number },
): Promise<void> {
  if (!Object.values(uninvited).some((one) => one.sequence === sequence)) return;
  const key = cancellationKey.write({ incidentId: id, openedMs, sequence });
  await writeLetter(db, { key, kind: 'cancellation', about: aboutReview(id), nowMs });
}

async function say(db: Transaction<Schema>, incidentId: number, text: string, by: Setter): Promise<void> {
  const actor = by.isPerson ? by.name : null;
  await appendEvent(db, incidentId, { timeMs: by.nowMs, kind: 'review', text, actor });
}

function invitedTo(review: ReviewRow | undefined): string[] {
  return review === undefined || review.dropped_why !== null ? [] : (JSON.parse(review.attendees) as string[]);
}

/** Addresses are one in any case of letters. */
function without(all: readonly string[], others: readonly string[]): string[] {
  const taken = new Set(others.map((address) => address.toLowerCase()));
  return all.filter((address) => !taken.has(address.toLowerCase()));
}

/** Letters about one review go in their order. */
function aboutReview(incidentId: number): string {
  return `review ${incidentId}`;
}

function bad(message: string): ServerError {
  return new ServerError('EBB_SERVER_BAD_REQUEST', message);
}

function conflict(message: string): ServerError {
  return new ServerError('EBB_SERVER_CONFLICT', message);
}
