/** What of a report is told to a server: the findings, without what only their reader beside the program needs. */
import type { ResourceAttributes } from '@ebb/agent';
import type { ReportedProcess, WatchedFinding } from '../report/watch-report.ts';

/** The server takes so many. */
const MOST_FINDINGS = 50;
const LONGEST_NAME = 1000;
const LONGEST_TITLE = 2000;
const MOST_ROUTES = 20;
const MOST_CAPTURES = 20;

/** The body of `POST /api/v1/findings`, with when the process was looked into; null where there is nothing to tell. */
export function findingsBody(
  resource: ResourceAttributes,
  { trend, findings }: ReportedProcess,
  captures: readonly { kind: 'snapshot' | 'profile'; takenMs: number; pauseMs: number }[],
): object | null {
  // Without a fingerprint nobody knows it again.
  const told = findings.filter(({ fingerprint }) => fingerprint !== '').slice(0, MOST_FINDINGS);
  if (told.length === 0) return null;
  return {
    resource,
    trend: { bytesPerRequest: trend.bytesPerRequest },
    captures: captures.slice(-MOST_CAPTURES),
    findings: told.map(findingOf),
  };
}

function findingOf(finding: WatchedFinding): object {
  const { fingerprint, verdict, kind, holder, insertedAt, sample, retainedBytes, growthBytes, growthCount } = finding;
  const { entriesPerRequest, bytesPerRequest, routes } = finding;
  const { type, name, location } = holder;
  return {
    ...{ fingerprint, verdict, kind, insertedAt, retainedBytes, growthBytes, growthCount },
    ...{ entriesPerRequest, bytesPerRequest },
    title: finding.title.slice(0, LONGEST_TITLE),
    subject: finding.subject.slice(0, LONGEST_NAME),
    holder: { type: type.slice(0, LONGEST_NAME), name: name.slice(0, LONGEST_NAME), location },
    sample: { type: sample.type.slice(0, LONGEST_NAME) },
    ...(finding.package === undefined ? {} : { package: finding.package }),
    ...(routes === undefined ? {} : { routes: routes.slice(0, MOST_ROUTES).map((one) => one.slice(0, LONGEST_NAME)) }),
  };
}
