/** Letters: the invitation to a review, what takes it back, and the reminder of an action item. Written when they are sent. */
import type { Kysely, Transaction } from 'kysely';
import type { Letter } from '../../alerts/channels/letter.ts';
import type { LetterDelivery, LetterDesk } from '../../alerts/outbox/letter-desk.ts';
import { nameOf } from '../../alerts/channels/message.ts';
import type { MailServer, OnCallPlan } from '../../oncall/plan/plan.ts';
import { Clock } from '../../incident/zone.ts';
import { appendEvent } from '../../store/incident-events.ts';
import type { Schema } from '../../store/schema.ts';
import type { Invitation } from '../invitation.ts';
import type { ReviewRow, Uninvited } from '../tables.ts';
import { cancellationKey, itemKey, reviewKey } from './letter-key.ts';
import { addressesOf, addressIn } from './addresses.ts';

/** What writing them needs. */
export interface LettersOptions {
  plan: () => OnCallPlan;
  /** Where people reach the server, without a slash at the end; null where nobody said. */
  baseUrl: () => string | null;
}

type ReviewTold = ReviewRow & {
  opened_ms: number;
  summary: string;
  service: string;
  namespace: string;
  environment: string;
};

const keys = { invitation: reviewKey, cancellation: cancellationKey, 'item-reminder': itemKey };
const whats: Readonly<Record<LetterDelivery['kind'], string>> = {
  invitation: 'the invitation to the review',
  cancellation: 'that they are not invited to the review any more',
  'item-reminder': 'the reminder of an action item',
};

/** Writes letters. */
export class Letters implements LetterDesk {
  readonly #options: LettersOptions;

  constructor(options: LettersOptions) {
    this.#options = options;
  }

  /** As it is now: who moved a review meanwhile has written another one, and an item that is closed needs none. */
  async letterOf(db: Kysely<Schema>, { kind, key }: LetterDelivery): Promise<Letter | null> {
    const { mail } = this.#options.plan();
    if (mail === null) return null;
    if (kind === 'item-reminder') return await this.#reminder(db, key, mail);
    const { incidentId, sequence } = keys[kind].read(key) ?? { incidentId: 0, sequence: 0 };
    const row = await this.#review(db, incidentId);
    if (row === undefined) return null;
    return kind === 'invitation'
      ? await this.#invitation(row, sequence, mail)
      : await this.#cancellation(row, sequence, mail);
  }

  /** The timeline says what can be known: whether the mail server took it, and not whether somebody read it. */
  async settled(
    db: Transaction<Schema>,
    { kind, key }: LetterDelivery,
    { letter, answer, next, attempts, nowMs }: Parameters<LetterDesk['settled']>[2],
  ): Promise<void> {
    if (next === 'again' && attempts > 1) return;
    const incidentId = keys[kind].read(key)?.incidentId;
    if (incidentId === undefined) return;
    const what = whats[kind];
    const to = letter.to.join(', ');
    const became =
      next === 'done'
        ? `${what} was mailed to ${to}; the mail server took it: ${answer.detail}`
        : next === 'again'
          ? `${what} could not be mailed to ${to}, and is tried again: ${answer.detail}`
          : `${what} was not mailed to ${to}, and is given up after ${attempts} attempts: ${answer.detail}`;
    const done = kind === 'item-reminder' ? ('action-item' as const) : ('review' as const);
    await appendEvent(db, incidentId, { timeMs: nowMs, kind: next === 'done' ? done : 'not-notified', text: became });
  }

  /** Where no mail can be sent, the timeline says so; the page has the invitation all the same. */
  async dropped(db: Transaction<Schema>, { kind, key }: LetterDelivery, nowMs: number): Promise<void> {
    const incidentId = kind === 'item-reminder' ? undefined : keys[kind].read(key)?.incidentId;
    if (this.#options.plan().mail !== null || incidentId === undefined) return;
    const what =
      kind === 'cancellation'
        ? 'hears by mail that they are not invited to the review any more'
        : 'is invited to the review by mail';
    const text = `nobody ${what}: the on-call plan names no mail server`;
    await appendEvent(db, incidentId, { timeMs: nowMs, kind: 'not-notified', text });
  }

  /** Who moved it meanwhile has written another one. */
  async #invitation(row: ReviewTold, sequence: number, { server, from }: MailServer): Promise<Letter | null> {
    const { starts_ms: startsMs, minutes, summary } = row;
    const attendees = JSON.parse(row.attendees) as string[];
    if (row.sequence !== sequence || row.dropped_why !== null || attendees.length === 0) return null;
    const told = this.#told(row, { startsMs, minutes, attendees, sequence, from });
    // Loaded here: who invites nobody does without the library.
    const { invitationOf } = await import('../invitation.ts');
    return {
      ...{ server, from, to: attendees },
      subject: `Review: ${told.title}`,
      text: `${new Clock([]).time(startsMs, true)}, ${minutes} minutes.\n\n${summary}\n${linkLine(told.link)}`,
      invitation: { method: 'REQUEST', text: invitationOf(told) },
    };
  }

