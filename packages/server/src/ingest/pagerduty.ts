/**
 * What people do in PagerDuty, as its V3 webhooks tell it: acknowledged, resolved, reassigned. A body is believed by its
 * HMAC alone (`X-PagerDuty-Signature`, one signature for each secret while one takes another's place); the headers beside
 * it are signed by nobody. Each event has an id, by which it counts once; one that is older than a day is refused.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { ServerError } from '../errors/server-error.ts';
import { storable } from './identity.ts';

/** What somebody did there with the alert of an incident. */
export interface PagerDutyEvent {
  /** The same again is the same event. */
  id: string;
  what: 'acknowledged' | 'resolved' | 'reassigned';
  incidentId: number;
  /** When that incident opened: another database's incidents have other times. */
  openedMs: number;
  timeMs: number;
  /** By their name there. */
  by: string;
  /** Whom it is given to, by their names there. */
  assignees: string[];
}

/** It tries again for some twenty minutes, and may be asked to send a failed one again; what is older is an old body. */
const oldestMs = 24 * 3_600_000;
const mostAheadMs = 10 * 60_000;
const longestName = 100;
const mostAssignees = 10;
const mostSignatures = 10;
const whats: Readonly<Record<string, PagerDutyEvent['what']>> = {
  'incident.acknowledged': 'acknowledged',
  'incident.resolved': 'resolved',
  'incident.reassigned': 'reassigned',
};
/** Of an incident's key: see `incidentKey`, and `pagerKeys` for the number behind. */
const keyForm = /^ebb-incident-(\d{1,15})-([a-z0-9]{1,11})(?:-\d{1,6})?$/;

/**
 * Checks who signed the body.
 *
 * @throws {ServerError} EBB_SERVER_SIGNATURE where it is signed with none of the secrets
 */
export function checkPagerDuty(body: Buffer, header: string | string[] | undefined, secrets: readonly string[]): void {
  const parts = typeof header === 'string' ? header.split(',').slice(0, mostSignatures) : [];
  const told = parts.flatMap((part) => /^v1=([0-9a-f]{64})$/.exec(part.trim())?.[1] ?? []);
  if (told.length === 0)
    throw new ServerError('EBB_SERVER_SIGNATURE', 'there is no signature of version v1 in x-pagerduty-signature');
  const own = secrets.map((secret) => createHmac('sha256', secret).update(body).digest());
  if (!told.some((one) => own.some((mine) => timingSafeEqual(mine, Buffer.from(one, 'hex')))))
    throw new ServerError('EBB_SERVER_SIGNATURE', 'the body is signed with no secret of this server');
}

/**
 * What a webhook tells; null for what is no business of Ebb's: a test, another kind of event, somebody else's incident, or
 * what an integration did and no person, such as Ebb itself.
 *
 * @throws {ServerError} EBB_SERVER_BAD_REQUEST when it is no event, or older than a day
 */
export function readPagerDuty(body: Buffer, nowMs: number): PagerDutyEvent | null {
  let told: unknown;
  try {
    told = JSON.parse(body.toString('utf8'));
  } catch {
    throw bad('the body is no JSON');
  }
  const event = objectIn(objectIn(told)['event']);
  const [id, type] = [textIn(event['id']), textIn(event['event_type'])];
  if (id === '' || type === '') throw bad('the body has no event with an id and a type');
  const what = Object.hasOwn(whats, type) ? whats[type] : undefined;
  if (what === undefined) return null;
  const data = objectIn(event['data']);
  const [, incidentId = '', opened = ''] = keyForm.exec(textIn(data['incident_key'])) ?? [];
  const agent = objectIn(event['agent']);
  if (incidentId === '' || !textIn(agent['type']).startsWith('user')) return null;
  const timeMs = Date.parse(textIn(event['occurred_at']));
  if (Number.isNaN(timeMs)) throw bad('the event has no time');
  if (timeMs < nowMs - oldestMs) throw bad('the event is older than a day: an old message, sent again?');
  if (timeMs > nowMs + mostAheadMs) throw bad('the event is told to be in the future');
  const assignees: unknown[] = Array.isArray(data['assignees']) ? data['assignees'].slice(0, mostAssignees) : [];
  return {
    ...{ id, what, incidentId: Number(incidentId), openedMs: Number.parseInt(opened, 36), timeMs },
    by: nameIn(agent) || 'somebody',
    assignees: assignees.map((one) => nameIn(objectIn(one))).filter((name) => name !== ''),
  };
}

function nameIn(reference: Record<string, unknown>): string {
  return textIn(reference['summary']).slice(0, longestName);
}

function objectIn(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? storable(value.slice(0, 300)).replace(/\s+/g, ' ').trim() : '';
}

function bad(message: string): ServerError {
  return new ServerError('EBB_SERVER_BAD_REQUEST', message);
}
