import { renderFindings, type Beside, type FindingsReport } from '@ebb/heap';
import type { Trend } from '@ebb/trend';
import type { ChalkInstance } from 'chalk';
import { printable } from '../wording/printable.ts';
import { bytes, count, duration, list } from '../wording/quantities.ts';
import { evidence } from './evidence-text.ts';
import { howFast, howLong } from './outlook.ts';
import type { ReportedCapture, WatchedFinding } from './watch-report.ts';

const MOST_TOLD = 3;

/** What is known around a confirmed leak. */
export interface ConfirmedLeak {
  readonly who: string;
  readonly afterMs: number;
  readonly trend: Trend;
  readonly floorBytes: number | null;
  readonly report: FindingsReport;
  readonly findings: readonly WatchedFinding[];
  readonly captures: readonly ReportedCapture[];
}

/** How the text is to look. */
export interface TextStyle {
  readonly chalk: ChalkInstance;
  readonly colour: boolean;
  readonly width: number;
}

/**
 * The message that Ebb exists for. It answers in this order: what (the analyser's title), how bad, how long, where and
 * why (the analyser's path and rows, with the route that feeds it among them), and how we know.
 */
export function confirmedLeakText(leak: ConfirmedLeak, style: TextStyle): string {
  const told = mostTelling(leak.findings);
  const text = renderFindings(
    { ...leak.report, findings: [...told] },
    {
      color: style.colour,
      width: style.width,
      snapshots: false, // The files are gone by the time a watch is read.
      beside: (finding) => {
        const fedBy = routeText(finding);
        const madeBy = allocatorText(finding);
        const before = ['removed', 'library', 'mend'];
        const rows = [
          ...(madeBy === null ? [] : [{ label: 'made by', text: madeBy, before }]),
          ...(fedBy === null ? [] : [{ label: 'fed by', text: fedBy, before }]),
        ];
        if (finding !== told[0]) return { rows };
        return { lines: howBad(leak), rows: [...rows, { label: 'evidence', text: howWeKnow(leak, finding) }] };
      },
    },
  );
  const left = leak.findings.length - told.length;
  const more = `\n\n       ${count(left)} more ${left === 1 ? 'thing' : 'things'} grew; --report FILE tells them all`;
  return `\n${text}${left > 0 ? more : ''}\n`; // room around it, among lines of the program
}

/** Proven leaks, and as many of them as one reads. */
function mostTelling(findings: readonly WatchedFinding[]): readonly WatchedFinding[] {
  const leaks = findings.filter((finding) => finding.verdict === 'leak');
  return (leaks.length > 0 ? leaks : findings).slice(0, MOST_TOLD);
}

function howBad({ floorBytes, trend }: ConfirmedLeak): NonNullable<Beside['lines']> {
  const now = floorBytes === null ? '' : `${bytes(floorBytes)} live now, `;
  const { bytesPerRequest } = trend;
  const perRequest = bytesPerRequest === null || bytesPerRequest <= 0 ? '' : `, ${bytes(bytesPerRequest)} a request`;
  const outlook = howLong(trend);
  return [
    { text: `${now}${howFast(trend)}${perRequest}` },
    ...(outlook === null ? [] : [{ text: outlook, strong: true }]),
  ];
}

function howWeKnow({ who, afterMs, captures }: ConfirmedLeak, { fingerprint, warned }: WatchedFinding): string {
  const before =
    warned === undefined
      ? ''
      : `; Node.js warned of ${count(warned.listeners)} ${printable(warned.event)} listeners after ${duration(warned.afterMs / 1000)}`;
  return `confirmed in ${who} after ${duration(afterMs / 1000)} by ${evidence(captures)}${before}; fingerprint ${fingerprint}`;
}

/** `Session in src/session.ts:12, called by login in src/login.ts:31`; null where nobody knows. */
function allocatorText({ allocatedAt, insertedAt, holder }: WatchedFinding): string | null {
  if (allocatedAt === null) return null;
  const near = [insertedAt, holder.location].find((location) => location?.repoPath !== undefined);
  const root =
    near?.repoPath !== undefined && near.file.endsWith(near.repoPath) ? near.file.slice(0, -near.repoPath.length) : '';
  const relative = (file: string): string => (file.startsWith(root) ? file.slice(root.length) : file);
  const told = allocatedAt.slice(0, 2).map(({ function: name, file, line }) => {
    const where = `${relative(file)}:${line}`;
    return printable(name === '' ? where : `${name} in ${where}`);
  });
  return told.length === 0 ? null : told.join(', called by ');
}

/** `+1 entry per POST /login, 2.1 KB each`, or `POST /login, 2.1 KB a request (2.0 KB to 2.2 KB)`; null when no route and no ratio to the requests fits. */
export function routeText(finding: WatchedFinding): string | null {
  const { routes: named, bytesPerRequest, bytesPerRequestInterval } = finding;
  if (named?.[0] !== undefined && bytesPerRequest !== undefined && bytesPerRequestInterval !== undefined) {
    const [low, high] = bytesPerRequestInterval;
    return `${printable(named[0])}, ${bytes(bytesPerRequest)} a request (${bytes(low)} to ${bytes(high)})`;
  }
  if (finding.routes === undefined || finding.entriesPerRequest === undefined) return null;
  const { entriesPerRequest: ratio } = finding;
  const entries =
    ratio >= 1 ? `+${count(ratio)} ${ratio === 1 ? 'entry' : 'entries'} per` : `+1 entry per ${count(1 / ratio)}`;
  const routes = finding.routes.map((route) => printable(route));
  const what =
    routes.length === 0
      ? ratio >= 1
        ? 'request'
        : 'requests'
      : routes.length === 1
        ? (routes[0] ?? '')
        : `${list(routes)} (they move alike)`;
  const each =
    finding.growthBytes !== undefined &&
    finding.growthCount !== undefined &&
    finding.growthCount > 0 &&
    finding.growthBytes > 0
      ? `, ${bytes(finding.growthBytes / finding.growthCount)} each`
      : '';
  return `${entries} ${what}${each}`;
}
