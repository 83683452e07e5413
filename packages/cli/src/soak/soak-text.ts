import { renderFindings } from '@ebb/heap';
import type { ChalkInstance } from 'chalk';
import { printable, printableBlock } from '../wording/printable.ts';
import { bytes, count } from '../wording/quantities.ts';
import { wrapLine } from '../wording/wrap.ts';
import { rateText } from './place-of.ts';
import type { RouteReport } from './soak-report.ts';

const WORDS = { leak: 'LEAK', bounded: 'BOUNDED', clean: 'CLEAN' } as const;

/** A route in a line, and under it what holds the memory where it leaks. */
export function routeText(route: RouteReport, style: { chalk: ChalkInstance; colour: boolean; width: number }): string {
  const { chalk, colour, width } = style;
  const { verdict, overBudget, findings } = route;
  const paint = { leak: overBudget ? chalk.red.bold : chalk.yellow, bounded: chalk.yellow, clean: chalk.green }[
    verdict
  ];
  const said = { leak: 'leaks ', bounded: 'grows to a bound, at the end by ', clean: 'nothing leaks; drift ' }[verdict];
  const within = verdict === 'leak' && !overBudget ? ', within its budget' : '';
  const line = `${paint(WORDS[verdict].padEnd(8))} ${printable(route.route)}: ${said}${rateText(route, bytes)}${within}, over ${count(route.requests)} requests`;
  const head = wrapLine(line, width, 9);
  const leaks = findings.filter((finding) => finding.verdict === 'leak');
  if (verdict !== 'leak' || leaks.length === 0) return `${head}\n`;
  const report = { format: 'ebb.findings/1', verdict: 'leak', findings: leaks, snapshots: [] } as const;
  const told = renderFindings(
    { ...report, findings: leaks, snapshots: [] },
    { color: colour, width, snapshots: false },
  );
  return `${head}\n\n${printableBlock(told, colour).replace(/^\n+|\n+$/gu, '')}\n\n`;
}
