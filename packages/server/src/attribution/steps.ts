/**
 * From changes that were told, and versions that telemetry shows, to the steps that a service went through: what was told
 * of one deploy in several ways is one step, and a version that nobody told of is one as well. Pure.
 *
 * A step comes into processes in one of two ways: with their start (another version, or whatever restarts them all), or while
 * they run (a configuration, a flag). Telemetry's clock counts for the first kind: a step began when the first process
 * with it started, whatever the pipeline's clock says.
 */
import type { ChangeKind } from '../changes/change.ts';
import type { Life } from './life.ts';

/** A change as it was told. */
export interface ToldChange {
  id: number;
  timeMs: number;
  kind: ChangeKind;
  summary: string;
  version: string | null;
  revision: string | null;
}

/** What a service went through at once. */
export interface Step {
  /** What was told of it; none for a version of which nobody told. */
  changes: readonly ToldChange[];
  /** How it comes into a process. */
  comes: 'with the start' | 'while it runs';
  /** When it was there first, by telemetry's clock where that knows. */
  timeMs: number;
  /** How much later than told it was seen first; null where it was not seen by itself. */
  seenLaterMs: number | null;
  /** Of the processes that have it; null where versions do not tell. */
  version: string | null;
  revision: string | null;
  /** Its version ran before. */
  isAgain: boolean;
  /** Some process is known to have it. */
  wasSeen: boolean;
}

/** What is told of the same version within so long is one deploy. */
const sameDeployMs = 2 * 3_600_000;
/** A process may have started so long before its deploy was told to be: clocks, and pipelines that tell late. */
export const earlyMs: number = 30 * 60_000;
/** A told deploy that shows in no process within so long has not come. */
const comesWithinMs = 24 * 3_600_000;
/** What restarts half of the processes within so long comes with their start. */
const restartsWithinMs = 45 * 60_000;
/** What was told so near to a version's first process, without a version of its own, is that version. */
const sameTimeMs = 15 * 60_000;
const shortestRevision = 7;

/** Whether a life runs what is named. */
export function runs(
  life: Pick<Life, 'version' | 'revision'>,
  version: string | null,
  revision: string | null,
): boolean {
  const sameRevision = revision !== null && life.revision !== null && isSameRevision(life.revision, revision);
  if (version !== null && life.version !== '')
    return life.version === version && (revision === null || life.revision === null || sameRevision);
  return sameRevision;
}

function isSameRevision(a: string, b: string): boolean {
  if (a === b) return true;
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.length >= shortestRevision && long.startsWith(short);
}

/** The steps, in the order of time. */
export function stepsOf(changes: readonly ToldChange[], lives: readonly Life[]): Step[] {
  const steps: Step[] = [];
  const unnamed: ToldChange[] = [];
  for (const group of groups(changes)) {
    const { version, revision } = namesOf(group);
    const own = lives.filter((life) => runs(life, version, revision));
    if (own.length === 0) unnamed.push(...group);
    else steps.push(namedStep(group, { version, revision }, own, lives));
  }
  steps.push(...untold(steps, lives));
  for (const change of unnamed.sort((a, b) => a.timeMs - b.timeMs)) placeUnnamed(steps, change, lives);
  return steps.sort(
    (a, b) => a.timeMs - b.timeMs || Number(a.comes === 'with the start') - Number(b.comes === 'with the start'),
  );
}

/** Changes that speak of one deploy; those that name no version stand alone. */
function groups(changes: readonly ToldChange[]): ToldChange[][] {
  const found: ToldChange[][] = [];
  for (const change of changes.toSorted((a, b) => a.timeMs - b.timeMs)) {
    const named = change.version !== null || change.revision !== null;
    // What was told of another version since makes it another deploy: a rollback.
    const others = found.filter((group) => group.some((one) => one.version !== null || one.revision !== null));
    const last = named ? others.findLast((group) => isLive(group[0].kind) === isLive(change.kind)) : undefined;
    const same =
      last !== undefined && change.timeMs - last[0].timeMs <= sameDeployMs && speaksOf(last, change) ? last : undefined;
    if (same === undefined) found.push([change]);
    else same.push(change);
  }
  return found;
}

function speaksOf(group: readonly ToldChange[], change: ToldChange): boolean {
  const { version, revision } = namesOf(group);
  if (version === null && revision === null) return false;
  if (version !== null && change.version !== null && version !== change.version) return false;
  if (revision !== null && change.revision !== null) return isSameRevision(revision, change.revision);
  return version !== null && change.version === version;
}

function isLive(kind: ChangeKind): boolean {
  return kind === 'config' || kind === 'flag';
}

function namesOf(group: readonly ToldChange[]): { version: string | null; revision: string | null } {
  return {
    version: group.find(({ version }) => version !== null)?.version ?? null,
    revision: group.find(({ revision }) => revision !== null)?.revision ?? null,
  };
}

