import type { Finding } from './finding.ts';
import { titleOf } from './title.ts';

const WHY = 'names are lost with the end of a file, so that a bound may have gone unseen';

/**
 * What may still be said where a snapshot of the series had lost names: growth is not proven, since a limit beside a
 * collection is known by its name, and the fingerprint is not claimed, since it is made of names.
 */
export function withoutLostNames(findings: Finding[]): Finding[] {
  return findings.map((finding) => {
    const verdict = finding.verdict === 'leak' ? 'suspect' : finding.verdict;
    const told: Finding = { ...finding, verdict, fingerprint: '', reason: `${finding.reason}; ${WHY}` };
    return { ...told, title: titleOf(told) };
  });
}
