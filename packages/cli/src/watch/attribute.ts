import type { Finding } from '@ebb/heap';
import type { RouteShare } from '@ebb/trend';
import type { CapturedSnapshot } from '../evidence/events.ts';
import { attributeToRoutes, type RouteAttribution, type WorkStep } from '../evidence/routes.ts';
import type { WatchedFinding } from '../report/watch-report.ts';

/** A finding that holds this share of what the findings grew by is what grows. */
const MAIN_SHARE = 0.7;

/**
 * Adds to findings which routes feed them. By the entries that were counted at the snapshots, where they fit a route: they are
 * exact, and belong to the one finding, so that three snapshots tell the route where floors are too noisy to (see the test). But
 * with few snapshots an odd ratio (an entry in two requests) may fit a route by chance. So a route that leaks for sure by the
 * bytes of all floors has the word about the finding that makes up most of the growth, where entries fit none, or only others.
 */
export function withRoutes(
  findings: readonly Finding[],
  captures: readonly CapturedSnapshot[],
  sure: readonly RouteShare[],
): WatchedFinding[] {
  const grown = findings.reduce((sum, { growthBytes }) => sum + Math.max(0, growthBytes ?? 0), 0);
  const share = sure.length === 1 && (sure[0]?.share ?? 0) >= MAIN_SHARE ? sure[0] : undefined;
  return findings.map((finding) => {
    const fits = attributionOf(finding, captures);
    const isMain = grown > 0 && (finding.growthBytes ?? 0) >= MAIN_SHARE * grown;
    const agree = share === undefined || share.routes.every((route) => fits?.routes.includes(route));
    if (fits !== null && (!isMain || agree)) {
      return { ...finding, routes: fits.routes, entriesPerRequest: fits.entriesPerRequest };
    }
    if (!isMain || share === undefined) return finding;
    const { value, low, high } = share.bytesPerRequest;
    return { ...finding, routes: share.routes, bytesPerRequest: value, bytesPerRequestInterval: [low, high] as const };
  });
}

/** What the counts of requests at the snapshots say about one finding; null when nothing fits. */
function attributionOf(finding: Finding, captures: readonly CapturedSnapshot[]): RouteAttribution | null {
  if (finding.growthCount === undefined || finding.growthCount === 0) return null;
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
