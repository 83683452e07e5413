/**
 * One incident for one cause: what a service's memory and its signals say together. Pure.
 *
 * - Memory that runs out, or a process that ended near its limit, is the cause; everything else that is told of the service
 *   at the same time is a symptom of it.
 * - Without that, an alert opens an incident as what it is. Where every process was judged and none of them grows, and
 *   collections take little time, the cause lies elsewhere; else it is open.
 */
import type { Finding } from '../findings/finding.ts';
import { findingSentence } from '../findings/words.ts';
import type { ServiceState } from '../judge/fleet.ts';
import { runsOut } from '../judge/pool.ts';
import { highGcShare, percent } from '../signals/from-agents.ts';
import type { SignalKind, SignalSource } from '../signals/signal.ts';
import type { Cause } from './cause.ts';
import { levelOf, rank, type LevelRules } from './decide.ts';
import type { Level } from './level.ts';
import { summaryOf } from './summary.ts';

/** A signal that lasts, as far as a diagnosis needs it. */
export interface Symptom {
  source: SignalSource;
  kind: SignalKind;
  level: Level | null;
  title: string;
  text: string;
}

/** What is known of a service at one moment. */
export interface Known {
  /** Its name. */
  name: string;
  /** Null where none of its processes is heard of. */
  service: ServiceState | null;
  /** The largest share of time that collections take in a process; null where nobody tells it. */
  gcShare: number | null;
  /** Signals that last. */
  symptoms: readonly Symptom[];
  /** What was found to hold its memory, the newest first. */
  findings: readonly Finding[];
  /** What the open incident comes from; null where none is open. */
  before: Cause | null;
  /** Which change brought it, and whether a rollback helps; null where nothing is known of it. */
  advice?: string | null;
}

/** What the incident is about. */
export interface Diagnosis {
  /** Null when nothing is anybody's business. */
  level: Level | null;
  cause: Cause;
  /** The cause first. */
  summary: string;
}

/** Collections that take less than this are what a healthy program has. */
const lowGcShare = 0.1;
const mostNamed = 5;
const longestTitle = 80;

/** Says what it is about. */
export function diagnose(known: Known, rules: LevelRules): Diagnosis {
  const { service, symptoms, before, name } = known;
  const memoryLevel = service === null ? null : levelOf(service, rules);
  const ends = symptoms.filter(isEndNearLimit);
  const alerts = symptoms.filter(mayOpen);
  const level = highest([memoryLevel, ...ends.map((end) => end.level), ...alerts.map((alert) => alert.level)]);
  // Sticky: a process that ended has taken its verdict along, and the alert that is left is still about memory.
  const isMemory = memoryLevel !== null || ends.length > 0 || before === 'memory';
  if (isMemory)
    return {
      level,
      cause: 'memory',
      // Where nothing grows any more there is nothing to roll back.
      summary: sentences(
        memoryWords(known, ends),
        memoryLevel === null && ends.length === 0 ? '' : adviceOf(known),
        symptomWords(known),
      ),
    };
  const cause = causeWithoutMemory(known);
  const words = alerts.length === 0 ? `${name}: what was told is over` : `${name}: ${named(alerts)}`;
  return { level, cause, summary: sentences(words, ...withoutMemoryWords(known, cause)) };
}

/** Alerts that are somebody's business by themselves. */
function mayOpen({ source, kind, level }: Symptom): boolean {
  return source === 'alertmanager' && kind !== 'other' && level !== null;
}

function isEndNearLimit({ source, kind }: Symptom): boolean {
  return source === 'agents' && kind === 'restarts';
}

function causeWithoutMemory({ service, gcShare, before }: Known): Cause {
  if (service === null || gcShare === null) return 'open';
  const isClean = service.versions.every(({ verdicts }) => sum(verdicts) === verdicts.clean + verdicts.bounded);
  if (!isClean) return 'open';
  // What was told as elsewhere stays so until there is a reason.
  return gcShare < (before === 'elsewhere' ? highGcShare : lowGcShare) ? 'elsewhere' : 'open';
}

