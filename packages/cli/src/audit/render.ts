/** An audit in words, for a terminal and a log. */
import chalk from 'chalk';
import { printable } from '../wording/printable.ts';
import { wrapLine } from '../wording/wrap.ts';
import type { Audit, AuditFinding } from './audit.ts';

/** The audit for people: package by package, then Node.js, then a line that sums up. */
export function renderAudit(audit: Audit, width: number): string {
  const byPackage = new Map<string, AuditFinding[]>();
  for (const finding of audit.findings) {
    const name = `${finding.package} ${finding.version}`;
    byPackage.set(name, [...(byPackage.get(name) ?? []), finding]);
  }
  const blocks = [...byPackage].map(([name, findings]) =>
    [headOf(name, findings), ...findings.flatMap((finding) => linesOf(finding, width))].join('\n'),
  );
  return [...blocks, ...nodeLines(audit, width), summaryOf(audit)].join('\n\n');
}

function headOf(name: string, findings: readonly AuditFinding[]): string {
  const [{ isDev, places }] = findings;
  const where = places.length > 1 ? `, in ${places.length} places` : '';
  return `${chalk.bold(printable(name))}${isDev === true ? ' (development only)' : ''}${where}`;
}

function linesOf({ id, leaks, moveTo, from, affected, sources }: AuditFinding, width: number): string[] {
  const since = from === 'major' ? '; since which version is not recorded' : `; affected: ${affected}`;
  return [
    wrapLine(`  ${chalk.red('LEAK')}  ${leaks} Mended in ${moveTo}${since}. ${chalk.dim(id)}`, width, 8),
    ...sources.map((source) => `        ${source}`),
  ];
}

function nodeLines({ node }: Audit, width: number): string[] {
  const { version, endOfLife, isOver, engines, enginesAllowEnded } = node;
  const lines: string[] = [];
  if (isOver && endOfLife !== null) {
    lines.push(
      `${chalk.bold(`node ${version}`)}\n${wrapLine(`  ${chalk.red('END')}   Its support ended on ${endOfLife}: leaks that are found in it are not mended any more. Move to a line that is supported.`, width, 8)}`,
    );
  }
  if (enginesAllowEnded !== null && engines !== null) {
    lines.push(
      wrapLine(
        `note: engines.node (${printable(engines)}) allows Node.js ${enginesAllowEnded}, whose support has ended.`,
        width,
        6,
      ),
    );
  }
  return lines;
}

function summaryOf({ findings, packages, unjudged, list, node }: Audit): string {
  const count = findings.length + (node.isOver ? 1 : 0);
  const what = `${packages} packages and Node.js ${node.version}, held against ${list.leaks} leaks (${list.updated})`;
  const left = unjudged === 0 ? '' : `; ${unjudged} packages come from elsewhere and were not judged`;
  return `${count === 0 ? 'Nothing found' : `${count} found`}: ${what}${left}.`;
}
