import { fleetOf } from '../judge/fleet.ts';
import type { FleetReader } from '../store/fleet-reader.ts';
import type { IncidentStore } from '../store/incidents.ts';
import { endsNearLimit, freshMs, highFigures, worstGcShare } from '../signals/from-agents.ts';
import { nearLimitShare } from '../signals/near-limit.ts';
import type { SignalStore } from '../store/signals.ts';
import { decide, type LevelRules } from './decide.ts';
import { diagnose } from './diagnose.ts';

const everyMs = 2000;
/** A process that was silent for longer says nothing about now. */
const runningMs = 10 * 60_000;

/** What a look needs. */
export interface LookOptions {
  fleet: FleetReader;
  incidents: IncidentStore;
  signals: SignalStore;
  rules: LevelRules;
  now: () => number;
}

/** What the keeper works on. */
export interface IncidentKeeperOptions extends LookOptions {
  /** Told when a look failed; the next one tries again. */
  onError: (error: unknown) => void;
}

/** Looks every two seconds whether a service is somebody's business, and opens, raises and resolves its incident. */
export class IncidentKeeper {
  readonly #timer: NodeJS.Timeout;
  #run: Promise<void> | null = null;

  constructor(options: IncidentKeeperOptions) {
    this.#timer = setInterval(() => {
      this.#run ??= lookAtIncidents(options)
        .catch(options.onError)
        .finally(() => {
          this.#run = null;
        });
    }, everyMs).unref();
  }

  /** Looks no more, and resolves when a look under way has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#run;
  }
}

/**
 * Looks once: opens, raises and resolves. While nothing leaks, nothing is told and nothing is open, this is three small
 * questions to the database.
 */
export async function lookAtIncidents({ fleet, incidents, signals, rules, now }: LookOptions): Promise<void> {
  const nowMs = now();
  const sinceMs = nowMs - runningMs;
  const open = await incidents.list({ open: true, most: 10_000 });
  const concerned = new Set([
    ...(await fleet.servicesOfConcern({ sinceMs, silentSinceMs: nowMs - freshMs, nearShare: nearLimitShare })),
    ...(await signals.servicesWithSignals(nowMs)),
    ...open.map(({ service_id: serviceId }) => serviceId),
  ]);
  for (const serviceId of concerned) {
    const row = await fleet.service(serviceId);
    if (row === undefined) continue;
    const processes = await fleet.processes({ sinceMs, serviceId });
    const [service = null] = fleetOf([row], processes);
    const gcShare = worstGcShare(processes, nowMs);
    await incidents.carryOut(serviceId, {
      nowMs,
      ends: endsNearLimit(processes, nowMs),
      high: (lasting) => highFigures(processes, lasting, nowMs),
      diagnose: (before, symptoms) => diagnose({ name: row.name, service, gcShare, symptoms, before }, rules),
      decide: (found, { level }) =>
        decide(found === null ? null : { level: found.level, quietSinceMs: found.quiet_since_ms }, level, nowMs, rules),
    });
  }
}
