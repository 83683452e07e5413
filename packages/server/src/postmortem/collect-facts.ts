/** Reads from the database what a postmortem is made of. */
import type { Kysely } from 'kysely';
import { attributionOf } from '../attribution/attribution-store.ts';
import { commitsOf } from '../attribution/commit-store.ts';
import { findingsOf } from '../findings/finding-store.ts';
import { impactOf } from '../incident/impact-keeper.ts';
import { changesBeforeMs } from '../incident/notes.ts';
import type { Team } from '../incident/team.ts';
import { runsOut } from '../judge/pool.ts';
import type { FleetReader } from '../store/fleet-reader.ts';
import type { IncidentStore } from '../store/incidents.ts';
import type { RouteReader } from '../store/route-minutes.ts';
import type { IncidentRow, ProcessRow, SampleRow, Schema, ServiceRow } from '../store/schema.ts';
import type { GrownProcess, PostmortemFacts, Repeat } from './facts.ts';
import { timesOf } from './incident-times.ts';

/** Where facts come from. */
export interface FactSources {
  query: Kysely<Schema>;
  fleet: FleetReader;
  incidents: IncidentStore;
  routes: RouteReader;
  teamOf: (service: ServiceRow) => Team;
  /** People of the teams that own a file, by its path in the service's repository. */
  ownersOf: (service: ServiceRow, path: string) => readonly string[];
  now: () => number;
}

const hourMs = 3_600_000;
/** Samples from so long before the incident show how it began; after it, that it is over. */
const samplesBeforeMs = 6 * hourMs;
const samplesAfterMs = 0.5 * hourMs;
const mostSamples = 1000;
const mostChanges = 50;
const mostRepeats = 50;
/** Processes of which samples are looked at: those that grow the fastest. */
const mostLookedAt = 20;
/** More curves lie over each other. */
const mostDrawn = 8;

/** All that is known of an incident. */
export async function collectFacts(incident: IncidentRow, sources: FactSources): Promise<PostmortemFacts> {
  const { query, fleet, incidents, routes, teamOf, ownersOf, now } = sources;
  const { id, service_id: serviceId, opened_ms: openedMs, resolved_ms: resolvedMs } = incident;
  const nowMs = now();
  const endMs = resolvedMs ?? nowMs;
  const service = await fleet.service(serviceId);
  const timeline = (await incidents.timeline(id)).sort((a, b) => a.timeMs - b.timeMs);
  const hypotheses = await query
    .selectFrom('hypotheses')
    .selectAll()
    .where('incident_id', '=', id)
    .orderBy('id')
    .execute();
  const measured = await impactOf(routes, incident, nowMs);
  const processes = (await fleet.processes({ sinceMs: openedMs - hourMs, serviceId })).filter(
    (process) => process.first_seen_ms <= endMs,
  );
  const fingerprints = await query
    .selectFrom('incident_events')
    .select('ref')
    .where('incident_id', '=', id)
    .where('ref', 'like', 'finding %')
    .execute();
  const told = new Set(fingerprints.map(({ ref }) => (ref ?? '').slice('finding '.length)));
  const found = (await findingsOf(query, serviceId, { sinceMs: openedMs - hourMs })).filter(
    (finding) => finding.firstSeenMs <= endMs + hourMs,
  );
  const culprit =
    found.find((finding) => finding.confirmed && told.has(finding.fingerprint)) ??
    found.find((finding) => finding.confirmed) ??
    found.at(0) ??
    null;
  const path = culprit?.holder.location?.repoPath ?? culprit?.insertedAt?.repoPath ?? null;
  return {
    incident: {
      ...{ id, level: incident.level, cause: incident.cause, summary: incident.summary },
      ...{ openedMs, resolvedMs, reopened: incident.reopened },
    },
    service: service ?? { name: 'a service that is gone', namespace: '', environment: '' },
    team: service === undefined ? { name: null, zone: null } : teamOf(service),
    times: timesOf({ openedMs, resolvedMs, events: timeline, hypotheses, impact: measured?.all ?? null }),
    impact: measured,
    timeline,
    signals: await incidents.signals(incident, nowMs),
    changes: await query
      .selectFrom('changes')
      .selectAll()
      .where('service_id', '=', serviceId)
      .where('time_ms', '>=', openedMs - changesBeforeMs)
      .where('time_ms', '<=', endMs)
      .orderBy('time_ms')
      .limit(mostChanges)
      .execute(),
    parts: (await attributionOf(query, id))?.changes ?? [],
    hypotheses,
    roles: await query.selectFrom('incident_roles').selectAll().where('incident_id', '=', id).orderBy('role').execute(),
    culprit,
    owners: service === undefined || path === null ? [] : ownersOf(service, path),
    commits: await commitsOf(query, id),
    repeats: culprit === null ? [] : await repeatsOf(query, culprit.fingerprint, incident),
    grown: await grownOf(fleet, processes, { fromMs: openedMs - samplesBeforeMs, toMs: endMs + samplesAfterMs }),
    versions: await versionsOf(query, processes, endMs),
  };
}

