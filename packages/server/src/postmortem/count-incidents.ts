/** Reads the incidents of a while as numbers need them. */
import type { Kysely } from 'kysely';
import type { Impact } from '../impact/impact.ts';
import type { IncidentEventKind } from '../incident/event-kind.ts';
import type { Team } from '../incident/team.ts';
import { inPieces } from '../store/in-pieces.ts';
import type { Schema } from '../store/schema.ts';
import { timesOf, type TimedEvent } from './incident-times.ts';
import type { CountedIncident } from './numbers.ts';

/** The newest so many are counted. */
const mostIncidents = 5000;
/** What says that somebody, or something, has worked on it. */
const work: readonly IncidentEventKind[] = ['finding', 'guilty', 'action-started', 'impact', 'acknowledged'];
const told: readonly IncidentEventKind[] = ['notified', 'paged'];
/** Entries that times are read from. */
const kinds: readonly IncidentEventKind[] = ['growth', 'symptom', 'calm', ...work, ...told];

/** Incidents that were opened since a time, the oldest first. */
export async function countedIncidents(
  query: Kysely<Schema>,
  sinceMs: number,
  teamOf: (service: { name: string; namespace: string; environment: string }) => Team,
): Promise<CountedIncident[]> {
  const rows = await query
    .selectFrom('incidents')
    .innerJoin('services', 'services.id', 'incidents.service_id')
    .select(['incidents.id', 'opened_ms', 'resolved_ms', 'impact', 'name', 'namespace', 'environment'])
    .where('opened_ms', '>=', sinceMs)
    .orderBy('incidents.id', 'desc')
    .limit(mostIncidents)
    .execute();
  const incidents = rows.reverse();
  const [events, hypotheses] = [
    new Map<number, (TimedEvent & { ref: string | null })[]>(),
    new Map<number, Hypothesis[]>(),
  ];
  await inPieces(incidents, async (piece) => {
    const ids = piece.map(({ id }) => id);
    const entries = await query
      .selectFrom('incident_events')
      .select(['incident_id', 'time_ms as timeMs', 'kind', 'actor', 'ref'])
      .where('incident_id', 'in', ids)
      .where((where) => where.or([where('kind', 'in', kinds), where('actor', 'is not', null)]))
      .orderBy('time_ms')
      .orderBy('id')
      .execute();
    for (const entry of entries) events.set(entry.incident_id, [...(events.get(entry.incident_id) ?? []), entry]);
    const thought = await query
      .selectFrom('hypotheses')
      .select(['incident_id', 'state', 'since_ms', 'decided_ms'])
      .where('incident_id', 'in', ids)
      .execute();
    for (const one of thought) hypotheses.set(one.incident_id, [...(hypotheses.get(one.incident_id) ?? []), one]);
  });
  const first = await firstIncidents(query);
  return incidents.map((row) => {
    const own = events.get(row.id) ?? [];
    const { all = null } = row.impact === null ? {} : (JSON.parse(row.impact) as Impact);
    const fingerprints = own.flatMap(({ ref }) => (ref?.startsWith('finding ') === true ? [ref.slice(8)] : []));
    const has = (some: readonly IncidentEventKind[]): boolean => own.some(({ kind }) => some.includes(kind));
    return {
      service: row.name,
      team: teamOf(row).name,
      times: timesOf({
        ...{ openedMs: row.opened_ms, resolvedMs: row.resolved_ms, events: own, impact: all },
        hypotheses: hypotheses.get(row.id) ?? [],
      }),
      fingerprints,
      repeats: fingerprints.filter((fingerprint) => (first.get(fingerprint) ?? row.id) < row.id),
      ledToNothing: row.resolved_ms !== null && has(told) && !has(work) && own.every(({ actor }) => actor === null),
    };
  });
}

interface Hypothesis {
  incident_id: number;
  state: 'suspected' | 'exonerated' | 'confirmed';
  since_ms: number;
  decided_ms: number | null;
}

/** The first incident of each fingerprint, ever. */
async function firstIncidents(query: Kysely<Schema>): Promise<Map<string, number>> {
  const rows = await query
    .selectFrom('incident_events')
    .select(['ref', (select) => select.fn.min('incident_id').as('id')])
    .where('kind', '=', 'finding')
    .where('ref', 'like', 'finding %')
    .groupBy('ref')
    .execute();
  return new Map(rows.map(({ ref, id }) => [(ref ?? '').slice(8), id]));
}
