/** What is judged of a service's changes at one moment, and what the timeline tells of it: pure. */
import type { Note } from '../incident/notes.ts';
import { attribute } from './attribute.ts';
import type { Life } from './life.ts';
import type { ServedMinute } from './recovery.ts';
import type { ToldChange } from './steps.ts';
import { tell, type Served, type ToldAttribution } from './told.ts';

/** What requests usually are is taken from the day before the incident; what led to it is not. */
export const usualMs: number = 24 * 3_600_000;
const beforeMs = 30 * 60_000;
const leastRequests = 50;

/** What is known, and the notes of it. */
export interface Judged {
  told: ToldAttribution;
  notes: Note[];
}

/** Judges; null where nothing leaks: evidence that was there is not thrown away when its processes are gone. */
export function judgeChanges(
  known: { changes: readonly ToldChange[]; lives: readonly Life[]; served: readonly ServedMinute[]; openedMs: number },
  nowMs: number,
): Judged | null {
  const found = attribute({ ...known, nowMs });
  if (found.present === null) return null;
  const told = tell(found, nowMs, servedOf(known.served, known.openedMs));
  return { told, notes: notesOf(told, known.openedMs) };
}

/** What requests of before an incident usually were, beside those that are judged. */
export function servedOf(minutes: readonly ServedMinute[], openedMs: number): Served {
  const usual = minutes.filter(({ timeMs }) => timeMs < openedMs - beforeMs);
  const requests = usual.reduce((sum, one) => sum + one.requests, 0);
  const good = usual.reduce((sum, one) => sum + one.good, 0);
  return { minutes, usualBadShare: requests < leastRequests ? null : Math.max(0, requests - good) / requests };
}

/** Each part and each recovery is told once, when it is known. */
function notesOf(told: ToldAttribution, openedMs: number): Note[] {
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
