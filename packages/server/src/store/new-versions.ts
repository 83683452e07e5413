/**
 * Notices that another version or revision of a service runs: a change that nobody had to tell. Asked when a process is
 * seen for the first time, before it is stored.
 */
import type { Transaction } from 'kysely';
import type { ProcessReport } from '../ingest/report.ts';
import { storeChange } from './changes.ts';
import { runningMs, runsSince } from './running.ts';
import type { Schema } from './schema.ts';

interface Seen {
  serviceId: number;
  report: ProcessReport;
}

/** Stores a change for each version among the new processes that did not run before, or not any more. */
export async function noteNewVersions(
  db: Transaction<Schema>,
  reports: readonly ProcessReport[],
  serviceIdOf: (report: ProcessReport) => number,
): Promise<void> {
  const seen = new Map<string, Seen>();
  for (const report of reports) {
    const { version, revision } = report.identity;
    if (version === '' && revision === null) continue;
    const serviceId = serviceIdOf(report);
    const key = JSON.stringify([serviceId, version, revision]);
    const known = seen.get(key);
    if (known === undefined || report.timeMs < known.report.timeMs) seen.set(key, { serviceId, report });
  }
  // In one order everywhere, so that two servers wait for each other and never both.
  for (const [, one] of [...seen].sort(([a], [b]) => (a < b ? -1 : 1))) await noteVersion(db, one);
}

async function noteVersion(db: Transaction<Schema>, { serviceId, report }: Seen): Promise<void> {
  const { identity, timeMs } = report;
  const { service, namespace, environment, version, revision } = identity;
  const running = db
    .selectFrom('processes')
    .select('id')
    .where('service_id', '=', serviceId)
    .where('version', '=', version)
    // A rollback may come minutes after its deploy.
    .where((where) => runsSince(where, timeMs - runningMs));
  // Who does not tell its revision may be of any.
  const same =
    revision === null
      ? running
      : running.where((where) => where.or([where('revision', '=', revision), where('revision', 'is', null)]));
  if ((await same.limit(1).executeTakeFirst()) !== undefined) return;
  const others = await db
    .selectFrom('processes')
    .select(['version', 'revision', (select) => select.fn.max('last_seen_ms').as('last_seen_ms')])
    .where('service_id', '=', serviceId)
    .groupBy(['version', 'revision'])
    .execute();
  const told = others.filter((other) => other.version !== '' || other.revision !== null);
  const isSame = (other: { version: string; revision: string | null }): boolean =>
    other.version === version && (revision === null || other.revision === null || other.revision === revision);
  const newest = (rows: typeof told): (typeof told)[number] | undefined =>
    rows.toSorted((a, b) => b.last_seen_ms - a.last_seen_ms).at(0);
  const before = newest(told.filter((other) => !isSame(other)));
  // The first one that is ever seen changes nothing.
  if (before === undefined) return;
  const own = newest(told.filter(isSame));
  if (own !== undefined && own.last_seen_ms >= before.last_seen_ms) return;
  const again = own === undefined ? '' : ' again';
  await storeChange(db, serviceId, {
    service: { service, namespace, environment },
    timeMs,
    timeTold: false,
    kind: 'version',
    summary: `${nameOf(version, revision)} runs${again}; before: ${nameOf(before.version, before.revision)}`,
    source: 'telemetry',
    version: version === '' ? null : version,
    revision,
    links: [],
  });
}

function nameOf(version: string, revision: string | null): string {
  const short = revision === null ? '' : `revision ${revision.slice(0, 12)}`;
  return version === '' ? short : short === '' ? version : `${version} (${short})`;
}
