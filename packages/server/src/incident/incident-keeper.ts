import type { Alerting } from '../alerts/alerting.ts';
import type { AttributionStore } from '../attribution/attribution-store.ts';
import type { Judged } from '../attribution/judged.ts';
import { withConditions, type Condition } from '../alerts/conditions/condition.ts';
import { fleetOf } from '../judge/fleet.ts';
import { runningMs, runningOf } from '../store/running.ts';
import { Rounds } from '../rounds/rounds.ts';
import { sideBySide } from '../rounds/side-by-side.ts';
import type { FleetReader } from '../store/fleet-reader.ts';
import { usualFlapping } from '../store/flapping.ts';
import type { IncidentStore, Turn } from '../store/incidents.ts';
import { endsNearLimit, freshMs, highFigures, worstGcShare } from '../signals/from-agents.ts';
import { nearLimitShare } from '../signals/near-limit.ts';
import type { SignalStore } from '../store/signals.ts';
import { decide, type Decision, type LevelRules } from './decide.ts';
import { diagnose } from './diagnose.ts';

const everyMs = 2000;

/** What a look needs. */
export interface LookOptions {
  fleet: FleetReader;
  incidents: IncidentStore;
  signals: SignalStore;
  rules: LevelRules;
  /** Rules of one's own, and what else is wrong with services; without it `rules` hold for all. */
  alerting?: Pick<Alerting, 'levelsFor' | 'conditions' | 'rules'>;
  /** Judges changes before an incident of memory opens, so that its first alert says whether a rollback helps. */
  attributions?: Pick<AttributionStore, 'judge'>;
  now: () => number;
  /** Told when there is something that people may have to hear of, once it is in the database. */
  onNews?: () => void;
}

/** What the keeper works on. */
export interface IncidentKeeperOptions extends LookOptions {
  /** Told when a look failed; the next one tries again. */
  onError: (error: unknown) => void;
}

/** Looks every two seconds whether a service is somebody's business, and opens, raises and resolves its incident. */
export function keepIncidents(options: IncidentKeeperOptions): Rounds {
  return new Rounds(async () => await lookAtIncidents(options), { everyMs, onError: options.onError });
}

/**
 * Looks once: opens, raises and resolves. While nothing leaks, nothing is told and nothing is open, this is four small
 * questions to the database. What fails for one service keeps no other from being looked at.
 *
 * @throws {AggregateError} what failed, when all have been looked at
 */
export async function lookAtIncidents(options: LookOptions): Promise<void> {
  const { fleet, incidents, signals, alerting, now } = options;
  const nowMs = now();
  const sinceMs = nowMs - runningMs;
  const open = await incidents.list({ open: true, most: 10_000 });
  const openServices = new Set(open.map(({ service_id: serviceId }) => serviceId));
  const conditions = (await alerting?.conditions.at(nowMs, openServices)) ?? new Map<number, readonly Condition[]>();
  const concerned = new Set([
    ...conditions.keys(),
    ...(await fleet.servicesOfConcern({ sinceMs, silentSinceMs: nowMs - freshMs, nearShare: nearLimitShare })),
    ...(await signals.servicesWithSignals(nowMs)),
    ...openServices,
    ...(await incidents.heldServices()),
  ]);
  await sideBySide(concerned, async (serviceId) => {
    await lookAtService(serviceId, { ...options, nowMs, conditions: conditions.get(serviceId) ?? [] });
  });
}

/** What one look has in common for all services, and what is wrong with this one. */
interface Look extends LookOptions {
  nowMs: number;
  conditions: readonly Condition[];
}

async function lookAtService(serviceId: number, look: Look): Promise<void> {
  const { fleet, incidents, alerting, attributions, nowMs } = look;
  const row = await fleet.service(serviceId);
  if (row === undefined) return;
  const processes = await fleet.watched({ sinceMs: nowMs - runningMs, serviceId });
  const [service = null] = fleetOf([row], processes);
  const running = runningOf(processes);
  const gcShare = worstGcShare(running, nowMs);
  const rules = alerting?.levelsFor(row) ?? look.rules;
  const flapping = alerting?.rules.flapping ?? usualFlapping;
  const turn: Turn = {
    nowMs,
    flapping,
    ends: endsNearLimit(processes, nowMs),
    high: (lasting) => highFigures(running, lasting, nowMs),
    diagnose: (before, symptoms, findings, advice) => {
      const diagnosis = diagnose({ name: row.name, service, gcShare, symptoms, findings, before, advice }, rules);
      return withConditions(diagnosis, row.name, look.conditions);
    },
    decide: (found, { level }) => {
      const quietMs = found !== null && found.reopened > 0 ? Math.max(rules.quietMs, flapping.quietMs) : rules.quietMs;
      const before = found === null ? null : { level: found.level, quietSinceMs: found.quiet_since_ms };
      return decide(before, level, nowMs, { ...rules, quietMs });
    },
  };
  // Judged outside of the transaction that opens it: a judgement that fails, or takes its time, holds no alert back for good.
  const first = await incidents.carryOut(serviceId, attributions === undefined ? { ...turn, judged: null } : turn);
  if (first !== 'judge') {
    tellNews(first, look);
    return;
  }
  let judged: Judged | null = null;
  let failure: Error | undefined;
  try {
    judged = (await attributions?.judge({ service_id: serviceId, opened_ms: nowMs }, nowMs)) ?? null;
  } catch (error) {
    failure = new Error('changes could not be held against the growth', { cause: error });
  }
  tellNews(await incidents.carryOut(serviceId, { ...turn, judged }), look);
  if (failure !== undefined) throw failure;
}

/** What only calms down, or goes on, wakes nobody. */
function tellNews(decision: Decision | 'judge', { onNews }: Look): void {
  if (decision === 'open' || decision === 'raise' || decision === 'reopen' || decision === 'resolve') onNews?.();
}
