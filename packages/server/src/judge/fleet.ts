/** Services as people ask for them: by time to limit, versions apart: pure. */
import type { Verdict } from '@ebb/trend';
import type { JudgedProcess } from '../store/fleet-reader.ts';
import { runningOf } from '../store/running.ts';
import type { ServiceRow } from '../store/schema.ts';
import { pool, runsOut, type Pooled } from './pool.ts';

/** A version of a service, with the processes that run it. */
export interface VersionState extends Pooled {
  version: string;
  firstSeenMs: number;
  lastSeenMs: number;
}

/** A service now. */
export interface ServiceState {
  id: number;
  name: string;
  namespace: string;
  environment: string;
  /** The gravest of its versions'. */
  verdict: Verdict;
  confirmed: boolean;
  processes: number;
  secondsToLimit: number | null;
  secondsToLimitInterval: [soonest: number | null, latest: number | null] | null;
  /** The version seen first stands first. */
  versions: VersionState[];
}

const grave: readonly Verdict[] = ['clean', 'bounded', 'warming', 'native', 'leak'];

/**
 * The services that have processes: those that run out first, the nearest to its limit first; then the others by name.
 * `processes` are those that count as running.
 */
export function fleetOf(services: readonly ServiceRow[], processes: readonly JudgedProcess[]): ServiceState[] {
  const byService = grouped(processes, (process) => process.service_id);
  const states = services.flatMap((service) => {
    const own = runningOf(byService.get(service.id) ?? []);
    return own.length === 0 ? [] : [stateOf(service, own)];
  });
  return states.sort((a, b) => urgency(a) - urgency(b) || (a.name < b.name ? -1 : 1));
}

function stateOf({ id, name, namespace, environment }: ServiceRow, processes: readonly JudgedProcess[]): ServiceState {
  const versions = [...grouped(processes, ({ version }) => version)]
    .map(([version, own]): VersionState => ({
      version,
      firstSeenMs: own.reduce((least, process) => Math.min(least, process.first_seen_ms), Infinity),
      lastSeenMs: own.reduce((most, process) => Math.max(most, process.last_seen_ms), 0),
      ...pool(own.map(pooledOf)),
    }))
    .sort((a, b) => a.firstSeenMs - b.firstSeenMs);
  const nearest = versions
    .filter((version) => version.secondsToLimit !== null)
    .sort((a, b) => (a.secondsToLimit ?? 0) - (b.secondsToLimit ?? 0))
    .at(0);
  return {
    id,
    name,
    namespace,
    environment,
    verdict: grave.findLast((verdict) => versions.some((version) => version.verdict === verdict)) ?? 'warming',
    confirmed: versions.some((version) => version.confirmed),
    processes: processes.length,
    secondsToLimit: nearest?.secondsToLimit ?? null,
    secondsToLimitInterval: nearest?.secondsToLimitInterval ?? null,
    versions,
  };
}

function pooledOf(process: JudgedProcess): Parameters<typeof pool>[0][number] {
  return {
    id: process.id,
    verdict: process.verdict,
    suspicious: process.suspicious === 1,
    bytesPerSecond: process.bytes_per_second,
    secondsToLimit: process.seconds_to_limit,
    secondsToLimitSoonest: process.seconds_to_limit_soonest,
    secondsToLimitLatest: process.seconds_to_limit_latest,
  };
}

/** Smaller is more urgent; what runs out without a known limit comes before what does not run out. */
function urgency({ verdict, secondsToLimit }: ServiceState): number {
  return runsOut(verdict) ? (secondsToLimit ?? Number.MAX_SAFE_INTEGER) : Number.MAX_VALUE;
}

function grouped<Key>(
  processes: readonly JudgedProcess[],
  keyOf: (process: JudgedProcess) => Key,
): Map<Key, JudgedProcess[]> {
  const groups = new Map<Key, JudgedProcess[]>();
  for (const process of processes) {
    const key = keyOf(process);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [process]);
    else group.push(process);
  }
  return groups;
}