  /** To those whom a change of the review took off and no later one invites again. */
  async #cancellation(row: ReviewTold, sequence: number, { server, from }: MailServer): Promise<Letter | null> {
    const uninvited = Object.entries(JSON.parse(row.uninvited) as Uninvited);
    const gone = uninvited.filter(([, one]) => one.sequence === sequence);
    const [first] = gone;
    if (first === undefined) return null;
    const [, { startsMs, minutes }] = first;
    const to = gone.map(([address]) => address);
    const told = this.#told(row, { startsMs, minutes, attendees: to, sequence, from });
    const isDropped = row.dropped_why !== null && row.sequence === sequence;
    const when = new Clock([]).time(startsMs, true);
    const why = isDropped ? `The review at ${when} is dropped: ${row.dropped_why}.` : '';
    const { cancellationOf } = await import('../invitation.ts');
    return {
      ...{ server, from, to },
      subject: `${isDropped ? 'Dropped' : 'Not invited any more'}: Review: ${told.title}`,
      text: `${why || `You are not invited any more to the review that was to be at ${when}.`}\n${linkLine(told.link)}`,
      invitation: { method: 'CANCEL', text: cancellationOf(told, { isDropped }) },
    };
  }

  async #review(db: Kysely<Schema>, incidentId: number): Promise<ReviewTold | undefined> {
    return await db
      .selectFrom('reviews')
      .innerJoin('incidents', 'incidents.id', 'reviews.incident_id')
      .innerJoin('services', 'services.id', 'incidents.service_id')
      .selectAll('reviews')
      .select(['opened_ms', 'incidents.summary', 'services.name as service', 'namespace', 'environment'])
      .where('reviews.incident_id', '=', incidentId)
      .executeTakeFirst();
  }

  #told(
    row: ReviewTold,
    told: Pick<Invitation, 'startsMs' | 'minutes' | 'attendees' | 'sequence'> & { from: string },
  ): Invitation {
    const { incident_id: incidentId, opened_ms: openedMs, changed_ms: changedMs } = row;
    const { from, ...when } = told;
    const title = `Postmortem: ${nameOf(row)}, ${dayOf(openedMs)}, incident ${incidentId}`;
    const link = this.#link(`/incidents/${incidentId}/postmortem`);
    return { incidentId, openedMs, title, ...when, organizer: addressIn(from), changedMs, link };
  }

  async #reminder(db: Kysely<Schema>, key: string, { server, from }: MailServer): Promise<Letter | null> {
    const told = itemKey.read(key);
    if (told === null) return null;
    const item = await db
      .selectFrom('action_items')
      .selectAll()
      .where('id', '=', told.itemId)
      .where('state', '=', 'open')
      .executeTakeFirst();
    const to = item === undefined ? [] : addressesOf(this.#options.plan(), item.owner);
    if (item === undefined || to.length === 0) return null;
    const link = this.#link(`/incidents/${item.incident_id}/postmortem`);
    const lines = [
      `${item.title} (${item.kind}), after incident ${item.incident_id}, is yours until ${dayOf(item.due_ms)}.`,
      ...(item.fingerprint === null ? [] : [`It closes by a proof that the leak ${item.fingerprint} is caught:`]),
      ...(item.fingerprint === null ? [] : [`  ebb postmortem prove ${item.id} FILE`]),
      ...(item.tracker_url === null ? [] : [item.tracker_url]),
      ...(link === null ? [] : [link]),
    ];
    const subject = `Action item ${item.id}, until ${dayOf(item.due_ms)}: ${item.title}`;
    return { server, from, to, subject, text: `${lines.join('\n')}\n`, invitation: null };
  }

  #link(path: string): string | null {
    const base = this.#options.baseUrl();
    return base === null ? null : base + path;
  }
}

function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

function linkLine(link: string | null): string {
  return link === null ? '' : `\nThe postmortem: ${link}\n`;
}
