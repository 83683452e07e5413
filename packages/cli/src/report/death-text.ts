import { printable } from '../wording/printable.ts';
import { bytes, duration, list, rate } from '../wording/quantities.ts';
import { wrapLine } from '../wording/wrap.ts';
import type { TextStyle } from './finding-text.ts';
import type { ReportedDeath } from './watch-report.ts';

/** Whose death it was. */
export interface Deceased {
  readonly pid: number;
  readonly command: string;
}

const COLUMN = 17;
/** So many points of the last minutes are told. */
const MOST_POINTS = 6;

/** What was known of a process just before it died, for a person: what, how full, since when, who held it, what it was doing. */
export function deathText({ pid, command }: Deceased, death: ReportedDeath, style: TextStyle): string {
  const { chalk, width } = style;
  const word = isOfMemory(death) ? chalk.redBright.bold('OUT OF MEMORY') : chalk.yellowBright.bold('DIED');
  const told: readonly (readonly [label: string, text: string | null])[] = [
    ['growing', growth(death)],
    ['held by', heldBy(death)],
    ['heap', course(death)],
    ['in flight', inFlight(death)],
    ['how sure', howSure(death)],
  ];
  const rows = told.flatMap(([label, text]) => (text === null ? [] : [`       ${label.padEnd(COLUMN - 7)}${text}`]));
  const first = `${word}   process ${pid} (${printable(command)}) ${deathSentence(death)}`;
  return `\n${[first, ...rows].map((line) => wrapLine(line, width, COLUMN)).join('\n')}\n`;
}

/** How it died, as the end of a sentence: `ran out of memory: 94 % of the heap's limit was in use (126 MB of 134 MB)`. */
export function deathSentence(death: ReportedDeath): string {
  const heapPart = share(death.heapUsedBytes, death.heapLimitBytes, "the heap's limit was in use");
  const rssPart = share(death.rssBytes, death.rssLimitBytes, "the container's limit was in use");
  switch (death.cause) {
    case 'heap-limit':
      return `ran out of memory: ${heapPart}`;
    case 'killed-for-memory':
      return `was killed for want of memory${rssPart === '' ? '' : `: ${rssPart}`}`;
    case 'uncaught-error':
      return `ended by an error that was not caught (${printable(death.error ?? '')})${heapPart === '' ? '' : `; ${heapPart}`}`;
    case 'killed':
      return `was killed${death.sure ? '' : ', or ended by a signal that it does not handle'}; memory was not short${heapPart === '' ? '' : `: ${heapPart}`}`;
    case 'aborted':
      return `aborted; memory was not short${heapPart === '' ? '' : `: ${heapPart}`}`;
    case 'ended':
      return `ended without a word${heapPart === '' ? '' : `; ${heapPart}`}`;
  }
}

/** Whether memory is what it died of, as far as anybody can tell. */
function isOfMemory({ cause }: ReportedDeath): boolean {
  return cause === 'heap-limit' || cause === 'killed-for-memory' || cause === 'uncaught-error';
}

function share(used: number | null, limit: number | null, ofWhat: string): string {
  if (used === null || limit === null || limit <= 0) return '';
  return `${Math.round((100 * used) / limit)} % of ${ofWhat} (${bytes(used)} of ${bytes(limit)})`;
}

function growth({ growingSinceMs, bytesPerSecond }: ReportedDeath): string | null {
  if (growingSinceMs === null || bytesPerSecond === null) return null;
  return `since ${new Date(growingSinceMs).toTimeString().slice(0, 5)}, ${rate(bytesPerSecond)}`;
}

function heldBy({ heldBy: held }: ReportedDeath): string | null {
  if (held === null) return null;
  const where = held.location === null ? '' : ` in ${held.location}`;
  const part = held.heapShare === null ? '' : `, ${Math.round(100 * held.heapShare)} % of the heap`;
  return printable(`${held.subject}${where}: ${bytes(held.retainedBytes)}${part}, at the last snapshot`);
}

/** `31, 44, 58, 79, 102, 126 MB in the last 70 s` */
function course({ lastMinutes }: ReportedDeath): string | null {
  const first = lastMinutes[0];
  const last = lastMinutes.at(-1);
  if (first === undefined || last === undefined || lastMinutes.length < 2) return null;
  const points = Math.min(MOST_POINTS, lastMinutes.length);
  const chosen = Array.from(
    { length: points },
    (_, k) => lastMinutes[Math.round((k * (lastMinutes.length - 1)) / (points - 1))],
  );
  const told = chosen.map((point) => bytes(point?.heapUsedBytes ?? 0)).join(', ');
  return `${told} in the last ${duration((last.timeMs - first.timeMs) / 1000)}`;
}

function inFlight({ inFlight: requests }: ReportedDeath): string | null {
  return requests.length === 0 ? null : list([...new Set(requests.map(({ request }) => printable(request)))]);
}

function howSure({ sure, cause }: ReportedDeath): string | null {
  if (sure) return null;
  return cause === 'heap-limit' || cause === 'killed-for-memory'
    ? 'by its last samples, and by how it ended as far as that is known'
    : 'nobody saw how it ended';
}
