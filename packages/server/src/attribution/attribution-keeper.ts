/** Holds the changes of each service whose memory runs out against its growth, while its incident is open. */
import { Rounds } from '../rounds/rounds.ts';
import type { IncidentStore } from '../store/incidents.ts';
import type { AttributionStore } from './attribution-store.ts';

/** A decision is wanted within five minutes of the verdict. */
const everyMs = 30_000;

/** What judging needs. */
export interface AttributionOptions {
  incidents: Pick<IncidentStore, 'list'>;
  attributions: AttributionStore;
  now: () => number;
  /** Told when judging failed; the next time tries again. */
  onError: (error: unknown) => void;
}

/** Judges twice a minute, until it is stopped. */
export function keepAttributions(options: AttributionOptions): Rounds {
  return new Rounds(async () => await attributeAll(options), { everyMs, onError: options.onError });
}

/** Judges the changes of every service whose memory is an open incident, and what was done about it, once. */
export async function attributeAll({
  incidents,
  attributions,
  now,
}: Omit<AttributionOptions, 'onError'>): Promise<void> {
  const nowMs = now();
  for (const incident of await incidents.list({ open: true, most: 10_000 })) {
    if (incident.cause !== 'memory') continue;
    const judged = await attributions.judge(incident, nowMs);
    if (judged !== null) await attributions.write(incident.id, judged);
  }
  await attributions.proveActions(nowMs);
}
