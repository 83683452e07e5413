/** Holds the changes of each service whose memory runs out against its growth, while its incident is open. */
import type { Note } from '../incident/notes.ts';
import { Rounds } from '../rounds/rounds.ts';
import type { IncidentStore } from '../store/incidents.ts';
import type { IncidentRow } from '../store/schema.ts';
import { attribute } from './attribute.ts';
import type { AttributionStore } from './attribution-store.ts';
import type { ServedMinute } from './recovery.ts';
import { tell, type Served, type ToldAttribution } from './told.ts';

/** A decision is wanted within five minutes of the verdict. */
const everyMs = 30_000;
/** What requests usually are is taken from the day before the incident; what led to it is not. */
const usualMs = 24 * 3_600_000;
const beforeMs = 30 * 60_000;
const leastRequests = 50;

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

/** Judges the changes of every service whose memory is an open incident, once. */
export async function attributeAll({
  incidents,
  attributions,
  now,
}: Omit<AttributionOptions, 'onError'>): Promise<void> {
  const nowMs = now();
  for (const incident of await incidents.list({ open: true, most: 10_000 })) {
    if (incident.cause !== 'memory') continue;
    const { service_id: serviceId, opened_ms: openedMs } = incident;
    const changes = await attributions.changes(serviceId, openedMs, nowMs);
    const lives = await attributions.lives(serviceId, nowMs);
    const found = attribute({ changes, lives, nowMs });
    // Evidence that was there is not thrown away when its processes are gone.
    if (found.present === null) continue;
    const served = servedOf(await attributions.served(serviceId, openedMs - usualMs), openedMs);
    const told = tell(found, nowMs, served);
    await attributions.write(incident, told, notesOf(told, incident));
  }
}

function servedOf(minutes: readonly ServedMinute[], openedMs: number): Served {
  const usual = minutes.filter(({ timeMs }) => timeMs < openedMs - beforeMs);
  const requests = usual.reduce((sum, one) => sum + one.requests, 0);
  const good = usual.reduce((sum, one) => sum + one.good, 0);
  return { minutes, usualBadShare: requests < leastRequests ? null : Math.max(0, requests - good) / requests };
}

/** Each part and each recovery is told once, when it is known. */
function notesOf(told: ToldAttribution, { opened_ms: openedMs }: IncidentRow): Note[] {
  const timeMs = Math.max(openedMs, told.judgedMs);
  return told.changes.flatMap(({ changeIds, name, part, sentence, recovery }): Note[] => {
    const what = changeIds.length === 0 ? `version ${name}` : `change ${changeIds[0]}`;
    const parted: Note[] = part === 'open' ? [] : [{ timeMs, kind: part, text: sentence, ref: `${what} ${part}` }];
    if (recovery === null) return parted;
    const { result } = recovery;
    const kind = result === 'proven' ? 'recovered' : result === 'refuted' ? 'not-recovered' : 'recovery-awaited';
    return [...parted, { timeMs, kind, text: recovery.sentence, ref: `${what} ${kind}` }];
  });
}
