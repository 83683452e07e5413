/** Findings that are known and accepted for now: old code may stay as it is, new code may not add to it. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { CliError } from '../errors/cli-error.ts';
import type { ReviewFinding } from './review.ts';

/** A baseline as it stands in a file. */
export interface Baseline {
  readonly format: 'ebb.review-baseline/1';
  readonly known: readonly { readonly rule: string; readonly fingerprint: string; readonly file: string }[];
}

const shape: z.ZodType<Baseline> = z.object({
  format: z.literal('ebb.review-baseline/1'),
  known: z.array(z.object({ rule: z.string(), fingerprint: z.string(), file: z.string() })),
});

/**
 * Reads a baseline.
 *
 * @throws {CliError} EBB_CLI_REVIEW_BASELINE when there is none, or it is none
 */
export function readBaseline(file: string): Baseline {
  try {
    return shape.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
    throw new CliError('EBB_CLI_REVIEW_BASELINE', `${file} cannot be read as a baseline: ${reason}`, { cause });
  }
}

/** The baseline that accepts these findings. By fingerprint, so that it holds when lines move. */
export function baselineOf(findings: readonly ReviewFinding[]): Baseline {
  const known = findings.map(({ rule, fingerprint, location }) => ({ rule, fingerprint, file: location.repoPath }));
  return { format: 'ebb.review-baseline/1', known };
}

/** The findings that the baseline does not have: of several alike, as many as there are more than it knows. */
export function withoutKnown(findings: readonly ReviewFinding[], { known }: Baseline): ReviewFinding[] {
  const left = new Map<string, number>();
  for (const { rule, fingerprint } of known) {
    const key = `${rule}\n${fingerprint}`;
    left.set(key, (left.get(key) ?? 0) + 1);
  }
  return findings.filter(({ rule, fingerprint }) => {
    const key = `${rule}\n${fingerprint}`;
    const count = left.get(key) ?? 0;
    left.set(key, count - 1);
    return count <= 0;
  });
}
