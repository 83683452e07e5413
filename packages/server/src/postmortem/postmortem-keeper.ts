/** Writes the postmortems that are due, says when their reviews are, and reminds of action items that are due. */
import { writeNotice } from '../alerts/outbox/outbox.ts';
import { oneAtATime } from '../alerts/outbox/one-at-a-time.ts';
import { targetsOf } from '../alerts/rules/routing.ts';
import { rulesFor, type AlertRules } from '../alerts/rules/rules.ts';
import { teamOf } from '../incident/team.ts';
import { Rounds } from '../rounds/rounds.ts';
import type { Database } from '../store/database.ts';
import type { FleetReader } from '../store/fleet-reader.ts';
import type { IncidentStore } from '../store/incidents.ts';
import type { OnCallPlan } from '../oncall/plan/plan.ts';
import type { Aftermath } from './aftermath.ts';
import { addressesOf, partakersOf } from './letters/addresses.ts';
import { itemKey } from './letters/letter-key.ts';
import { writeLetter } from './letters/write-letter.ts';
import type { PostmortemDesk } from './postmortem-desk.ts';
import { usualMinutes, usualReviewMs } from './review.ts';

/** What the keeper works with. */
export interface PostmortemKeeperOptions {
  postmortems: PostmortemDesk;
  aftermath: Aftermath;
  incidents: IncidentStore;
  fleet: FleetReader;
  database: Database;
  rules: () => AlertRules;
  /** Who took part is invited, and who has an item is reminded, by their addresses there. */
  plan: () => OnCallPlan;
  now: () => number;
}

const everyMs = 30_000;
/** What is due and not done is told again after so long. */
const remindEveryMs = 7 * 24 * 3_600_000;
/** Who has an item for more than a week hears of it so long before it is due. */
const soonMs = 3 * 24 * 3_600_000;
const shortMs = 7 * 24 * 3_600_000;
/** They open an incident for each notice, and an action item is none. */
const opensIncidents: readonly string[] = ['pagerduty', 'alertmanager'];

/** Does it every half minute, until it is stopped. */
export function keepPostmortems(options: PostmortemKeeperOptions & { onError: (error: unknown) => void }): Rounds {
  return new Rounds(async () => await keepAftermath(options), { everyMs, onError: options.onError });
}

/** Does it once. */
export async function keepAftermath(options: PostmortemKeeperOptions): Promise<void> {
  const { postmortems, aftermath, incidents, fleet, database, rules, plan, now } = options;
  for (const id of await postmortems.keepDue()) {
    if ((await aftermath.review(id)) !== undefined) continue;
    const incident = await incidents.get(id);
    const service = await fleet.service(incident.service_id);
    const zone = service === undefined ? null : teamOf(rules(), service).zone;
    const nowMs = now();
    const startsMs = usualReviewMs(incident.resolved_ms ?? nowMs, zone);
    // Written late, there is no time left to meet within seven days: whoever reads it says when.
    if (startsMs < nowMs) continue;
    const all = plan();
    const attendees = all.mail === null ? [] : await partakersOf(database.query, all, id);
    const told = { startsMs, minutes: usualMinutes, attendees };
    await aftermath.schedule(id, told, { name: 'ebb', nowMs, isPerson: false });
  }
  await remindOfItems(options);
}

/**
 * One notice an incident and receiver, with all of its items that are due: each is told once a week, whoever does it. Who
 * has an item gets a letter, too, and one before it is due.
 */
async function remindOfItems({ database, rules, plan, now }: PostmortemKeeperOptions): Promise<void> {
  const nowMs = now();
  const all = rules();
  const onCall = plan();
  await oneAtATime(database, async (db) => {
    const found = await db
      .selectFrom('action_items')
      .innerJoin('incidents', 'incidents.id', 'action_items.incident_id')
      .innerJoin('services', 'services.id', 'incidents.service_id')
      .select(['action_items.id', 'incident_id', 'title', 'owner', 'due_ms', 'created_ms', 'reminded_ms'])
      .select(['services.name', 'services.namespace', 'services.environment'])
      .where('state', '=', 'open')
      .where('due_ms', '<=', nowMs + soonMs)
      .where((where) =>
        where.or([
          where('reminded_ms', 'is', null),
          // That it will be due soon was told before it was.
          where.and([where('due_ms', '<=', nowMs), where('reminded_ms', '<', where.ref('due_ms'))]),
          where('reminded_ms', '<=', nowMs - remindEveryMs),
        ]),
      )
      .orderBy('action_items.id')
      .limit(500)
      .execute();
    const told = found.filter((item) => item.due_ms <= nowMs || item.due_ms - item.created_ms > shortMs);
    for (const { id, incident_id: incidentId, owner } of told) {
      if (onCall.mail === null || addressesOf(onCall, owner).length === 0) continue;
      const key = itemKey.write({ incidentId, itemId: id, nowMs });
      await writeLetter(db, { key, kind: 'item-reminder', about: `action-item ${id}`, nowMs });
    }
    const due = told.filter((item) => item.due_ms <= nowMs);
    for (const incidentId of new Set(due.map((item) => item.incident_id))) {
      const items = due.filter((item) => item.incident_id === incidentId);
      const [{ name: service, namespace, environment }] = items;
      const { labels } = rulesFor(all, { service, namespace, environment });
      const subject = { service, namespace, environment, labels, level: 'notice' as const };
      const words = items.map(({ title, owner }) => `${title} (${owner === '' ? 'nobody has it' : owner})`);
      const summary = `${items.length === 1 ? 'an action item is' : `${items.length} action items are`} due after incident ${incidentId}: ${words.join('; ')}`;
      for (const target of targetsOf(all, subject)) {
        if (opensIncidents.includes(all.receivers.get(target.receiver)?.channel.type ?? '')) continue;
        const key = `${incidentId}:${target.receiver}:action-due:${nowMs}`;
        await writeNotice(db, target, { key, incidentId, kind: 'action-due', subject, summary, nowMs });
      }
    }
    const ids = told.map(({ id }) => id);
    if (ids.length > 0)
      await db.updateTable('action_items').set({ reminded_ms: nowMs }).where('id', 'in', ids).execute();
  });
}
