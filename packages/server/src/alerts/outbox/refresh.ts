/**
 * Open alerts are told to Alertmanager again and again, or it takes them for resolved. Nothing of it is written down:
 * the next minute brings the next one, and the same one twice does no harm.
 */
import type { Kysely } from 'kysely';
import type { Database } from '../../store/database.ts';
import type { Schema } from '../../store/schema.ts';
import type { Answer } from '../channels/answer.ts';
import type { AlertMessage, IncidentNews } from '../channels/message.ts';
import { targetsOf } from '../rules/routing.ts';
import type { AlertRules, Receiver } from '../rules/rules.ts';
import type { Muting } from '../silences/muting.ts';
import type { OpenIncidents } from '../silences/open-incidents.ts';

/** What refreshing needs. */
export interface RefreshOptions {
  database: Database;
  rules: () => AlertRules;
  incidents: OpenIncidents;
  mutingAt: (db: Kysely<Schema>, nowMs: number) => Promise<Muting>;
  send: (receiver: Receiver, message: AlertMessage) => Promise<Answer>;
  now: () => number;
}

/** Alerts in a request. */
const mostAtOnce = 500;

/** Tells every Alertmanager what it was told before and what is still open. Returns what went wrong, a line a receiver. */
export async function refresh(options: RefreshOptions): Promise<string[]> {
  const { database, rules, incidents, mutingAt, send, now } = options;
  const all = rules();
  const receivers = [...all.receivers.values()].filter(({ channel }) => channel.type === 'alertmanager');
  if (receivers.length === 0) return [];
  const nowMs = now();
  const { query } = database;
  const open = await incidents.list(query);
  if (open.length === 0) return [];
  const muting = await mutingAt(query, nowMs);
  const told = await query
    .selectFrom('notices')
    .innerJoin('incidents', 'incidents.id', 'notices.incident_id')
    .select(['incident_id', 'receiver', 'opened_ms'])
    .distinct()
    .where('resolved_ms', 'is', null)
    .where('state', '=', 'told')
    .execute();
  const failures: string[] = [];
  for (const receiver of receivers) {
    const news = told
      .filter((row) => row.receiver === receiver.name)
      .flatMap(({ incident_id: id, opened_ms: openedMs }): IncidentNews[] => {
        const incident = open.find((one) => one.id === id);
        if (incident === undefined || muting.of(id, incident.subject) !== null) return [];
        // Whom no route names any more is not reminded.
        if (!targetsOf(all, incident.subject).some((target) => target.receiver === receiver.name)) return [];
        const { subject, cause, summary } = incident;
        const link = all.url === null ? null : `${all.url}/incidents/${id}`;
        return [{ ...subject, id, change: 'still-open', cause, summary, openedMs, resolvedMs: null, link }];
      });
    for (let at = 0; at < news.length; at += mostAtOnce) {
      const incidentsAtOnce = news.slice(at, at + mostAtOnce);
      const key = `ebb-refresh-${nowMs}`;
      const answer = await send(receiver, { key, receiver: receiver.name, sentMs: nowMs, incidents: incidentsAtOnce });
      if (!answer.ok) failures.push(`${receiver.name}: ${answer.detail}`);
    }
  }
  return failures;
}
