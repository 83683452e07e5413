/** One attempt of one delivery: what it says now, whether it is muted by now, and what became of it. */
import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../../store/database.ts';
import type { Schema } from '../../store/schema.ts';
import { failed, type Answer } from '../channels/answer.ts';
import type { Letter } from '../channels/letter.ts';
import type { AlertMessage, IncidentNews } from '../channels/message.ts';
import type { AlertRules, Receiver } from '../rules/rules.ts';
import type { Muting } from '../silences/muting.ts';
import type { OpenIncidents } from '../silences/open-incidents.ts';
import { appendEvent } from '../../store/incident-events.ts';
import { backoffMs } from './backoff.ts';
import { isLetter, type LetterDelivery, type LetterDesk } from './letter-desk.ts';
import type { Next, PageDesk, Told } from './page-desk.ts';
import type { DeliveryRow, NoticeRow } from './tables.ts';

/** A message that nobody took for so long is given up. */
const longestMs = 24 * 3_600_000;
/** One that a receiver refuses for what is in it, after so many attempts. */
const mostRefusals = 5;
/** A page that a way does not take after so many attempts goes by the next one: somebody has to hear of it soon. */
const mostPageAttempts = 3;

/** What an attempt needs. */
export interface AttemptOptions {
  database: Database;
  rules: () => AlertRules;
  incidents: OpenIncidents;
  pages: PageDesk;
  letters: LetterDesk;
  mutingAt: (db: Kysely<Schema>, nowMs: number) => Promise<Muting>;
  send: (receiver: Receiver, message: AlertMessage) => Promise<Answer>;
  post: (letter: Letter, key: string) => Promise<Answer>;
  now: () => number;
  random: () => number;
}

/** Tries to send a delivery that the caller holds. Returns what the receiver answered; null when nothing was sent. */
export async function attempt(delivery: DeliveryRow, options: AttemptOptions): Promise<Answer | null> {
  if (isLetter(delivery)) return await attemptLetter(delivery, options);
  const { database, now, rules, pages, send } = options;
  const { news, muted } = await newsOf(delivery, options);
  const startMs = now();
  if (news.length === 0 || muted !== null) {
    await database.query.transaction().execute(async (db) => await mute(db, delivery, muted, options));
    return null;
  }
  const receiver = rules().receivers.get(delivery.receiver) ?? pages.receiver(delivery.receiver);
  const message = { key: delivery.key, receiver: delivery.receiver, sentMs: startMs, incidents: news };
  const answer =
    receiver === undefined ? failed('the rules have no such receiver any more') : await send(receiver, message);
  const next = receiver === undefined ? 'give up' : nextOf(delivery, answer, now());
  await database.query.transaction().execute(async (db) => {
    await log(db, delivery, answer, startMs);
    await settle(db, delivery, answer, next, options);
  });
  return answer;
}

async function attemptLetter(delivery: LetterDelivery, options: AttemptOptions): Promise<Answer | null> {
  const { database, letters, post, now } = options;
  const startMs = now();
  const letter = await letters.letterOf(database.query, delivery);
  if (letter === null) {
    await database.query.transaction().execute(async (db) => {
      await letters.dropped(db, delivery, now());
      await mute(db, delivery, null, options);
    });
    return null;
  }
  const answer = await post(letter, delivery.key);
  const next = nextOf(delivery, answer, now());
  await database.query.transaction().execute(async (db) => {
    await log(db, delivery, answer, startMs);
    const told = await settleDelivery(db, delivery, answer, next, options);
    if (told !== null) await letters.settled(db, delivery, { ...told, letter, answer, next });
  });
  return answer;
}

async function log(db: Transaction<Schema>, { id }: DeliveryRow, answer: Answer, timeMs: number): Promise<void> {
  const { ok, status, detail } = answer;
  await db
    .insertInto('delivery_attempts')
    .values({ delivery_id: id, time_ms: timeMs, ok: Number(ok), status, detail })
    .execute();
}

/** What a delivery has to tell, as it is now. */
async function newsOf(
  delivery: DeliveryRow,
  { database, rules, incidents, pages, mutingAt, now }: AttemptOptions,
): Promise<Told> {
  if (delivery.kind === 'test') return { news: [testNews(now())], muted: null };
  const { query } = database;
  if (delivery.page_id !== null)
    return await pages.newsOf(query, delivery, { incidents, muting: await mutingAt(query, now()), nowMs: now() });
  const rows = await query
    .selectFrom('notices')
    .innerJoin('incidents', 'incidents.id', 'notices.incident_id')
    .innerJoin('services', 'services.id', 'incidents.service_id')
    .selectAll('notices')
    .select(['opened_ms', 'resolved_ms', 'cause', 'name', 'namespace', 'environment'])
    .where('delivery_id', '=', delivery.id)
    .orderBy('notices.id')
    .execute();
  const muting = await mutingAt(query, now());
  const { url } = rules();
  // The last word on an incident counts.
  const news = new Map<number, IncidentNews>();
  let muted: string | null = null;
  let isMuted = true;
  for (const row of rows) {
    const { service, namespace, environment, labels } = incidents.subjectOf(row);
    news.set(row.incident_id, {
      id: row.incident_id,
      change: row.kind,
      level: row.level,
      cause: row.cause,
      summary: row.summary,
      openedMs: row.opened_ms,
      resolvedMs: row.kind === 'resolved' ? (row.resolved_ms ?? row.created_ms) : null,
      service,
      namespace,
      environment,
      labels,
      link: url === null ? null : `${url}/incidents/${row.incident_id}`,
    });
    const why = row.kind === 'resolved' ? null : muting.of(row.incident_id, incidents.subjectOf(row));
    if (why === null) isMuted = false;
    else muted = why;
  }
  return { news: [...news.values()], muted: isMuted ? muted : null };
}

