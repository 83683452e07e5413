/** What signals and changes say on an incident's timeline: pure. Each is told once, whoever looks. */
import type { Capture, Finding } from '../findings/finding.ts';
import { findingSentence } from '../findings/words.ts';
import type { ChangeRow, SignalRow } from '../store/schema.ts';
import type { IncidentEventKind } from './event-kind.ts';

/** An entry of the timeline about one thing. */
export interface Note {
  /** When it was, which may be before it was told. */
  timeMs: number;
  kind: IncidentEventKind;
  text: string;
  /** What it tells of: a second entry with the same is left out. */
  ref: string;
}

/** A deploy of so long before is worth a look. */
export const changesBeforeMs: number = 24 * 3_600_000;
/** What was found so long before may hold the memory still, as long as the version is the same. */
export const findingsBeforeMs: number = 7 * 24 * 3_600_000;
const longestNote = 600;

/** That a signal began, and that it ended where it has. */
export function notesOfSignal(row: SignalRow, nowMs: number): Note[] {
  const ref = `signal ${row.id}`;
  const by = row.source === 'alertmanager' ? ', told by Alertmanager' : '';
  const level = row.level === null ? '' : `, ${row.level}`;
  const what = `${row.title} (${row.kind}${level}${by})`;
  const began: Note = {
    timeMs: row.started_ms,
    kind: 'symptom',
    text: cut(row.text === '' ? what : `${what}: ${row.text}`),
    ref,
  };
  const { ended_ms: endedMs } = row;
  // An end near a limit is a moment: how long it is minded is nobody's news.
  const isMoment = row.source === 'agents' && row.kind === 'restarts';
  if (endedMs === null || endedMs > nowMs || isMoment) return [began];
  return [began, { timeMs: endedMs, kind: 'symptom-over', text: cut(`${row.title} is over`), ref: `${ref} over` }];
}

/** That the service was changed. */
export function noteOfChange(row: ChangeRow): Note {
  const version = row.version === null || row.summary.includes(row.version) ? '' : `, version ${row.version}`;
  const revision = row.revision === null || row.summary.includes(row.revision) ? '' : `, revision ${row.revision}`;
  const source = row.source === '' ? '' : `, told by ${row.source}`;
  return {
    timeMs: row.time_ms,
    kind: 'change',
    text: cut(`${row.kind}: ${row.summary}${version}${revision}${source}`),
    ref: `change ${row.id}`,
  };
}

/** The captures that it rests on, each once, and what it says; once for each fingerprint, in whichever versions it is. */
export function notesOfFinding(finding: Finding): Note[] {
  return [...finding.captures.map((capture) => noteOfCapture(finding, capture)), noteOfFinding(finding)];
}

function noteOfCapture({ instance, version }: Finding, { kind, takenMs, pauseMs }: Capture): Note {
  const who = [...(instance === '' ? [] : [instance]), ...(version === '' ? [] : [`(${version})`])].join(' ');
  const what = kind === 'snapshot' ? 'heap snapshot' : 'profile of allocations';
  const pause = pauseMs === null ? '' : `; it stood still for ${Math.round(pauseMs)} ms`;
  return {
    timeMs: takenMs,
    kind: 'capture',
    text: cut(`${what}${who === '' ? '' : ` of ${who}`}${pause}`),
    ref: `capture ${kind} ${instance} ${takenMs}`,
  };
}

function noteOfFinding(finding: Finding): Note {
  const { version, routes, firstSeenMs, fingerprint } = finding;
  const fed = routes.length === 0 ? '' : `; fed by ${routes.slice(0, 3).join(', ')}`;
  const where = version === '' ? '' : `; found in ${version}`;
  return {
    timeMs: firstSeenMs,
    kind: 'finding',
    text: cut(`${findingSentence(finding)}${fed}${where}`),
    ref: `finding ${fingerprint}`,
  };
}

function cut(text: string): string {
  return text.length <= longestNote ? text : `${text.slice(0, longestNote - 1)}…`;
}
