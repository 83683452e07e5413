/**
 * Which route feeds what grows: between two snapshots a thing grew by so many entries, and each route was served so many
 * times. The route whose count moved with it in every step is named; when several routes moved alike they are named
 * together, because nothing in the figures tells them apart.
 */
export interface RouteAttribution {
  /** Routes that moved with the growth; the requests as a whole are `[]` with `perRequest` set. */
  readonly routes: readonly string[];
  /** Entries that one request adds: 1 for most leaks, 2 for two listeners a request, 0.5 for one in two. */
  readonly entriesPerRequest: number;
  /** Whether the ratio is to all requests, for want of a route. */
  readonly anyRoute: boolean;
}

/** Counts between two neighbouring snapshots. */
export interface WorkStep {
  /** Entries that were added, or null when only the whole series is known. */
  readonly entries: number | null;
  readonly requests: number | null;
  readonly requestsByRoute: Readonly<Record<string, number>>;
}

const TOLERANCE = 0.05;
/** Requests in flight at a snapshot are counted but not yet stored, or the other way round. */
const IN_FLIGHT = 3;
/** Entries a request, the likeliest first: 1, then 2, ½, 3, ⅓ … */
const RATIOS = [1, 2, 3, 4, 5, 6, 8, 10] as const;
const LEAST_ENTRIES = 30;

/** Holds the growth of a finding against the routes; null when nothing fits. Cost: routes × steps × ratios. */
export function attributeToRoutes(totalEntries: number, steps: readonly WorkStep[]): RouteAttribution | null {
  if (totalEntries < LEAST_ENTRIES || steps.length === 0) return null;
  const names = new Set(steps.flatMap((step) => Object.keys(step.requestsByRoute)));
  names.delete('other');
  const counts = (route: string): number[] => steps.map((step) => step.requestsByRoute[route] ?? 0);
  // With the total alone an odd ratio is soon a coincidence: only the plain ones count then.
  const ratios = steps.some((step) => step.entries === null)
    ? [1, 2, 0.5]
    : RATIOS.flatMap((ratio) => (ratio === 1 ? [1] : [ratio, 1 / ratio]));
  for (const ratio of ratios) {
    const routes = [...names].filter((route) => fits(totalEntries, steps, counts(route), ratio));
    if (routes.length > 0) return { routes, entriesPerRequest: ratio, anyRoute: false };
  }
  const requests = steps.map((step) => step.requests ?? 0);
  for (const ratio of ratios) {
    if (fits(totalEntries, steps, requests, ratio)) return { routes: [], entriesPerRequest: ratio, anyRoute: true };
  }
  return null;
}

function fits(totalEntries: number, steps: readonly WorkStep[], served: readonly number[], ratio: number): boolean {
  const totalServed = served.reduce((sum, value) => sum + value, 0);
  if (totalServed < LEAST_ENTRIES || !near(totalEntries, totalServed * ratio, ratio)) return false;
  return steps.every((step, index) => step.entries === null || near(step.entries, (served[index] ?? 0) * ratio, ratio));
}

function near(entries: number, expected: number, ratio: number): boolean {
  return (
    Math.abs(entries - expected) <= Math.max(TOLERANCE * Math.max(entries, expected), IN_FLIGHT * Math.max(1, ratio))
  );
}
