/** Memory near the limit, whether it grows or not: the rule that everybody knows, for those who want it. */
import { runningMs, toldNoEnd } from '../../store/running.ts';
import type { Kysely } from 'kysely';
import type { Schema } from '../../store/schema.ts';
import { rulesFor, type AlertRules, type HighMemoryRule } from '../rules/rules.ts';
import type { Condition } from './condition.ts';

/** So many processes are looked at: a larger fleet that is high has its alert by then. */
const mostProcesses = 2000;
/** Samples come once a minute or so: the one before the time that matters lies at most so far behind it. */
const sampleGapMs = 5 * 60_000;

/** A process's memory and limits at a moment; null is not told. */
interface Memory {
  rssBytes: number | null;
  floorBytes: number | null;
  containerLimitBytes: number | null;
  heapLimitBytes: number | null;
}

/** The services of which a process has been above the share for as long as its rule says. */
export async function highMemory(
  db: Kysely<Schema>,
  rules: AlertRules,
  nowMs: number,
): Promise<Map<number, Condition>> {
  const all = [rules.usual.highMemory, ...rules.services.map((override) => override.highMemory ?? null)];
  const least = all.reduce((share, rule) => Math.min(share, rule?.aboveShare ?? Infinity), Infinity);
  if (least === Infinity) return new Map();
  const rows = await db
    .selectFrom('processes')
    .innerJoin('services', 'services.id', 'processes.service_id')
    .select(['processes.id', 'service_id', 'name', 'namespace', 'environment', 'last_seen_ms'])
    .select(['rss_bytes', 'floor_bytes', 'container_limit_bytes', 'heap_limit_bytes'])
    .where('last_seen_ms', '>=', nowMs - runningMs)
    .where(toldNoEnd)
    .where((where) =>
      where.or([
        where('rss_bytes', '>=', where(where.ref('container_limit_bytes'), '*', where.val(least))),
        where('floor_bytes', '>=', where(where.ref('heap_limit_bytes'), '*', where.val(least))),
      ]),
    )
    .limit(mostProcesses)
    .execute();
  const high = new Map<number, { rule: HighMemoryRule; processes: number; share: number }>();
  for (const row of rows) {
    const { name: service, namespace, environment, service_id: serviceId, last_seen_ms: lastMs } = row;
    const rule = rulesFor(rules, { service, namespace, environment }).highMemory;
    const limits = { containerLimitBytes: row.container_limit_bytes, heapLimitBytes: row.heap_limit_bytes };
    const share = shareOf({ rssBytes: row.rss_bytes, floorBytes: row.floor_bytes, ...limits });
    if (rule === null || share === null || share < rule.aboveShare) continue;
    const samples = await db
      .selectFrom('samples')
      .select(['time_ms', 'rss_bytes', 'floor_bytes'])
      .where('process_id', '=', row.id)
      .where('time_ms', '>=', lastMs - rule.forMs - sampleGapMs)
      .orderBy('time_ms', 'desc')
      .execute();
    const shares = samples.map(({ time_ms: timeMs, rss_bytes: rssBytes, floor_bytes: floorBytes }) => ({
      timeMs,
      share: shareOf({ rssBytes, floorBytes, ...limits }),
    }));
    if (!staysAbove(shares, rule)) continue;
    const before = high.get(serviceId);
    high.set(serviceId, {
      rule,
      processes: (before?.processes ?? 0) + 1,
      share: Math.max(before?.share ?? 0, share),
    });
  }
  return new Map([...high].map(([serviceId, told]) => [serviceId, conditionOf(told)]));
}

/** Whether the samples, newest first, are above the share for as long as the rule says. By the process's own clock. */
function staysAbove(
  samples: readonly { timeMs: number; share: number | null }[],
  { aboveShare, forMs }: HighMemoryRule,
): boolean {
  const told = samples.filter(({ share }) => share !== null);
  const below = told.findIndex(({ share }) => (share ?? 0) < aboveShare);
  const above = below < 0 ? told : told.slice(0, below);
  const [newest] = above;
  const oldest = above.at(-1);
  return newest !== undefined && oldest !== undefined && newest.timeMs - oldest.timeMs >= forMs;
}

/** The larger of RSS to the container's limit, and floor to the heap's; null where nothing of it is known. */
function shareOf({ rssBytes, floorBytes, containerLimitBytes, heapLimitBytes }: Memory): number | null {
  const rss = rssBytes === null || containerLimitBytes === null ? null : rssBytes / containerLimitBytes;
  const floor = floorBytes === null || heapLimitBytes === null ? null : floorBytes / heapLimitBytes;
  return rss === null || floor === null ? (rss ?? floor) : Math.max(rss, floor);
}

function conditionOf({
  rule,
  processes,
  share,
}: {
  rule: HighMemoryRule;
  processes: number;
  share: number;
}): Condition {
  const who = processes === 1 ? 'one process is' : `${processes} processes are`;
  const text = `${who} above ${percent(rule.aboveShare)} of the memory limit, ${percent(share)} at most`;
  return { kind: 'high-memory', level: rule.level, text };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