/** Earlier incidents on whose timelines the same finding stands. */
async function repeatsOf(
  query: Kysely<Schema>,
  fingerprint: string,
  { id, opened_ms: openedMs }: IncidentRow,
): Promise<Repeat[]> {
  const rows = await query
    .selectFrom('incident_events')
    .innerJoin('incidents', 'incidents.id', 'incident_events.incident_id')
    .select(['incidents.id as incidentId', 'incidents.opened_ms as openedMs'])
    .where('ref', '=', `finding ${fingerprint}`)
    .where('incidents.id', '<>', id)
    .where('incidents.opened_ms', '<', openedMs)
    .orderBy('incidents.id')
    .limit(mostRepeats)
    .execute();
  return rows;
}

/** The process whose memory rose the most in that time. */
async function grownOf(
  fleet: FleetReader,
  processes: readonly ProcessRow[],
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<GrownProcess | null> {
  const suspects = processes
    .toSorted((a, b) => (b.floor_bytes ?? b.rss_bytes ?? 0) - (a.floor_bytes ?? a.rss_bytes ?? 0))
    .slice(0, mostLookedAt);
  const risen: { process: ProcessRow; samples: SampleRow[]; rise: number }[] = [];
  for (const process of suspects) {
    const samples = await fleet.samples(process.id, fromMs, toMs, mostSamples);
    const values = samples.flatMap((sample) => sample.floor_bytes ?? sample.rss_bytes ?? []);
    if (values.length > 0) risen.push({ process, samples, rise: Math.max(...values) - (values[0] ?? 0) });
  }
  const [best, ...others] = risen.sort((a, b) => b.rise - a.rise);
  if (best === undefined) return null;
  const { process, samples } = best;
  return { process, samples, others: others.slice(0, mostDrawn).map((one) => one.samples) };
}

/** Which versions ran, and of how many of their processes it was ever said that they run out. */
async function versionsOf(
  query: Kysely<Schema>,
  processes: readonly ProcessRow[],
  endMs: number,
): Promise<PostmortemFacts['versions']> {
  const ids = processes.slice(0, 500).map(({ id }) => id);
  if (ids.length === 0) return [];
  const changes = await query
    .selectFrom('verdict_changes')
    .select(['process_id', 'verdict'])
    .where('process_id', 'in', ids)
    .where('time_ms', '<=', endMs)
    .execute();
  const grew = new Set(changes.filter(({ verdict }) => runsOut(verdict)).map(({ process_id: id }) => id));
  const versions = new Map<string, { version: string; processes: number; grew: number }>();
  for (const { id, version } of processes) {
    const known = versions.get(version) ?? { version, processes: 0, grew: 0 };
    versions.set(version, { version, processes: known.processes + 1, grew: known.grew + Number(grew.has(id)) });
  }
  return [...versions.values()];
}
