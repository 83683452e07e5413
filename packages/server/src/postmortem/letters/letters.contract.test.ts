// One suite for both databases, against a real SMTP server: invitations to reviews, reminders of action items.
import { beforeEach, describe, expect, test } from 'vitest';
import { Alerting } from '../../alerts/alerting.ts';
import { usualAlertRules } from '../../alerts/rules/rules.ts';
import { emptyPlaces, engines } from '../../fixtures/empty-places.ts';
import { startMailServer, type MailServer } from '../../fixtures/mail-server.ts';
import { readPlanText } from '../../fixtures/oncall-stage.ts';
import type { OnCallPlan } from '../../oncall/plan/plan.ts';
import { openDatabase, type Database } from '../../store/database.ts';
import { FleetReader } from '../../store/fleet-reader.ts';
import { IncidentStore } from '../../store/incidents.ts';
import { RouteReader } from '../../store/route-minutes.ts';
import { Aftermath } from '../aftermath.ts';
import { PostmortemDesk } from '../postmortem-desk.ts';
import { keepAftermath } from '../postmortem-keeper.ts';
import { PostmortemStore } from '../postmortem-store.ts';
import { Letters } from './letters.ts';

const dayMs = 24 * 3_600_000;
const startMs = Date.UTC(2026, 10, 23, 9);

