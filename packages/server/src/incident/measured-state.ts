/** How a service stands at a moment: what grows, how fast, and what share of its requests is slow or fails. */
import type { AttributionStore } from '../attribution/attribution-store.ts';
import { runsOut } from '../judge/pool.ts';
import { pace } from '../pages/wording.ts';
import { freshMs, percent } from '../signals/from-agents.ts';
import type { FleetReader } from '../store/fleet-reader.ts';
import { runningOf } from '../store/running.ts';
import type { RouteReader } from '../store/route-minutes.ts';
import type { ProcessRow } from '../store/schema.ts';
import { activeSignals, type SignalStore } from '../store/signals.ts';
import { stretchOf, type RouteMinute } from '../impact/stretch.ts';

/** What is measured. */
export interface MeasuredState {
  atMs: number;
  /** Processes heard of in the last three minutes that have not told their end. */
  processes: number;
  /** Those of them that run out of memory. */
  growing: number;
  /** Those that are too young to be judged: as all are after a restart. */
  undecided: number;
  /** What was done last is proven to have helped: its growth was held against the one before, at equal age. */
  isProven: boolean;
  /** Of the process that grows the fastest; null where none tells its growth. */
  bytesPerSecond: number | null;
  interval: [low: number, high: number] | null;
  /** Of the requests of the last minutes, slow or failed, 0 to 1; null where nobody tells of requests. */
  failingShare: number | null;
  /** Whether requests are slow or fail more than they usually do, still. */
  isImpactGoingOn: boolean;
  /** What monitoring tells still, by title; some of it. */
  alerts: string[];
  /**
   * Half of the processes or more are judged, or what was done is proven to have helped; none grows, no impact goes on, and
   * monitoring tells nothing more.
   */
  isRecovered: boolean;
  /** In words. */
  sentence: string;
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
/** The last minutes whose requests are counted: the one that goes on is not whole. */
const recentMinutes = 5;
const mostAlerts = 5;

/** Where it comes from. */
export interface StateSources {
  fleet: FleetReader;
  routes: RouteReader;
  signals: Pick<SignalStore, 'ofService'>;
  /** Left out, nothing is proven. */
  attributions?: Pick<AttributionStore, 'find'>;
}

/** Measures an incident's service now. */
export async function measureState(
  { fleet, routes, signals, attributions }: StateSources,
  { id, serviceId, openedMs }: { id: number; serviceId: number; openedMs: number },
  nowMs: number,
): Promise<MeasuredState> {
  const attribution = (await attributions?.find(id)) ?? null;
  const action = attribution?.changes.findLast(({ recovery }) => recovery !== null);
  const isProven = action?.recovery?.result === 'proven';
  const processes = runningOf(await fleet.processes({ sinceMs: nowMs - freshMs, serviceId }));
  const minutes = await routes.counts(serviceId, openedMs - dayMs, nowMs);
  const rows = await signals.ofService(serviceId, nowMs, nowMs);
  const alerts = activeSignals(rows, nowMs)
    .filter(({ source, kind, level }) => source === 'alertmanager' && kind !== 'other' && level !== null)
    .map(({ title }) => title);
  return stateOf(processes, minutes, { openedMs, nowMs, isProven, alerts: alerts.slice(0, mostAlerts) });
}

type Measured = Pick<ProcessRow, 'verdict' | 'bytes_per_second' | 'bytes_per_second_low' | 'bytes_per_second_high'>;

/** The same from what was read: pure. */
function stateOf(
  processes: readonly Measured[],
  minutes: readonly ({ route: string } & RouteMinute)[],
  { openedMs, nowMs, isProven, alerts }: { openedMs: number; nowMs: number; isProven: boolean; alerts: string[] },
): MeasuredState {
  const growing = processes.filter(({ verdict }) => runsOut(verdict));
  const judged = processes.filter(({ verdict }) => verdict !== 'warming');
  // What a young process takes is its start.
  const fastest = (growing.length > 0 ? growing : judged)
    .filter(({ bytes_per_second: slope }) => slope !== null)
    .sort((a, b) => (b.bytes_per_second ?? 0) - (a.bytes_per_second ?? 0))
    .at(0);
  const bytesPerSecond = fastest?.bytes_per_second ?? null;
  const [low, high] = [fastest?.bytes_per_second_low ?? null, fastest?.bytes_per_second_high ?? null];
  const interval: MeasuredState['interval'] = low === null || high === null ? null : [low, high];
  const sinceMs = Math.floor(nowMs / minuteMs) * minuteMs - recentMinutes * minuteMs;
  const recent = minutes.filter((minute) => minute.route === '' && minute.minuteMs >= sinceMs);
  const sum = (field: 'requests' | 'good'): number => recent.reduce((all, minute) => all + minute[field], 0);
  const requests = sum('requests');
  const failingShare = requests === 0 ? null : Math.max(0, requests - sum('good')) / requests;
  const routes = new Set(minutes.map(({ route }) => route));
  const isImpactGoingOn = [...routes].some((route) => {
    const own = minutes.filter((minute) => minute.route === route);
    const stretch = route === '' ? null : stretchOf(own, { openedMs, endMs: nowMs });
    return stretch !== null && stretch.toMs > sinceMs;
  });
  const undecided = processes.length - judged.length;
  const isMeasured = processes.length > 0 && (undecided <= judged.length || isProven);
  const isRecovered = isMeasured && growing.length === 0 && !isImpactGoingOn && alerts.length === 0;
  const counts = { processes: processes.length, growing: growing.length, undecided, isProven };
  const told = { atMs: nowMs, ...counts, bytesPerSecond, interval };
  const state = { ...told, failingShare, isImpactGoingOn, alerts, isRecovered };
  return { ...state, sentence: sentenceOf(state) };
}

function sentenceOf(state: Omit<MeasuredState, 'sentence'>): string {
  const { processes, failingShare, isImpactGoingOn, alerts } = state;
  if (processes === 0) return 'No process was heard of in the last three minutes, so nothing is measured';
  const memory = memoryWords(state);
  const share =
    failingShare === null ? 'requests are not told' : `${percent(failingShare)} of requests slow or failing`;
  const lasts = alerts.length === 0 ? '' : `; told still: ${alerts.join(', ')}`;
  return `${memory}; ${share}${isImpactGoingOn ? ', more than usually' : ''}${lasts}`;
}

function memoryWords(
  told: Pick<MeasuredState, 'processes' | 'growing' | 'undecided' | 'isProven' | 'bytesPerSecond' | 'interval'>,
): string {
  const { processes, growing, undecided, isProven, bytesPerSecond, interval } = told;
  const many = `${processes} ${processes === 1 ? 'process' : 'processes'}`;
  const young = `${undecided === 1 ? 'is' : 'are'} too young to be judged`;
  if (undecided === processes)
    return `${undecided} of ${many} ${young}${isProven ? ', and what was done is proven to help' : ''}`;
  const [low, high] = interval ?? [null, null];
  const range = low === null || high === null ? '' : ` (${slopeOf(low)} to ${slopeOf(high)})`;
  const slope =
    bytesPerSecond === null ? 'no slope is told' : `the steepest slope is ${slopeOf(bytesPerSecond)}${range}`;
  const grow = `${growing === 0 ? 'none' : growing} of ${many} ${growing > 1 ? 'grow' : 'grows'}`;
  return `${grow}, ${undecided === 0 ? '' : `${undecided} ${young}, `}${slope}`;
}

function slopeOf(bytesPerSecond: number): string {
  const told = pace(bytesPerSecond);
  return told === 'none' ? '0' : told;
}
