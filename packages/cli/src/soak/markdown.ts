import { bytes, count } from '../wording/quantities.ts';
import { leakOf, placeOf, rateText } from './place-of.ts';
import type { RouteReport, SoakReport } from './soak-report.ts';

/** A summary for a pull request: the table, and what leaks where. */
export function markdown({ routes, failures, warnings, overBudget }: SoakReport): string {
  const head = overBudget ? '### ✗ Routes leak more than their budget' : '### ✓ No route leaks more than its budget';
  const rows = routes.map(
    (route) =>
      `| \`${cell(route.route)}\` | ${route.overBudget ? '**leak**' : route.verdict} | ${cell(rateText(route, bytes))} | ${count(route.requests)} | ${cell(whereText(route))} |`,
  );
  const table = ['| route | verdict | stays behind | requests | held by |', '|---|---|---|---|---|', ...rows];
  const notes = [
    ...failures.map(({ route, code, message }) => `- \`${cell(route)}\` was not measured: ${cell(message)} (${code})`),
    ...warnings.map((warning) => `- ${cell(warning)}`),
  ];
  return `${[head, '', ...table, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n')}\n`;
}

function whereText(route: RouteReport): string {
  const finding = leakOf(route);
  if (finding === undefined) return '';
  const place = placeOf(finding);
  return `${finding.subject}${place === null ? '' : `, ${place.repoPath ?? place.file}:${place.line}`}`;
}

/** Nothing that ends a cell, or is markup. */
function cell(text: string): string {
  return text
    .replace(/[\r\n]+/g, ' ')
    .replace(/[\\`*_[\]<>|#]/g, (character) => (character === '`' ? "'" : `\\${character}`));
}
