import { renderFindings, type FindingsReport } from '@ebb/heap';
import type { Trend } from '@ebb/trend';
import type { ChalkInstance } from 'chalk';
import { printable, printableBlock } from '../wording/printable.ts';
import { wrapLine } from '../wording/wrap.ts';
import { bytes, count, duration, list } from '../wording/quantities.ts';
import { howFast, howLong } from './outlook.ts';
import type { ReportedCapture, WatchedFinding } from './watch-report.ts';

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
 * The message that Ebb exists for: how bad and how long first, then what and where (the analyser's own report), then
 * which request feeds it and how we know.
 */
export function confirmedLeakText(leak: ConfirmedLeak, style: TextStyle): string {
  const { chalk } = style;
  const head = `${chalk.bgRed.whiteBright.bold(' LEAK ')} ${chalk.bold(`in ${leak.who}, confirmed after ${duration(leak.afterMs / 1000)}`)}`;
  const now = leak.floorBytes === null ? '' : `${bytes(leak.floorBytes)} live now, `;
  const perRequest =
    leak.trend.bytesPerRequest === null || leak.trend.bytesPerRequest <= 0
      ? ''
      : `, ${bytes(leak.trend.bytesPerRequest)} a request`;
  const outlook = howLong(leak.trend);
  const findings = printableBlock(
    renderFindings(leak.report, { color: style.colour, width: style.width }),
    style.colour,
  ).replace(/^\n+|\n+$/gu, '');
  return [
    wrapLine(head, style.width, 7),
    wrapLine(`       ${now}${howFast(leak.trend)}${perRequest}`, style.width, 7),
    ...(outlook === null ? [] : [wrapLine(`       ${chalk.bold(outlook)}`, style.width, 7)]),
    '',
    findings,
    '',
    ...routeLines(leak.findings, style),
    wrapLine(`  evidence  ${evidence(leak.captures)}`, style.width, 12),
  ].join('\n');
}

/** `3 snapshots; they paused your program for 0.9 s, 1.0 s and 1.1 s`. */
export function evidence(captures: readonly ReportedCapture[]): string {
  if (captures.length === 0) return 'no snapshots';
  const pauses = list(captures.map((capture) => duration(capture.pauseMs / 1000)));
  return `${count(captures.length)} ${captures.length === 1 ? 'snapshot; it' : 'snapshots; they'} paused your program for ${pauses}`;
}

function routeLines(findings: readonly WatchedFinding[], { chalk }: TextStyle): string[] {
  const lines = findings.slice(0, 3).flatMap((finding) => {
    const text = routeText(finding);
    return text === null ? [] : [`  ${findings.length > 1 ? `${printable(holderName(finding))}: ` : ''}${text}`];
  });
  return lines.length === 0
    ? []
    : lines.map((line, index) => `  ${index === 0 ? chalk.bold('fed by') : '      '}${line}`);
}

/** `+1 entry per POST /login, 2.1 KB each`; null when no route and no ratio to the requests fits. */
export function routeText(finding: WatchedFinding): string | null {
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

function holderName(finding: WatchedFinding): string {
  return finding.holder.name || finding.holder.edge || finding.holder.type;
}
