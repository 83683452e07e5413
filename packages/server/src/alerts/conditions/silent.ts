/**
 * A dead-man's switch for agents: processes that are not heard of any more and have not told that they end.
 *
 * By the server's own clock and the moment at which it heard, so that a process's clock may be off. A process is silent
 * after the rule's time, and after three of its own reporting intervals. Processes that others have taken the place of
 * (a deploy) are not missed; nor are those that lived for less than the rule's time.
 */
import { sql, type Kysely } from 'kysely';
import { toldNoEnd } from '../../store/running.ts';
import type { Schema } from '../../store/schema.ts';
import { durationText } from '../rules/duration.ts';
import { rulesFor, type AlertRules, type SilentRule } from '../rules/rules.ts';
import type { Condition } from './condition.ts';

const intervals = 3;
/** Some of a service's processes are missed for so long: then they are taken for gone. */
const missedMs = 3_600_000;
/** A service of which nothing is heard is missed for so long: then it is taken for retired. */
const retiredMs = 24 * 3_600_000;
/** A deploy starts the new processes before it ends the old ones, by clocks that differ. */
const overlapMs = 10 * 60_000;

/** A service's processes at a moment. */
export interface Heard {
  /** Processes that are heard of. */
  alive: number;
  /** Of these, those that started about when the silent ones fell silent, or later. */
  newcomers: number;
  /** Processes that fell silent, within the last hour, and within the last day. */
  silentInHour: number;
  silentInDay: number;
  /** When the last of those that are silent was heard. */
  lastHeardMs: number;
}

/** The services whose processes fell silent. `sinceMs` is since when this server listens: nobody is missed at once. */
export async function silent(
  db: Kysely<Schema>,
  rules: AlertRules,
  { nowMs, sinceMs, open }: { nowMs: number; sinceMs: number; open: ReadonlySet<number> },
): Promise<Map<number, Condition>> {
  const found = new Map<number, Condition>();
  const all = [rules.usual.silent, ...rules.services.map((override) => override.silent ?? null)];
  const times = new Set(all.flatMap((rule) => rule?.afterMs ?? []));
  for (const afterMs of times) {
    for (const row of await heardOf(db, afterMs, nowMs)) {
      const { name: service, namespace, environment } = row;
      const rule = rulesFor(rules, { service, namespace, environment }).silent;
      if (rule?.afterMs !== afterMs) continue;
      // Who could not be heard because this server was down gets the time to speak; what is open stays.
      if (nowMs - sinceMs < afterMs && !open.has(row.serviceId)) continue;
      const newcomers =
        row.alive === 0 ? 0 : await countSince(db, row.serviceId, row.oldestSeenMs - overlapMs, nowMs - afterMs);
      const condition = judgeSilence({ ...row, newcomers }, rule, nowMs);
      if (condition !== null) found.set(row.serviceId, condition);
    }
  }
  return found;
}

/** Whether so much silence is an alert. */
function judgeSilence(heard: Heard, rule: SilentRule, nowMs: number): Condition | null {
  const { alive, newcomers, silentInHour, silentInDay, lastHeardMs } = heard;
  const forText = durationText(Math.floor((nowMs - lastHeardMs) / 60_000) * 60_000);
  if (alive === 0 && silentInDay > 0) {
    const who = silentInDay === 1 ? 'its only process has' : `none of its ${silentInDay} processes has`;
    const text = silentInDay === 1 ? `${who} not been heard of for ${forText}` : `${who} been heard of for ${forText}`;
    return { kind: 'silent', level: rule.level, text };
  }
  const missed = Math.max(0, silentInHour - newcomers);
  if (missed === 0 || missed / (missed + alive) < rule.share) return null;
  const text = `${missed} of ${missed + alive} processes fell silent and told no end`;
  return { kind: 'silent', level: rule.level, text };
}

interface HeardRow extends Omit<Heard, 'newcomers'> {
  serviceId: number;
  name: string;
  namespace: string;
  environment: string;
  /** By the processes' clocks: when the first of the silent ones fell silent. */
  oldestSeenMs: number;
}

async function heardOf(db: Kysely<Schema>, afterMs: number, nowMs: number): Promise<HeardRow[]> {
  const deadline = sql<number>`(heard_ms + case when ${intervals} * coalesce(interval_ms, 0) > ${afterMs} then ${intervals} * interval_ms else ${afterMs} end)`;
  const isSilent = sql<boolean>`(${deadline} < ${nowMs} and ${toldNoEnd} and last_seen_ms - processes.first_seen_ms >= ${afterMs})`;
  const isRecent = sql<boolean>`(${deadline} >= ${nowMs - missedMs})`;
  const rows = await db
    .selectFrom('processes')
    .innerJoin('services', 'services.id', 'processes.service_id')
    .select(['service_id as serviceId', 'name', 'namespace', 'environment'])
    .select([
      sql<number>`sum(case when ${deadline} >= ${nowMs} and ${toldNoEnd} then 1 else 0 end)`.as('alive'),
      sql<number>`sum(case when ${isSilent} and ${isRecent} then 1 else 0 end)`.as('silentInHour'),
      sql<number>`sum(case when ${isSilent} then 1 else 0 end)`.as('silentInDay'),
      sql<number>`max(case when ${isSilent} then heard_ms else 0 end)`.as('lastHeardMs'),
      sql<number>`min(case when ${isSilent} and ${isRecent} then last_seen_ms end)`.as('oldestSeenMs'),
    ])
    .where('heard_ms', '>=', nowMs - retiredMs)
    .groupBy(['service_id', 'name', 'namespace', 'environment'])
    .having(sql<boolean>`sum(case when ${isSilent} then 1 else 0 end) > 0`)
    .execute();
  return rows.map((row) => ({ ...row, oldestSeenMs: row.oldestSeenMs ?? nowMs }));
}

/** How many of a service's processes started since a time, of those heard of since another one. */
async function countSince(db: Kysely<Schema>, serviceId: number, startedMs: number, heardMs: number): Promise<number> {
  const { count } = await db
    .selectFrom('processes')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('service_id', '=', serviceId)
    .where('first_seen_ms', '>=', startedMs)
    .where('heard_ms', '>=', heardMs)
    .executeTakeFirstOrThrow();
  return count;
}
