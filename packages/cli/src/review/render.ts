/** A review in words, for a terminal, a log, and GitHub. */
import chalk from 'chalk';
import { printable } from '../wording/printable.ts';
import { wrapLine } from '../wording/wrap.ts';
import type { Review, ReviewFinding } from './review.ts';

/** The review for people: findings by file, the checklists, what was not read, and a line that sums up. */
export function renderReview(review: Review, width: number): string {
  const blocks = [...byFile(review.findings)].map(([repoPath, findings]) =>
    [chalk.bold(printable(repoPath)), ...findings.flatMap((finding) => linesOf(finding, width))].join('\n'),
  );
  for (const { repoPath, topic, questions } of review.checklist) {
    const asked = questions.map((question) => `  [ ] ${question}`);
    blocks.push([`${chalk.bold(printable(repoPath))} touches ${topic}s. Before it is merged:`, ...asked].join('\n'));
  }
  if (review.unread.length > 0) {
    const lines = review.unread.map(
      ({ repoPath, line, reason }) =>
        `  ${printable(repoPath)}${line === null ? '' : `:${line}`}  ${printable(reason)}`,
    );
    blocks.push(['Not read:', ...lines].join('\n'));
  }
  return [...blocks, summaryOf(review)].join('\n\n');
}

function byFile(findings: readonly ReviewFinding[]): Map<string, ReviewFinding[]> {
  const files = new Map<string, ReviewFinding[]>();
  for (const finding of findings) {
    const { repoPath } = finding.location;
    files.set(repoPath, [...(files.get(repoPath) ?? []), finding]);
  }
  return files;
}

function linesOf({ location, rule, message, fingerprint }: ReviewFinding, width: number): string[] {
  const head = `  ${chalk.red('LEAK')}  ${location.line}:${location.column}  ${rule}  ${chalk.dim(fingerprint)}`;
  return [head, wrapLine(`        ${printable(message)}`, width, 8)];
}

function summaryOf({ findings, files, base }: Review): string {
  const where =
    base === null
      ? `in ${files} ${files === 1 ? 'file' : 'files'}`
      : `in ${files} changed ${files === 1 ? 'file' : 'files'} since ${base.slice(0, 10)}`;
  return findings.length === 0 ? `Nothing found ${where}.` : `${findings.length} found ${where}.`;
}

/** Workflow commands that GitHub shows beside the lines of a pull request. */
export function renderAnnotations({ findings }: Review): string {
  return findings
    .map(({ location, endLine, rule, message }) => {
      const place = `file=${property(location.repoPath)},line=${location.line},endLine=${endLine},col=${location.column}`;
      return `::error ${place},title=${property(rule)}::${data(message)}`;
    })
    .join('\n');
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
