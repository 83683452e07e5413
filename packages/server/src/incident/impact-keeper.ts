import { measureImpact, type Impact } from '../impact/impact.ts';
import { Rounds } from '../rounds/rounds.ts';
import type { IncidentStore } from '../store/incidents.ts';
import type { RouteReader } from '../store/route-minutes.ts';
import type { IncidentRow } from '../store/schema.ts';

/** Requests are counted by the minute. */
const everyMs = 60_000;
/** What was resolved is measured once more, when its last reports have come. */
const afterMs = 3 * 60_000;

/** What measuring needs. */
export interface ImpactOptions {
  incidents: IncidentStore;
  routes: RouteReader;
  now: () => number;
  /** Told when measuring failed; the next time tries again. */
  onError: (error: unknown) => void;
}

/** Measures once a minute what open incidents do to requests and clients, until it is stopped. */
export function keepImpacts(options: ImpactOptions): Rounds {
  return new Rounds(async () => await measureAll(options), { everyMs, onError: options.onError });
}

/** Measures incidents that are open, and those that were resolved a moment ago. */
export async function measureAll({ incidents, routes, now }: Omit<ImpactOptions, 'onError'>): Promise<void> {
  const nowMs = now();
  for (const incident of await incidents.openSince(nowMs - afterMs)) {
    const impact = await impactOf(routes, incident, nowMs);
    if (impact === null) continue;
    const text = JSON.stringify(impact);
    if (text === incident.impact) continue;
    const note =
      incident.resolved_ms === null
        ? { kind: 'impact' as const, timeMs: impact.all.fromMs, text: impact.sentence, ref: 'impact' }
        : {
            kind: 'impact' as const,
            timeMs: impact.all.toMs,
            text: `in all: ${impact.sentence}`,
            ref: 'impact in all',
          };
    await incidents.setImpact(incident.id, text, note);
  }
}

/** What an incident does, as far as it can be measured now; what was measured before counts once the minutes are gone. */
export async function impactOf(routes: RouteReader, incident: IncidentRow, nowMs: number): Promise<Impact | null> {
  const told = incident.impact === null ? null : (JSON.parse(incident.impact) as Impact);
  const isOver = incident.resolved_ms !== null && incident.resolved_ms < nowMs - afterMs;
  if (isOver) return told;
  const { service_id: serviceId, opened_ms: openedMs, resolved_ms: resolvedMs } = incident;
  return (await measureImpact(routes, { serviceId, openedMs, resolvedMs }, nowMs)) ?? told;
}
