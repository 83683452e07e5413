/** Letters: the invitation to a review, and the reminder to whoever has an action item. Written when they are sent. */
import type { Kysely, Transaction } from 'kysely';
import type { Letter } from '../../alerts/channels/letter.ts';
import type { LetterDelivery, LetterDesk } from '../../alerts/outbox/letter-desk.ts';
import { nameOf } from '../../alerts/channels/message.ts';
import type { MailServer, OnCallPlan } from '../../oncall/plan/plan.ts';
import { Clock } from '../../incident/zone.ts';
import { appendEvent } from '../../store/incident-events.ts';
import type { Schema } from '../../store/schema.ts';
import { itemKey, reviewKey } from './letter-key.ts';
import { addressesOf, addressIn } from './addresses.ts';

/** What writing them needs. */
export interface LettersOptions {
  plan: () => OnCallPlan;
  /** Where people reach the server, without a slash at the end; null where nobody said. */
  baseUrl: () => string | null;
}

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
    return kind === 'invitation' ? await this.#invitation(db, key, mail) : await this.#reminder(db, key, mail);
  }

  /** The timeline says what can be known: whether the mail server took it, and not whether somebody read it. */
  async settled(
    db: Transaction<Schema>,
    { kind, key }: LetterDelivery,
    { letter, answer, next, attempts, nowMs }: Parameters<LetterDesk['settled']>[2],
  ): Promise<void> {
    if (next === 'again' && attempts > 1) return;
    const incidentId = (kind === 'invitation' ? reviewKey : itemKey).read(key)?.incidentId;
    if (incidentId === undefined) return;
    const what = kind === 'invitation' ? 'the invitation to the review' : 'the reminder of an action item';
    const to = letter.to.join(', ');
    const became =
      next === 'done'
        ? `${what} was mailed to ${to}; the mail server took it: ${answer.detail}`
        : next === 'again'
          ? `${what} could not be mailed to ${to}, and is tried again: ${answer.detail}`
          : `${what} was not mailed to ${to}, and is given up after ${attempts} attempts: ${answer.detail}`;
    const done = kind === 'invitation' ? ('review' as const) : ('action-item' as const);
    await appendEvent(db, incidentId, { timeMs: nowMs, kind: next === 'done' ? done : 'not-notified', text: became });
  }

  /** Where no mail can be sent, the timeline says so; the page has the invitation all the same. */
  async dropped(db: Transaction<Schema>, { kind, key }: LetterDelivery, nowMs: number): Promise<void> {
    const incidentId = kind === 'invitation' ? reviewKey.read(key)?.incidentId : undefined;
    if (this.#options.plan().mail !== null || incidentId === undefined) return;
    const text = 'nobody is invited to the review by mail: the on-call plan names no mail server';
    await appendEvent(db, incidentId, { timeMs: nowMs, kind: 'not-notified', text });
  }

  async #invitation(db: Kysely<Schema>, key: string, { server, from }: MailServer): Promise<Letter | null> {
    const told = reviewKey.read(key);
    if (told === null) return null;
    const { incidentId, sequence } = told;
    const row = await db
      .selectFrom('reviews')
      .innerJoin('incidents', 'incidents.id', 'reviews.incident_id')
      .innerJoin('services', 'services.id', 'incidents.service_id')
      .select(['starts_ms', 'minutes', 'attendees', 'sequence', 'changed_ms', 'opened_ms', 'incidents.summary'])
      .select(['services.name as service', 'namespace', 'environment'])
      .where('reviews.incident_id', '=', incidentId)
      .executeTakeFirst();
    const attendees = row === undefined ? [] : (JSON.parse(row.attendees) as string[]);
    if (row === undefined || row.sequence !== sequence || attendees.length === 0) return null;
    const title = `Postmortem: ${nameOf(row)}, ${dayOf(row.opened_ms)}, incident ${incidentId}`;
    const link = this.#link(`/incidents/${incidentId}/postmortem`);
    // Loaded here: who invites nobody does without the library.
    const { invitationOf } = await import('../invitation.ts');
    const text = invitationOf({
      ...{ incidentId, title, startsMs: row.starts_ms, minutes: row.minutes, attendees, sequence },
      ...{ organizer: addressIn(from), changedMs: row.changed_ms, link },
    });
    const when = new Clock([]).time(row.starts_ms, true);
    return {
      ...{ server, from, to: attendees },
      subject: `Review: ${title}`,
      text: `${when}, ${row.minutes} minutes.\n\n${row.summary}\n${link === null ? '' : `\nThe postmortem: ${link}\n`}`,
      invitation: { method: 'REQUEST', text },
    };
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
