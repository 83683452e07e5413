import { printable } from '../wording/printable.ts';
import { wrapLine } from '../wording/wrap.ts';
import { bytes, count, duration, list } from '../wording/quantities.ts';
import { boundedSentence } from './bounded.ts';
import { evidence } from './evidence-text.ts';
import { routeText, type TextStyle } from './finding-text.ts';
import { hintLines } from './hint-text.ts';
import { howFast, howLong } from './outlook.ts';
import type { ReportedProcess, WatchedFinding, WatchReport } from './watch-report.ts';

/**
 * The last lines of a watch: what it was, how it ended, what to remember. They stand alone, except when the finding was
 * told in the last moment (`toldAbove`): one line points to it then.
 */
export function summaryText(
  report: WatchReport,
  command: string,
  style: TextStyle,
  { toldAbove = false }: { toldAbove?: boolean } = {},
): string {
  const { chalk } = style;
  const lines = [`${chalk.bold('ebb:')} ${ending(report, printable(command))}`];
  const [first] = report.findings;
  if (toldAbove && report.verdict === 'leak' && first !== undefined) {
    lines.push(`     ${chalk.redBright.bold('LEAK')}: ${whatAndWhere(first)}, as told above`);
    return lines.map((line) => wrapLine(line, style.width, 7)).join('\n');
  }
  lines.push(`     ${verdictSentence(report, style)}`);
  for (const finding of report.findings.slice(0, 3)) {
    lines.push(`     ${chalk.bold(printable(finding.title))}`);
    const { insertedAt } = finding;
    if (insertedAt !== null)
      lines.push(`       added in ${printable(insertedAt.repoPath ?? insertedAt.file)}:${insertedAt.line}`);
    const fedBy = routeText(finding);
    if (fedBy !== null) lines.push(`       fed by ${fedBy}`);
  }
  if (report.withoutSnapshots !== undefined) lines.push(...hintLines(report.withoutSnapshots));
  if (report.captures.length > 0) lines.push(`     ${evidence(report.captures)}`);
  const others = otherProcesses(report.processes ?? [], report.pid);
  if (others !== null) lines.push(`     ${others}`);
  return lines.map((line) => wrapLine(line, style.width, 7)).join('\n');
}

/** How it ended, or that it did not. */
function ending({ program, pid, watchedMs }: WatchReport, command: string): string {
  const time = duration(watchedMs / 1000);
  if (program.attached === true) {
    const who = `process ${pid} (${command})`;
    if (program.running === true) return `${who} runs on without Ebb; it was watched for ${time}`;
    if (program.exitCode !== null) return `${who} ended with exit code ${program.exitCode} after ${time} of watching`;
    return `${who} is gone after ${time} of watching; how it ended is known to whoever started it`;
  }
  const how = program.signal === null ? `ended with exit code ${program.exitCode}` : `was ended by ${program.signal}`;
  return `${command} ${how} after ${time}`;
}

/** `sessions (Map) in src/session-store.ts:12`, as in the title. */
function whatAndWhere({ subject, holder: { location } }: WatchedFinding): string {
  return printable(
    location === null ? subject : `${subject} in ${location.repoPath ?? location.file}:${location.line}`,
  );
}

function verdictSentence(report: WatchReport, { chalk }: TextStyle): string {
  const { trend } = report;
  const floor = report.floorBytes === null ? '' : ` The floor is ${bytes(report.floorBytes)}`;
  const outlook = {
    ...trend,
    interval: known(trend.interval),
    secondsToLimitInterval: trend.secondsToLimitInterval === null ? null : known(trend.secondsToLimitInterval),
  };
  switch (report.verdict) {
    case 'leak': {
      const after =
        report.detectedAfterMs === null ? '' : `, confirmed after ${duration(report.detectedAfterMs / 1000)}`;
      const limit = howLong(outlook);
      return `${chalk.redBright.bold('LEAK')}${after}: ${howFast(outlook)}${limit === null ? '' : `; ${limit}`}`;
    }
    case 'native':
      return `${chalk.yellowBright.bold('NATIVE GROWTH')}: memory outside the JavaScript heap grows, ${howFast(outlook)}; heap snapshots do not show it`;
    case 'warming':
      if (!(trend.bytesPerSecond > 0))
        return `${chalk.cyanBright.bold('NO LEAK SEEN')}: too little was seen for more.${floor}`;
      return `${chalk.cyanBright.bold('NO LEAK CONFIRMED')}: it was still growing, ${howFast(outlook)}, which may be its warm-up.${floor}${suspects(report)}`;
    case 'bounded':
      return `${chalk.greenBright.bold('BOUNDED')}: ${howBounded(report)}.${floor}`;
    case 'clean':
      return `${chalk.greenBright.bold('CLEAN')}: memory does not grow.${floor}`;
  }
}

/** By evidence, where a snapshot showed what holds the bound; otherwise by the look of the series. */
function howBounded({ otherFindings }: WatchReport): string {
  const shown = otherFindings.find((finding) => finding.verdict === 'bounded');
  return shown === undefined ? 'memory grew and levelled off' : boundedSentence(shown);
}

function suspects(report: WatchReport): string {
  const titles = report.otherFindings.slice(0, 2).map((finding) => printable(finding.title));
  return titles.length === 0 ? '' : `; suspects: ${list(titles)}`;
}

function otherProcesses(processes: readonly ReportedProcess[], topPid: number | null): string | null {
  if (processes.length < 2) return null;
  const leaking = processes.filter((process) => process.verdict === 'leak');
  const told = `${count(processes.length)} processes and threads were watched; this is of process ${topPid}`;
  return leaking.length > 1 ? `${told}; ${count(leaking.length)} of them leak` : told;
}

/** Ends that are not known are infinite again, for the words. */
function known([low, high]: readonly [number | null, number | null]): [number, number] {
  return [low ?? -Infinity, high ?? Infinity];
}
