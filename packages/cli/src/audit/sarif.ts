/** An audit as SARIF 2.1.0 (OASIS), for code scanning: each finding at the package's line of the lock file. */
import type { Log } from 'sarif';
import { sarifLog } from '../wording/sarif-log.ts';
import type { Audit, AuditFinding } from './audit.ts';

/** The SARIF log of an audit. `lockfile` is the lock file's text, to find lines in it. */
export function auditSarif(audit: Audit, lockfile: string, version: string): Log {
  const rules = [...new Map(audit.findings.map((finding) => [finding.id, finding])).values()];
  return sarifLog({
    tool: {
      driver: {
        name: 'ebb audit',
        version,
        rules: rules.map(({ id, leaks, sources }) => ({ id, shortDescription: { text: leaks }, helpUri: sources[0] })),
      },
    },
    results: audit.findings.map((finding) => ({
      ruleId: finding.id,
      ruleIndex: rules.findIndex(({ id }) => id === finding.id),
      level: finding.isDev === true ? 'warning' : 'error',
      message: { text: messageOf(finding) },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: audit.lockfile },
            region: { startLine: lineOf(lockfile, finding.places[0]) },
          },
        },
      ],
      partialFingerprints: { 'ebbLeakyVersion/v1': `${finding.id}@${finding.version}` },
    })),
  });
}

function messageOf({ package: name, version, leaks, moveTo }: AuditFinding): string {
  return `${name} ${version}: ${leaks} Mended in ${moveTo}.`;
}

function lineOf(text: string, place: string | undefined): number {
  const at = place === undefined ? -1 : text.indexOf(place);
  return at === -1 ? 1 : text.slice(0, at).split('\n').length;
}
