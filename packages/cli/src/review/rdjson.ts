/**
 * A review in Reviewdog's Diagnostic Format (rdjson), for `reviewdog -f=rdjson`.
 * https://github.com/reviewdog/reviewdog/blob/master/proto/rdf/reviewdog.proto
 */
import { readFileSync } from 'node:fs';
import type { Review, ReviewFinding } from './review.ts';

/** The `DiagnosticResult` of a review: findings as errors, what could not be read as warnings. */
export function rdjsonOf({ findings, unread }: Review): object {
  const linesOf = new Map<string, readonly string[]>();
  return {
    source: { name: 'ebb review' },
    diagnostics: [
      ...findings.map((finding) => ({
        message: `${finding.message} (leak ${finding.fingerprint})`,
        location: { path: finding.location.repoPath, range: { start: startOf(finding, linesOf) } },
        severity: 'ERROR',
        code: { value: finding.rule },
      })),
      ...unread.map(({ repoPath, line, reason }) => ({
        message: `not read: ${reason}`,
        location: { path: repoPath, ...(line === null ? {} : { range: { start: { line } } }) },
        severity: 'WARNING',
      })),
    ],
  };
}

/** Reviewdog counts columns in bytes of UTF-8, from 1; ESLint in units of UTF-16. */
function startOf(
  { location: { file, line, column } }: ReviewFinding,
  linesOf: Map<string, readonly string[]>,
): { line: number; column: number } {
  const lines = linesOf.get(file) ?? readFileSync(file, 'utf8').split(/\r\n|[\n\r\u2028\u2029]/u);
  linesOf.set(file, lines);
  return { line, column: Buffer.byteLength(lines[line - 1].slice(0, column - 1)) + 1 };
}