function namedStep(
  group: ToldChange[],
  names: { version: string | null; revision: string | null },
  own: readonly Life[],
  lives: readonly Life[],
): Step {
  const [{ timeMs: toldMs, kind }] = group;
  // A flag of a version that runs on comes while it runs.
  if (isLive(kind)) {
    const base = { changes: group, timeMs: toldMs, seenLaterMs: null, ...names, isAgain: false, wasSeen: true };
    return { ...base, comes: 'while it runs' };
  }
  const starts = own.map(({ startMs }) => startMs).sort((a, b) => a - b);
  const sinceMs = anotherSince(toldMs, own, lives);
  const isAgain = sinceMs !== null;
  // A version that never ran before was there when its first process was, whenever that was told.
  const first = isAgain
    ? starts.find((startMs) => startMs >= Math.max(sinceMs, toldMs - earlyMs) && startMs <= toldMs + comesWithinMs)
    : starts[0];
  return {
    changes: group,
    comes: 'with the start',
    timeMs: first ?? toldMs,
    seenLaterMs: first === undefined ? null : first - toldMs,
    ...names,
    isAgain,
    wasSeen: first !== undefined,
  };
}

/** When the last version came that is newer than this one, and was there when this one was told: then it runs again. */
function anotherSince(toldMs: number, own: readonly Life[], lives: readonly Life[]): number | null {
  const firstMs = own.reduce((least, { startMs }) => Math.min(least, startMs), Infinity);
  const cameMs = new Map<string, number>();
  for (const life of lives) {
    if (own.includes(life)) continue;
    const key = JSON.stringify([life.version, life.revision]);
    cameMs.set(key, Math.min(cameMs.get(key) ?? Infinity, life.startMs));
  }
  const since = [...cameMs.values()].filter((timeMs) => timeMs > firstMs && timeMs < toldMs);
  return since.length === 0 ? null : Math.max(...since);
}

/** Versions that run without anybody having told of them; the one seen first is where it all begins. */
function untold(steps: readonly Step[], lives: readonly Life[]): Step[] {
  const found: Step[] = [];
  const keys = new Map<string, Life>();
  for (const life of lives.toSorted((a, b) => a.startMs - b.startMs)) {
    const key = JSON.stringify([life.version, life.revision]);
    if (!keys.has(key)) keys.set(key, life);
  }
  const [first, ...others] = keys.values();
  if (first === undefined) return [];
  for (const life of others) {
    const { version, revision, startMs } = life;
    if (version === '' && revision === null) continue;
    if (runs(life, first.version === '' ? null : first.version, first.revision)) continue;
    const known = [...steps, ...found].some(
      (step) => step.comes === 'with the start' && step.wasSeen && runs(life, step.version, step.revision),
    );
    if (known) continue;
    const names = { version: version === '' ? null : version, revision };
    found.push({
      changes: [],
      comes: 'with the start',
      timeMs: startMs,
      seenLaterMs: null,
      ...names,
      isAgain: false,
      wasSeen: true,
    });
  }
  return found;
}

/** A change that names no version that runs: part of a deploy at the same time, or a step by itself. */
function placeUnnamed(steps: Step[], change: ToldChange, lives: readonly Life[]): void {
  const { timeMs, kind, version, revision } = change;
  const telemetryNames = lives.some(
    (life) => (version !== null && life.version !== '') || (revision !== null && life.revision !== null),
  );
  if (telemetryNames && !isLive(kind)) {
    // It was told to be there, and no process has it.
    const step = { changes: [change], timeMs, seenLaterMs: null, version, revision, isAgain: false };
    steps.push({ ...step, comes: 'with the start', wasSeen: false });
    return;
  }
  const near = steps.findIndex(
    (step) => step.comes === 'with the start' && !step.isAgain && Math.abs(step.timeMs - timeMs) <= sameTimeMs,
  );
  if (!isLive(kind) && near >= 0) {
    const step = steps[near];
    steps[near] = {
      ...step,
      changes: [...step.changes, change],
      seenLaterMs: step.seenLaterMs ?? step.timeMs - timeMs,
    };
    return;
  }
  const restart = restartAfter(timeMs, lives);
  const step = { changes: [change], version: null, revision: null, isAgain: false, wasSeen: true };
  if (restart === null) steps.push({ ...step, comes: 'while it runs', timeMs, seenLaterMs: null });
  else steps.push({ ...step, comes: 'with the start', timeMs: restart, seenLaterMs: restart - timeMs });
}

/** When the first process was started anew, if half of those that ran were soon after; null else. */
function restartAfter(timeMs: number, lives: readonly Life[]): number | null {
  const running = lives.filter(({ startMs, endMs }) => startMs < timeMs - earlyMs && endMs >= timeMs - earlyMs);
  const soon = timeMs + restartsWithinMs;
  const ended = running.filter(({ endMs }) => endMs <= soon);
  // Another version brings its own restarts.
  const isSame = (life: Life): boolean =>
    running.some(({ version, revision }) => version === life.version && revision === life.revision);
  const started = lives.filter((life) => life.startMs >= timeMs - earlyMs / 2 && life.startMs <= soon && isSame(life));
  const half = Math.max(1, running.length / 2);
  if (running.length === 0 || ended.length < half || started.length < half) return null;
  return started.reduce((least, { startMs }) => Math.min(least, startMs), Infinity);
}