describe.each(engines)('on %s', (engine) => {
  const emptyPlace = emptyPlaces(engine);
  let mail: MailServer;
  let database: Database;
  let alerting: Alerting;
  let aftermath: Aftermath;
  let plan: OnCallPlan;
  let nowMs: number;
  let keep: () => Promise<void>;
  beforeEach(async () => {
    nowMs = startMs;
    mail = await startMailServer();
    database = await openDatabase(emptyPlace());
    const now = (): number => nowMs;
    plan = readPlanText(`
mail: { url: "${mail.url}", from: "Ebb <ebb@example.com>" }
people:
  ada: { name: Ada Lovelace, reach: [{ email: ada@example.com }] }
  linus: { reach: [{ webhook: { url: "http://127.0.0.1:9/" } }] }
`);
    const letters = new Letters({ plan: () => plan, baseUrl: () => 'https://ebb.example' });
    const sending = { environment: {}, timeoutMs: 2000, now, random: () => 1 };
    const onError = (error: unknown): never => {
      throw error instanceof Error ? error : new Error(String(error));
    };
    alerting = new Alerting({ database, rules: usualAlertRules, letters, ...sending, onError });
    const incidents = new IncidentStore(database);
    aftermath = new Aftermath(database, incidents);
    const fleet = new FleetReader(database.query);
    const store = new PostmortemStore(database);
    const routes = new RouteReader(database.query);
    const teamOf = () => ({ name: null, zone: null });
    const sources = { query: database.query, fleet, incidents, routes, now, teamOf, ownersOf: () => [] };
    const postmortems = new PostmortemDesk({ ...sources, store });
    keep = async () => {
      const told = { postmortems, aftermath, incidents, fleet, database, now };
      await keepAftermath({ ...told, rules: () => usualAlertRules, plan: () => plan });
      await alerting.courier.drain();
    };
    const names = { name: 'web', namespace: '', environment: 'production', first_seen_ms: 0 };
    await database.query.insertInto('services').values(names).execute();
    const times = { opened_ms: startMs - 3_600_000, quiet_since_ms: null, resolved_ms: startMs - 600_000 };
    const told = { level: 'page', cause: 'memory', summary: 'web leaks', impact: null } as const;
    const rest = { reopened: 0, held_until_ms: null };
    await database.query
      .insertInto('incidents')
      .values({ service_id: 1, ...times, ...told, ...rest })
      .execute();
    return async () => {
      await mail.close();
      await database.close();
    };
  });

  const timeline = async (): Promise<string[]> =>
    (await new IncidentStore(database).timeline(1)).map(({ kind, text }) => `${kind}: ${text}`);
  /** Of mails with calendars inside, by lines, unfolded. */
  const calendarOf = (text: string): string[] => {
    const [, encoded = ''] = /text\/calendar[^]*?base64\r\n[^]*?\r\n\r\n([A-Za-z0-9+/=\r\n]+)/.exec(text) ?? [];
    const plain = encoded === '' ? text : Buffer.from(encoded.replaceAll(/\s/g, ''), 'base64').toString();
    return plain.replaceAll('=\r\n', '').replaceAll('=3D', '=').replaceAll(/\r\n /g, '').split(/\r\n/);
  };

  test('who took part is invited by mail when the review is set by itself, and again when it is moved', async () => {
    const page = { incident_id: 1, why: 'x', version: 2, created_ms: startMs, state: 'told' } as const;
    await database.query
      .insertInto('pages')
      .values({ ...page, key: 'a', person: 'ada' })
      .execute();
    // No address is known of him: he is not invited by mail.
    await database.query
      .insertInto('pages')
      .values({ ...page, key: 'b', person: 'linus' })
      .execute();
    await keep();
    await keep();
    expect(mail.mails.map(({ to }) => to)).toEqual([['ada@example.com']]);
    const [first] = mail.mails;
    expect(first.text).toContain('Subject: Review: Postmortem: web (production), 2026-11-23, incident 1');
    expect(first.text).toMatch(/^message-id: <ebb-review-1-[a-z0-9]+-0@example\.com>/im);
    const calendar = calendarOf(first.text);
    for (const line of ['METHOD:REQUEST', 'SEQUENCE:0', 'DTSTART:20261124T100000Z', 'DTEND:20261124T110000Z'])
      expect(calendar).toContain(line);
    expect(calendar.some((line) => /^ORGANIZER.*mailto:ebb@example\.com$/i.test(line))).toBe(true);
    expect(calendar.some((line) => /^ATTENDEE.*mailto:ada@example\.com$/i.test(line))).toBe(true);
    const moved = { startsMs: startMs + 2 * dayMs, minutes: 30, attendees: ['ada@example.com', 'eve@example.org'] };
    await aftermath.schedule(1, moved, { name: 'ada', nowMs, isPerson: true });
    await keep();
    expect(mail.mails[1]?.to).toEqual(['ada@example.com', 'eve@example.org']);
    expect(calendarOf(mail.mails[1]?.text ?? '')).toEqual(
      expect.arrayContaining(['SEQUENCE:1', 'DTSTART:20261125T090000Z']),
    );
    expect((await timeline()).filter((line) => line.includes('mailed'))).toEqual([
      expect.stringMatching(
        /^review: the invitation to the review was mailed to ada@example\.com; the mail server took it: 250/,
      ),
      expect.stringMatching(/^review: .* mailed to ada@example\.com, eve@example\.org; the mail server took it: 250/),
    ]);
  });

  test('who is taken off a moved review gets its cancellation, the others the new time', async () => {
    const by = { name: 'ada', nowMs, isPerson: true };
    const at = (days: number, ...attendees: string[]) => ({ startsMs: startMs + days * dayMs, minutes: 60, attendees });
    const uidOf = (text: string): string | undefined => calendarOf(text).find((line) => line.startsWith('UID:'));
    await aftermath.schedule(1, at(1, 'eve@example.org', 'ada@example.com'), by);
    await alerting.courier.drain();
    await aftermath.schedule(1, at(2, 'ADA@example.com', 'bob@example.org'), by);
    await alerting.courier.drain();
    expect(mail.mails.map(({ to }) => to)).toEqual([
      ['eve@example.org', 'ada@example.com'],
      ['ADA@example.com', 'bob@example.org'],
      ['eve@example.org'],
    ]);
    const [first, , last] = mail.mails;
    expect(last?.text).toMatch(/^content-type: text\/calendar; charset=utf-8; method=CANCEL/im);
    expect(last?.text).toContain('Subject: Not invited any more: Review: Postmortem: web (production)');
    const calendar = calendarOf(last?.text ?? '');
    // RFC 5546, 3.2.5: the UID of the request, a higher sequence, who is removed, and no status, as it takes place.
    for (const line of ['METHOD:CANCEL', 'SEQUENCE:1', 'DTSTART:20261124T090000Z']) expect(calendar).toContain(line);
    expect(calendar).toContain(uidOf(first?.text ?? ''));
    expect(calendar.some((line) => line.startsWith('STATUS'))).toBe(false);
    expect(calendar.filter((line) => line.startsWith('ATTENDEE'))).toEqual([
      expect.stringMatching(/mailto:eve@example\.org$/i),
    ]);
    expect(calendar.some((line) => /^ORGANIZER.*mailto:ebb@example\.com$/i.test(line))).toBe(true);
    expect(await timeline()).toEqual(
      expect.arrayContaining([
        'review: the review is at 2026-11-25 09:00 UTC, 60 minutes; taken off: eve@example.org',
        expect.stringMatching(/^review: that they are not invited .* mailed to eve@example\.org; .* took it: 250/),
      ]),
    );
    // Who is not named stays invited.
    await aftermath.schedule(1, { startsMs: startMs + 3 * dayMs, minutes: 60 }, by);
    await alerting.courier.drain();
    expect(mail.mails.slice(3).map(({ to }) => to)).toEqual([['ADA@example.com', 'bob@example.org']]);
  });

  test('who was invited to a review that is dropped gets its cancellation; it is set again only by people', async () => {
    const by = { name: 'ada', nowMs, isPerson: true };
    const told = { startsMs: startMs + dayMs, minutes: 60, attendees: ['eve@example.org', 'ada@example.com'] };
    await aftermath.schedule(1, told, by);
    await alerting.courier.drain();
    await aftermath.dropReview(1, 'nobody has time', by);
    await keep();
    expect(mail.mails.map(({ to }) => to)).toEqual([told.attendees, told.attendees]);
    const text = mail.mails[1]?.text ?? '';
    expect(text).toContain('Subject: Dropped: Review: ');
    expect(text).toContain('The review at 2026-11-24 09:00 UTC is dropped: nobody has time.');
    for (const line of ['METHOD:CANCEL', 'SEQUENCE:1', 'STATUS:CANCELLED']) expect(calendarOf(text)).toContain(line);
    expect(await timeline()).toContain('review: the review at 2026-11-24 09:00 UTC is dropped: nobody has time');
    await expect(aftermath.dropReview(1, 'again', by)).rejects.toMatchObject({ code: 'EBB_SERVER_CONFLICT' });
    // Set again, it is the same event, and those who are named are invited.
    await aftermath.schedule(1, { ...told, attendees: ['eve@example.org'] }, by);
    await keep();
    const again = calendarOf(mail.mails[2]?.text ?? '');
    for (const line of ['METHOD:REQUEST', 'SEQUENCE:2', 'STATUS:CONFIRMED']) expect(again).toContain(line);
    expect(mail.mails).toHaveLength(3);
    await expect(aftermath.dropReview(1, 'late', { ...by, nowMs: startMs + 2 * dayMs })).rejects.toMatchObject({
      code: 'EBB_SERVER_CONFLICT',
    });
  });

  test('who was never invited, or is invited again meanwhile, gets no cancellation', async () => {
    const by = { name: 'ada', nowMs, isPerson: true };
    const at = (...attendees: string[]) => ({ startsMs: startMs + dayMs, minutes: 60, attendees });
    const server = plan.mail?.server ?? { url: '' };
    // Nothing was tried to be sent so far.
    await aftermath.schedule(1, at('eve@example.org', 'ada@example.com'), by);
    await aftermath.schedule(1, at('ada@example.com'), by);
    await alerting.courier.drain();
    expect(mail.mails.map(({ to }) => to)).toEqual([['ada@example.com']]);
    // The mail server is down while somebody is taken off and comes back.
    plan = { ...plan, mail: { server: { url: 'smtp://127.0.0.1:1' }, from: 'ebb@example.com' } };
    await aftermath.schedule(1, at('eve@example.org'), by);
    await alerting.courier.drain();
    await aftermath.schedule(1, at('eve@example.org', 'ada@example.com'), by);
    plan = { ...plan, mail: { server, from: 'ebb@example.com' } };
    nowMs += 3_600_000;
    await alerting.courier.drain();
    expect(mail.mails.slice(1).map(({ to, text }) => [to, /method=(\w+)/.exec(text)?.[1]])).toEqual([
      [['eve@example.org', 'ada@example.com'], 'REQUEST'],
    ]);
  });

  test('a mail server that is down is tried again, and what was moved meanwhile is mailed once, as it is then', async () => {
    const [server] = [plan.mail?.server];
    const at = (days: number) => ({ startsMs: startMs + days * dayMs, minutes: 60, attendees: ['eve@example.org'] });
    plan = { ...plan, mail: { server: { url: 'smtp://127.0.0.1:1' }, from: 'ebb@example.com' } };
    await aftermath.schedule(1, at(1), { name: 'ada', nowMs, isPerson: true });
    await alerting.courier.drain();
    expect(mail.mails).toEqual([]);
    expect(await timeline()).toContainEqual(
      expect.stringMatching(
        /^not-notified: the invitation to the review could not be mailed to eve@example\.org, and is tried again: /,
      ),
    );
    await aftermath.schedule(1, at(2), { name: 'ada', nowMs, isPerson: true });
    plan = { ...plan, mail: { server: server ?? { url: '' }, from: 'ebb@example.com' } };
    nowMs += 3_600_000;
    await alerting.courier.drain();
    expect(mail.mails).toHaveLength(1);
    expect(calendarOf(mail.mails[0].text)).toContain('SEQUENCE:1');
    plan = { ...plan, mail: null };
    await aftermath.schedule(1, at(3), { name: 'ada', nowMs, isPerson: true });
    await alerting.courier.drain();
    expect((await timeline()).at(-1)).toBe(
      'not-notified: nobody is invited to the review by mail: the on-call plan names no mail server',
    );
  });

  test('who has an item hears of it three days before it is due, when it is, and each week; closed, no more', async () => {
    const item = { kind: 'test', title: 'catch it', fingerprint: 'f', trackerUrl: null } as const;
    const dueMs = startMs + 14 * dayMs;
    const by = { name: 'ada', nowMs };
    await aftermath.add(1, { ...item, owner: 'Ada Lovelace', dueMs }, by);
    const id = await aftermath.add(1, { ...item, owner: 'eve@example.org', dueMs }, by);
    await aftermath.add(1, { ...item, owner: 'somebody', dueMs }, by);
    const toldAt = async (days: number): Promise<string[]> => {
      mail.mails.length = 0;
      nowMs = startMs + days * dayMs;
      await keep();
      return mail.mails.map(({ to }) => to.join()).sort();
    };
    expect(await toldAt(10)).toEqual([]);
    expect(await toldAt(11)).toEqual(['ada@example.com', 'eve@example.org']);
    expect(mail.mails[0]?.text).toMatch(/^subject: Action item \d, until 2026-12-07: catch it/im);
    expect(mail.mails[0]?.text).toContain('https://ebb.example/incidents/1/postmortem');
    expect(await toldAt(13)).toEqual([]);
    expect(await toldAt(14)).toEqual(['ada@example.com', 'eve@example.org']);
    expect(await toldAt(20)).toEqual([]);
    await aftermath.drop(id, 'the code is gone', { ...by, nowMs });
    expect(await toldAt(21)).toEqual(['ada@example.com']);
  });
});
