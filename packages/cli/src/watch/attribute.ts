import type { Finding } from '@ebb/heap';
import type { CapturedSnapshot } from '../evidence/events.ts';
import { attributeToRoutes, type RouteAttribution, type WorkStep } from '../evidence/routes.ts';
import type { WatchedFinding } from '../report/watch-report.ts';

/** Adds to a finding which routes feed it, as far as the counts at the snapshots tell. */
export function withRoutes(finding: Finding, captures: readonly CapturedSnapshot[]): WatchedFinding {
  const attribution = attributionOf(finding, captures);
  if (attribution === null) return finding;
  return { ...finding, routes: attribution.routes, entriesPerRequest: attribution.entriesPerRequest };
}

/** What the counts of requests at the snapshots say about one finding; null when nothing fits. */
function attributionOf(finding: Finding, captures: readonly CapturedSnapshot[]): RouteAttribution | null {
  if (finding.growthCount === undefined) return null;
  const told = finding.steps?.length === captures.length - 1 ? finding.steps : null;
  const steps = captures.slice(1).map((capture, index): WorkStep => {
    const before = captures[index];
    return {
      entries: told?.[index]?.count ?? null,
      requests: capture.requests === null ? null : capture.requests - (before?.requests ?? 0),
      requestsByRoute: subtract(capture.requestsByRoute, before?.requestsByRoute ?? {}),
    };
  });
  return attributeToRoutes(finding.growthCount, steps);
}

function subtract(
  now: Readonly<Record<string, number>>,
  then: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(Object.entries(now).map(([route, count]) => [route, count - (then[route] ?? 0)]));
}
