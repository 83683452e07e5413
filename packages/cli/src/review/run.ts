/** `ebb review` from its options to its exit code. */
import { statSync } from 'node:fs';
import { CliError } from '../errors/cli-error.ts';
import { checkReportPlace, writeReport } from '../report/write-file.ts';
import { baselineOf, readBaseline, withoutKnown } from './baseline.ts';
import { rdjsonOf } from './rdjson.ts';
import { renderAnnotations, renderReview } from './render.ts';
import { review, type Review } from './review.ts';
import { sarifOf } from './sarif.ts';
import { timedDocument } from '../report/timed-document.ts';

/** What the command line says. */
export interface ReviewRequest {
  readonly base?: string;
  readonly sarif?: string;
  readonly rdjson?: string;
  readonly json?: boolean;
  readonly strict?: boolean;
  readonly baseline?: string;
  readonly writeBaseline?: string;
  /** Files that cannot be read as code fail the review, also beside others. */
  readonly failUnread?: boolean;
  readonly maxBytes: number;
}

/**
 * Reviews a folder, writes what was asked for, prints, and returns the exit code.
 *
 * @throws {CliError} EBB_CLI_REVIEW_BASE, EBB_CLI_REVIEW_FOLDER, EBB_CLI_REVIEW_BASELINE, EBB_CLI_REPORT_PLACE, and, when all
 *   is printed, EBB_CLI_REVIEW_UNREAD
 */
export function runReview(folder: string, request: ReviewRequest): number {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new CliError('EBB_CLI_REVIEW_FOLDER', `'${folder}' is no folder`);
  }
  for (const file of [request.sarif, request.rdjson, request.writeBaseline])
    if (file !== undefined) checkReportPlace(file);
  const baseline = request.baseline === undefined ? undefined : readBaseline(request.baseline);
  const { base, strict = false, maxBytes: mostBytes } = request;
  const all = review({ folder, base, strict, mostBytes });
  const result: Review = baseline ? { ...all, findings: withoutKnown(all.findings, baseline) } : all;
  if (request.sarif !== undefined) writeReport(request.sarif, sarifOf(result, '0.1.0'));
  if (request.rdjson !== undefined) writeReport(request.rdjson, rdjsonOf(result));
  if (request.writeBaseline !== undefined) writeReport(request.writeBaseline, baselineOf(all.findings));
  process.stdout.write(request.json === true ? timedDocument(result) : `${textOf(result)}\n`);
  if (request.writeBaseline !== undefined) return 0;
  if (result.findings.length > 0) return 1;
  // One file that is no JavaScript says nothing of the others; where no file could be read, nothing was reviewed.
  const broken = result.unread.filter((each) => each.isBroken);
  const [first] = broken;
  if (first === undefined || (request.failUnread !== true && result.files > 0)) return 0;
  const place = `${first.repoPath}${first.line === null ? '' : `:${first.line}`}`;
  const total = result.files + broken.length;
  const what = `${broken.length} of ${total} ${total === 1 ? 'file' : 'files'} could not be read as code: ${place}: ${first.reason}`;
  throw new CliError('EBB_CLI_REVIEW_UNREAD', what);
}

function textOf(result: Review): string {
  const width = process.stdout.isTTY ? Math.max(60, process.stdout.columns) : 120;
  const text = renderReview(result, width);
  // https://docs.github.com/actions: annotations are lines on standard output.
  const onGitHub = process.env['GITHUB_ACTIONS'] === 'true' && result.findings.length > 0;
  return onGitHub ? `${text}\n${renderAnnotations(result)}` : text;
}
