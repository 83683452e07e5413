/** What people do in PagerDuty, done here: each event once, and on the timeline with who did it. */
import { ServerError } from '../../errors/server-error.ts';
import type { IncidentDesk } from '../../incident/desk.ts';
import type { IncidentEventKind } from '../../incident/event-kind.ts';
import type { MeasuredState } from '../../incident/measured-state.ts';
import type { PagerDutyEvent } from '../../ingest/pagerduty.ts';
import type { Database } from '../../store/database.ts';
import { appendEvent, refsOf } from '../../store/incident-events.ts';
import type { Responders } from '../escalation/respond.ts';
import type { OnCallPlan } from '../plan/plan.ts';

/** What taking an event needs. */
export interface PagerDutyOptions {
  database: Database;
  responders: Responders;
  desk: IncidentDesk;
  plan: () => OnCallPlan;
  /** How an incident's service stands now. */
  measure: (incident: { serviceId: number; openedMs: number }) => Promise<MeasuredState>;
  now: () => number;
}

/** What became of an event. */
export interface TakenEvent {
  /** Whether it is about an incident of this server. */
  taken: boolean;
  /** False for what was told before. */
  isNew: boolean;
}

const where = ' in PagerDuty';

/** Does what somebody did there. The same event again changes nothing. */
export async function takePagerDuty(event: PagerDutyEvent, options: PagerDutyOptions): Promise<TakenEvent> {
  const { incidentId, openedMs, id } = event;
  const { query } = options.database;
  const incident = await query
    .selectFrom('incidents')
    .select(['service_id', 'resolved_ms'])
    .where('id', '=', incidentId)
    .where('opened_ms', '=', openedMs)
    .executeTakeFirst();
  if (incident === undefined) return { taken: false, isNew: false };
  const ref = `pagerduty ${id}`;
  const isKnown = async (): Promise<boolean> => (await refsOf(query, incidentId)).includes(ref);
  if (await isKnown()) return { taken: true, isNew: false };
  const by = personOf(options.plan(), event.by) ?? event.by;
  try {
    if (incident.resolved_ms === null)
      await takers[event.what]({ event, by, ref, serviceId: incident.service_id }, options);
    else await tellLate({ event, by, ref }, options);
  } catch (error) {
    if (!(error instanceof ServerError) || error.code !== 'EBB_SERVER_CONFLICT') throw error;
    // Somebody was faster: with the same event, or by resolving it.
    if (await isKnown()) return { taken: true, isNew: false };
    await tellLate({ event, by, ref }, options);
  }
  return { taken: true, isNew: true };
}

interface Taking {
  event: PagerDutyEvent;
  by: string;
  ref: string;
}
type Taker = (taking: Taking & { serviceId: number }, options: PagerDutyOptions) => Promise<void>;

const takers: Readonly<Record<PagerDutyEvent['what'], Taker>> = {
  acknowledged: async ({ event, by, ref }, options) => {
    await options.responders.acknowledge(event.incidentId, { by, how: where, ref });
  },
  reassigned: async ({ event, by, ref }, options) => {
    const { incidentId, assignees } = event;
    const people = assignees.map((name) => personOf(options.plan(), name) ?? null);
    const known = people.filter((name) => name !== null);
    if (known.length > 0) {
      const to = known.map((name) => ({ kind: 'person' as const, name }));
      await options.responders.reassign(incidentId, { by: `${by}${where}`, to, ref });
      return;
    }
    const who = assignees.length === 0 ? 'nobody' : assignees.join(', ');
    const text = `to ${who} by ${by}${where}; the on-call plan has nobody of that name, so that nobody else is paged here`;
    await say(options, event, { kind: 'reassigned', text, ref });
  },
  // Whether it is over is measured, and not believed.
  resolved: async ({ event, by, ref, serviceId }, options) => {
    const { incidentId, openedMs } = event;
    const state = await options.measure({ serviceId, openedMs });
    if (state.isRecovered) {
      await options.desk.resolve(
        incidentId,
        { state, reason: 'resolved in PagerDuty' },
        { name: by, nowMs: options.now() },
      );
      return;
    }
    const text = `resolved${where}; it stays open here, as it has not recovered: ${state.sentence}`;
    await say(options, event, { kind: 'note', text, ref, actor: by });
  },
};

/** That it is resolved here already is told; that it was resolved there, too, is no news. */
async function tellLate({ event, by, ref }: Taking, options: PagerDutyOptions): Promise<void> {
  if (event.what === 'resolved') return;
  const text = event.what === 'acknowledged' ? `by ${by}` : `to ${event.assignees.join(', ') || 'nobody'} by ${by}`;
  await say(options, event, { kind: event.what, text: `${text}${where}, when it was resolved already`, ref });
}

async function say(
  { database, now }: PagerDutyOptions,
  { incidentId }: PagerDutyEvent,
  entry: { kind: IncidentEventKind; text: string; ref: string; actor?: string },
): Promise<void> {
  await database.query
    .transaction()
    .execute(async (db) => await appendEvent(db, incidentId, { ...entry, timeMs: now() }));
}

/** Somebody of the plan, by the name that people call them, as the plan calls them. */
function personOf({ people }: OnCallPlan, told: string): string | undefined {
  const name = told.toLowerCase();
  return [...people.values()].find((one) => one.fullName.toLowerCase() === name || one.name.toLowerCase() === name)
    ?.name;
}