function testNews(nowMs: number): IncidentNews {
  return {
    id: 0,
    change: 'test',
    level: 'notice',
    cause: 'memory',
    summary: 'this is a test of Ebb; nothing is wrong',
    openedMs: nowMs,
    resolvedMs: null,
    service: 'ebb-test',
    namespace: '',
    environment: '',
    labels: {},
    link: null,
  };
}

function nextOf({ kind, attempts, created_ms: createdMs }: DeliveryRow, answer: Answer, nowMs: number): Next {
  if (answer.ok) return 'done';
  if (kind === 'page') return answer.isRefusal || attempts + 1 >= mostPageAttempts ? 'give up' : 'again';
  const isHopeless = answer.isRefusal && attempts + 1 >= mostRefusals;
  return kind === 'test' || isHopeless || nowMs - createdMs >= longestMs ? 'give up' : 'again';
}

/** Writes down what becomes of a delivery. Returns how often it was tried; null where it is somebody else's by now. */
async function settleDelivery(
  db: Transaction<Schema>,
  delivery: DeliveryRow,
  answer: Answer,
  next: Next,
  { now, random }: AttemptOptions,
): Promise<{ attempts: number; nowMs: number } | null> {
  const nowMs = now();
  const attempts = delivery.attempts + 1;
  const isOver = next !== 'again';
  const { numUpdatedRows } = await db
    .updateTable('deliveries')
    .set({
      attempts,
      lease_until_ms: 0,
      next_ms: isOver ? nowMs : nowMs + backoffMs(attempts, answer.retryAfterMs, random),
      ...(isOver ? { state: next === 'done' ? ('done' as const) : ('failed' as const) } : {}),
    })
    .where('id', '=', delivery.id)
    .where('state', '=', 'waiting')
    // Whoever was slower than its lease has lost it: the other one settles.
    .where('lease_by', '=', delivery.lease_by)
    .executeTakeFirst();
  return numUpdatedRows === 0n ? null : { attempts, nowMs };
}

async function settle(
  db: Transaction<Schema>,
  delivery: DeliveryRow,
  answer: Answer,
  next: Next,
  options: AttemptOptions,
): Promise<void> {
  const told = await settleDelivery(db, delivery, answer, next, options);
  if (told === null) return;
  const { attempts, nowMs } = told;
  const isOver = next !== 'again';
  if (delivery.page_id !== null) {
    await options.pages.settled(db, delivery, { answer, next, attempts, nowMs });
    return;
  }
  const notices = db.updateTable('notices').where('delivery_id', '=', delivery.id);
  const rows = isOver
    ? await notices
        .set({ state: next === 'done' ? 'told' : 'failed' })
        .returning(['incident_id', 'kind'])
        .execute()
    : await db.selectFrom('notices').select(['incident_id', 'kind']).where('delivery_id', '=', delivery.id).execute();
  const text = textFor(delivery.receiver, answer, next, attempts);
  if (text === null) return;
  const kind = next === 'done' ? ('notified' as const) : ('not-notified' as const);
  for (const incidentId of new Set(rows.map((row) => row.incident_id))) {
    const changes = rows.filter((row) => row.incident_id === incidentId).map((row) => row.kind);
    await appendEvent(db, incidentId, { timeMs: nowMs, kind, text: `${text} (${changes.join(', ')})` });
  }
}

/** What the timeline says: that somebody was told, that it failed for the first time, and that it was given up. */
function textFor(receiver: string, answer: Answer, next: Next, attempts: number): string | null {
  if (next === 'done') return `${receiver} was told${attempts === 1 ? '' : `, at attempt ${attempts}`}`;
  if (next !== 'again') return `${receiver} was not told, and is given up after ${attempts} attempts: ${answer.detail}`;
  return attempts === 1 ? `${receiver} could not be told, and is tried again: ${answer.detail}` : null;
}

async function mute(
  db: Transaction<Schema>,
  delivery: DeliveryRow,
  why: string | null,
  { pages, now }: AttemptOptions,
): Promise<void> {
  const nowMs = now();
  if (delivery.page_id !== null) await pages.dropped(db, delivery);
  await db
    .updateTable('deliveries')
    .set({ state: 'muted', lease_until_ms: 0 })
    .where('id', '=', delivery.id)
    .where('lease_by', '=', delivery.lease_by)
    .execute();
  const rows: Pick<NoticeRow, 'incident_id'>[] = await db
    .updateTable('notices')
    .set({ state: 'muted' })
    .where('delivery_id', '=', delivery.id)
    .returning('incident_id')
    .execute();
  for (const incidentId of new Set(rows.map((row) => row.incident_id))) {
    const text = `${delivery.receiver} is not told: ${why ?? 'there is nothing to tell any more'}`;
    await appendEvent(db, incidentId, { timeMs: nowMs, kind: 'silenced', text });
  }
}