function withoutMemoryWords({ service, gcShare }: Known, cause: Cause): string[] {
  const collections = gcShare === null ? null : `collections take ${percent(gcShare)} of the time`;
  if (service === null) return ['None of its processes is heard of, so nothing is known of its memory'];
  const processes = `${service.processes} ${service.processes === 1 ? 'process' : 'processes'}`;
  if (cause === 'elsewhere') return [`Memory is not the cause: none of ${processes} grows, and ${collections ?? ''}`];
  if (gcShare !== null && gcShare >= highGcShare)
    return [`It is garbage collection: up to ${percent(gcShare)} of the time; whether memory grows is not decided yet`];
  return [`The cause is open: ${processes}, ${verdictWords(service)}${collections === null ? '' : `; ${collections}`}`];
}

/** As a part of several sentences. */
function adviceOf({ advice }: Known): string {
  return (advice ?? '').replace(/\.$/, '');
}

function memoryWords({ name, service, findings }: Known, ends: readonly Symptom[]): string {
  const growth = service === null ? null : summaryOf(service, findings);
  if (ends.length === 0) return growth ?? `${name}: none of its processes is heard of any more`;
  const end = ends.length === 1 ? ends[0].text : `${ends.length} processes ended near their limit, and run anew`;
  const grows = service !== null && runsOut(service.verdict);
  if (grows && growth !== null) return `${growth}. ${upper(end)}`;
  const culprit = findings.find(({ confirmed }) => confirmed);
  return culprit === undefined ? `${name}: ${end}` : `${name}: ${findingSentence(culprit)}. ${upper(end)}`;
}

/** What else is told: the CPU first, since that is what people are paged for when a leak makes collections run. */
function symptomWords({ gcShare, symptoms }: Known): string {
  const alerts = symptoms.filter(mayOpen);
  const cpu = alerts.filter(({ kind }) => kind === 'cpu');
  const others = alerts.filter(({ kind }) => kind !== 'cpu');
  const isGc = gcShare !== null && gcShare >= highGcShare;
  const told: string[] = [];
  if (cpu.length > 0) {
    const what = cpu.some(({ level }) => level === 'page') ? 'page' : 'alert';
    if (isGc) told.push(`the CPU ${what} is garbage collection: up to ${percent(gcShare)} of the time`);
    else if (gcShare === null) told.push(`there is a CPU ${what}: ${named(cpu)}`);
    else told.push(`the CPU ${what} is not garbage collection, which takes ${percent(gcShare)} of the time`);
  } else if (isGc) told.push(`garbage collection takes up to ${percent(gcShare)} of the time`);
  if (others.length > 0) told.push(`also told: ${named(others)}`);
  return told.join('; ');
}

function named(symptoms: readonly Symptom[]): string {
  const names = [...new Set(symptoms.map(({ title, kind }) => `${short(title)} (${kind})`))];
  const more = names.length - mostNamed;
  return more > 0 ? `${names.slice(0, mostNamed).join(', ')} and ${more} more` : names.join(', ');
}

function verdictWords({ versions }: ServiceState): string {
  const counts = new Map<string, number>();
  for (const { verdicts } of versions)
    for (const [verdict, count] of Object.entries(verdicts)) counts.set(verdict, (counts.get(verdict) ?? 0) + count);
  return [...counts]
    .filter(([, count]) => count > 0)
    .map(([verdict, count]) => `${count} ${verdict}`)
    .join(', ');
}

function highest(levels: readonly (Level | null)[]): Level | null {
  return levels.reduce(
    (most, level) => (level !== null && (most === null || rank[level] > rank[most]) ? level : most),
    null,
  );
}

function sentences(...parts: readonly string[]): string {
  return parts
    .filter((part) => part !== '')
    .map((part, at) => (at === 0 ? part : upper(part)))
    .join('. ');
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, count) => all + count, 0);
}

function upper(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function short(text: string): string {
  return text.length <= longestTitle ? text : `${text.slice(0, longestTitle - 1)}…`;
}
