/**
 * Writes on the timelines what nobody tells by itself: since when memory grows, which version got which verdict, and how
 * things stood when nothing grew any more. Each is written once, whoever looks.
 */
import type { AttributionStore } from '../attribution/attribution-store.ts';
import { runsOut } from '../judge/pool.ts';
import { bytes, pace } from '../pages/wording.ts';
import { Rounds } from '../rounds/rounds.ts';
import type { FleetReader } from '../store/fleet-reader.ts';
import type { IncidentStore } from '../store/incidents.ts';
import type { RouteReader } from '../store/route-minutes.ts';
import type { SignalStore } from '../store/signals.ts';
import type { IncidentRow, ProcessRow, SampleRow, VerdictChangeTable } from '../store/schema.ts';
import { growthOnset } from './growth-onset.ts';
import { measureState } from './measured-state.ts';
import type { Note } from './notes.ts';

/** What the scribe works with. */
export interface ScribeOptions {
  fleet: FleetReader;
  incidents: IncidentStore;
  routes: RouteReader;
  /** What monitoring tells. */
  signals: Pick<SignalStore, 'ofService'>;
  /** Left out, nothing is proven of what was done. */
  attributions?: Pick<AttributionStore, 'find'>;
  now: () => number;
}

const everyMs = 5000;
const dayMs = 24 * 3_600_000;
/** What was resolved meanwhile is told, too. */
const afterMs = 60_000;
/** A verdict of so long before belongs to the incident. */
const beforeMs = 3_600_000;
const mostSamples = 1500;
/** Processes whose verdicts are looked at: those that grow the fastest. */
const mostProcesses = 50;
const mostVerdicts = 40;

/** Writes every five seconds what is new, until it is stopped. */
export function keepTimelines(options: ScribeOptions & { onError: (error: unknown) => void }): Rounds {
  return new Rounds(async () => await writeTimelines(options), { everyMs, onError: options.onError });
}

/** Writes what is new, on the timelines of incidents that are open, or were a moment ago. */
export async function writeTimelines(options: ScribeOptions): Promise<void> {
  const { fleet, incidents, now } = options;
  const nowMs = now();
  for (const incident of await incidents.openSince(nowMs - afterMs)) {
    const told = new Set(await incidents.toldOf(incident.id));
    const all = await fleet.processes({ sinceMs: incident.opened_ms - beforeMs, serviceId: incident.service_id });
    const processes = all
      .toSorted((a, b) => (b.bytes_per_second ?? 0) - (a.bytes_per_second ?? 0))
      .slice(0, mostProcesses);
    const notes: Note[] = [];
    if (!told.has(growthRef)) notes.push(...(await growthNotes(fleet, processes, nowMs)));
    for (const process of processes)
      notes.push(...verdictNotes(process, await fleet.verdictChanges(process.id, mostVerdicts), incident));
    // At its end measured once more: by whoever resolved it, or here.
    const { quiet_since_ms: quietMs, resolved_ms: resolvedMs } = incident;
    const ref = resolvedMs === null ? `recovery ${quietMs}` : `recovery resolved ${resolvedMs}`;
    if (quietMs !== null && !told.has(ref)) {
      const asked = { id: incident.id, serviceId: incident.service_id, openedMs: incident.opened_ms };
      const { isRecovered, processes: heard, undecided, sentence } = await measureState(options, asked, nowMs);
      const over = isRecovered ? 'recovered' : 'over, and not all is as usual';
      const calm =
        heard > 0 && undecided === heard ? 'nothing is known to run out any more' : 'nothing runs out any more';
      const how = resolvedMs === null ? calm : over;
      notes.push({ timeMs: nowMs, kind: 'recovery', text: `${how}, as measured: ${sentence}`, ref });
    }
    await incidents.tell(
      incident.id,
      notes.filter((note) => !told.has(note.ref)).sort((a, b) => a.timeMs - b.timeMs),
    );
  }
}

const growthRef = 'growth';

/** Since when the process that grows the fastest does so; nothing while none runs out. */
async function growthNotes(fleet: FleetReader, processes: readonly ProcessRow[], nowMs: number): Promise<Note[]> {
  const worst = processes.find(({ verdict }) => runsOut(verdict));
  if (worst === undefined) return [];
  const samples = await fleet.samples(worst.id, nowMs - dayMs, nowMs + 1, mostSamples);
  const growth = growthOf(samples, worst.verdict === 'native');
  if (growth === null) return [];
  const { fromMs, fromBytes, toBytes, isRss } = growth;
  const slope = worst.bytes_per_second === null ? '' : `, ${pace(worst.bytes_per_second)}`;
  const who = `${worst.instance}${worst.version === '' ? '' : ` (${worst.version})`}`;
  const what = isRss ? 'RSS' : 'live memory';
  const text = `${what} of ${who} began to grow: ${bytes(fromBytes)} then, ${bytes(toBytes)} now${slope}`;
  return [{ timeMs: fromMs, kind: 'growth', text, ref: growthRef }];
}

/** Since when a process grows, and from how much; null where its samples do not show it. */
function growthOf(
  samples: readonly Pick<SampleRow, 'time_ms' | 'floor_bytes' | 'rss_bytes'>[],
  isNative: boolean,
): { fromMs: number; fromBytes: number; toBytes: number; isRss: boolean } | null {
  const hasFloors = samples.some(({ floor_bytes: floor }) => floor !== null);
  const isRss = isNative || !hasFloors;
  const points = samples.flatMap((sample) => {
    const value = isRss ? sample.rss_bytes : sample.floor_bytes;
    return value === null ? [] : [{ timeMs: sample.time_ms, bytes: value }];
  });
  const fromMs = growthOnset(points);
  const first = points.find(({ timeMs }) => timeMs === fromMs);
  const last = points.at(-1);
  if (fromMs === null || first === undefined || last === undefined) return null;
  return { fromMs, fromBytes: first.bytes, toBytes: last.bytes, isRss };
}

/** The first time that a process of a version got a verdict which says that it runs out, or that it no longer does. */
function verdictNotes(
  { instance, version }: ProcessRow,
  changes: readonly VerdictChangeTable[],
  { opened_ms: openedMs }: IncidentRow,
): Note[] {
  return changes
    .filter(({ time_ms: timeMs, verdict, before }) => {
      const isAbout = runsOut(verdict) || (before !== null && runsOut(before) && timeMs >= openedMs);
      return isAbout && timeMs >= openedMs - beforeMs;
    })
    .map(({ time_ms: timeMs, verdict, before }) => ({
      timeMs,
      kind: 'verdict' as const,
      text: `${instance}${version === '' ? '' : ` (${version})`} is judged ${verdict}${before === null ? '' : `, before ${before}`}, the first of its version`,
      ref: `verdict ${verdict} ${version}`,
    }));
}
