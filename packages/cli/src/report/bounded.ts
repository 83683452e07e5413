import type { Finding, FindingsReport } from '@ebb/heap';
import { printable } from '../wording/printable.ts';

/** Why growth is no leak (yet), in the analyser's words: `sessions (Map) grew within a bound: its growth slows down …`. */
export function boundedReason(report: FindingsReport): string {
  const first = report.findings.find((finding) => finding.verdict === 'bounded') ?? report.findings[0];
  return first === undefined ? 'what grows has a bound' : boundedSentence(first);
}

/** The same of one finding. */
export function boundedSentence({ subject, reason, bound }: Finding): string {
  return printable(
    bound?.kind === 'slowing' ? `of ${subject}, ${reason}` : `${subject} grew within a bound: ${reason}`,
  );
}
