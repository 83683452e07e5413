/** The timeline in words. Everything that comes from a log is made safe to print. */
import { printable } from '../wording/printable.ts';
import { bytes, count, duration, list } from '../wording/quantities.ts';
import { wrapLine } from '../wording/wrap.ts';
import { kinds, type MemoryErrorKind } from './kinds.ts';
import type { LogRead } from './log-reader.ts';
import type { MemoryEvent } from './memory-event.ts';
import type { FoundEvents } from './timeline.ts';

/** So many of a kind and a process in a row are told one by one. */
const mostAlike = 3;

export function renderTimeline(found: FoundEvents, logs: readonly LogRead[], width: number): string {
  const { events, omitted } = found;
  const lines = logs.reduce((sum, log) => sum + log.lines, 0);
  const where = `${count(lines)} ${lines === 1 ? 'line' : 'lines'} of ${logs.length === 1 ? fileName(logs[0]?.file ?? '') : `${logs.length} logs`}`;
  if (events.length === 0) return `No memory errors in ${where}.`;
  const among = logs.length === 0 ? '' : ` in ${where}`;
  const out = [
    `${count(events.length)} memory ${events.length === 1 ? 'error' : 'errors'}${among}. Times are UTC.`,
    '',
  ];
  for (const alike of grouped(events)) {
    const shown = alike.length > mostAlike ? [alike[0], alike.at(-1)] : alike;
    for (const [at, event] of shown.entries()) {
      if (event === undefined) continue;
      if (at === 1 && alike.length > mostAlike)
        out.push(`${' '.repeat(22)}… ${count(alike.length - 2)} more of the same …`);
      out.push(wrapLine(lineOf(event), width, 22));
    }
  }
  const more = Object.values(omitted).reduce((sum, number) => sum + number, 0);
  if (more > 0) out.push('', `and ${count(more)} more, which were counted only`);
  out.push('');
  for (const kind of new Set(events.map((event) => event.kind))) {
    const { title, meaning, next } = kinds[kind];
    out.push(wrapLine(`${title}: ${meaning}`, width, 4), wrapLine(`    ${next}`, width, 4));
  }
  const notes = assumptions(events);
  if (notes !== null) out.push('', wrapLine(notes, width, 0));
  return out.join('\n');
}

function lineOf(event: MemoryEvent): string {
  const parts = [whoOf(event), ...figuresOf(event)].filter((part) => part !== '');
  const place = `${fileName(event.file)}${event.line === 0 ? '' : `:${event.line}`}`;
  return `${timeOf(event).padEnd(20)}  ${kinds[event.kind].title}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}  (${place})`;
}

function fileName(file: string): string {
  return printable(file === '-' ? 'standard input' : file);
}

function timeOf({ timeMs, sinceBootSeconds }: MemoryEvent): string {
  if (timeMs !== null)
    return new Date(timeMs)
      .toISOString()
      .replace('T', ' ')
      .replace(/\.\d+Z$/, '');
  return sinceBootSeconds === null ? 'no time' : `boot + ${Math.round(sinceBootSeconds)} s`;
}

function whoOf({ origin: { name, pid, unit, container, pod, host } }: MemoryEvent): string {
  const process =
    name === undefined ? (pid === undefined ? '' : `process ${pid}`) : `${name}${pid === undefined ? '' : ` (${pid})`}`;
  const inside = pod ?? container ?? unit;
  const parts = [process, inside === undefined ? '' : `in ${inside}`, host === undefined ? '' : `on ${host}`];
  return printable(parts.filter((part) => part !== '').join(' '));
}

function figuresOf({ figures }: MemoryEvent): string[] {
  const size = (name: string, words: string): string[] =>
    figures[name] === undefined ? [] : [`${words} ${bytes(figures[name])}`];
  return [
    ...size('heapUsedBytes', 'heap'),
    ...size('rssBytes', 'RSS'),
    ...size('usedBytes', 'used'),
    ...size('limitBytes', 'limit'),
    ...(figures['listeners'] === undefined ? [] : [`${count(figures['listeners'])} listeners`]),
    ...(figures['uptimeMs'] === undefined ? [] : [`after ${duration(figures['uptimeMs'] / 1000)}`]),
  ];
}

/** Events in a row that differ in their time only. */
function grouped(events: readonly MemoryEvent[]): MemoryEvent[][] {
  const groups: MemoryEvent[][] = [];
  const key = ({ kind, file, origin: { name, unit, container, pod } }: MemoryEvent): string =>
    JSON.stringify([kind, file, name, unit, container, pod]);
  for (const event of events) {
    const last = groups.at(-1);
    if (last?.[0] !== undefined && key(last[0]) === key(event)) last.push(event);
    else groups.push([event]);
  }
  return groups;
}

function assumptions(events: readonly MemoryEvent[]): string | null {
  const said: Record<string, string> = {
    zone: 'stamps without a zone were read as UTC, or as --zone says',
    year: 'stamps without a year are those of the last year that fits',
    'earlier line': 'a line without a stamp has the time of the line before it that has one',
  };
  const used = new Set<string>(events.flatMap((event) => event.assumed));
  return used.size === 0 ? null : `Assumed: ${list([...used].map((name) => said[name] ?? name))}.`;
}

/** The kinds that occur, with their words, for a report. */
export function wordsOf(events: readonly MemoryEvent[]): Record<string, (typeof kinds)[MemoryErrorKind]> {
  return Object.fromEntries([...new Set(events.map(({ kind }) => kind))].map((kind) => [kind, kinds[kind]]));
}
