import { fleetOf } from '../judge/fleet.ts';
import type { FleetReader } from '../store/fleet-reader.ts';
import type { IncidentStore } from '../store/incidents.ts';
import { decide, levelOf, type LevelRules } from './decide.ts';
import { summaryOf } from './summary.ts';

const everyMs = 2000;
/** A process that was silent for longer says nothing about now. */
const runningMs = 10 * 60_000;

/** What a look needs. */
export interface LookOptions {
  fleet: FleetReader;
  incidents: IncidentStore;
  rules: LevelRules;
  now: () => number;
}

/** What the keeper works on. */
export interface IncidentKeeperOptions extends LookOptions {
  /** Told when a look failed; the next one tries again. */
  onError: (error: unknown) => void;
}

/** Looks every two seconds whether a service runs out of memory, and opens, raises and resolves its incident. */
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

/** Looks once: opens, raises and resolves. While nothing leaks and nothing is open, this is two small questions to the database. */
export async function lookAtIncidents({ fleet, incidents, rules, now }: LookOptions): Promise<void> {
  const nowMs = now();
  const sinceMs = nowMs - runningMs;
  const open = await incidents.list({ open: true, most: 10_000 });
  const concerned = new Set([
    ...(await fleet.servicesThatRunOut(sinceMs)),
    ...open.map(({ service_id: serviceId }) => serviceId),
  ]);
  for (const serviceId of concerned) {
    const row = await fleet.service(serviceId);
    if (row === undefined) continue;
    const processes = await fleet.processes({ sinceMs, serviceId });
    const [service] = fleetOf([row], processes);
    const level = service === undefined ? null : levelOf(service, rules);
    const summary =
      service === undefined ? `${row.name}: none of its processes is heard of any more` : summaryOf(service);
    await incidents.carryOut(serviceId, { level, summary, nowMs }, (found) =>
      decide(found === null ? null : { level: found.level, quietSinceMs: found.quiet_since_ms }, level, nowMs, rules),
    );
  }
}
