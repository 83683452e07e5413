/** What an incident does to requests and clients, by route, in figures and in a sentence. */
import type { RouteReader } from '../store/route-minutes.ts';
import { percent } from '../signals/from-agents.ts';
import { estimateClients } from './sketch.ts';
import { stretchOf, type RouteMinute, type Stretch } from './stretch.ts';

/** Requests and clients in a stretch of time. */
export interface Affected {
  fromMs: number;
  toMs: number;
  requests: number;
  slow: number;
  failed: number;
  /** Slow or failed, 0 to 1. */
  requestShare: number;
  /** Distinct clients, and those that met a slow or failed answer: estimates; null where nobody counts them. */
  clients: number | null;
  affectedClients: number | null;
  clientShare: number | null;
}

/** One route's part. */
export interface RouteImpact extends Affected {
  route: string;
}

/** What an incident does. */
export interface Impact {
  /** In words. */
  sentence: string;
  /** All routes together, from the first to the last moment at which one of them was hit. */
  all: Affected;
  /** The routes that were hit, those with the most slow and failed requests first. */
  routes: RouteImpact[];
}

const dayMs = 86_400_000;
const mostRoutes = 20;
const routesNamed = 3;

/**
 * Measures what an incident did until now, or until it was resolved; null when no request was slow or failed more than
 * usually, or nobody told of requests.
 */
export async function measureImpact(
  routes: RouteReader,
  incident: { serviceId: number; openedMs: number; resolvedMs: number | null },
  nowMs: number,
): Promise<Impact | null> {
  const { serviceId, openedMs } = incident;
  const endMs = incident.resolvedMs ?? nowMs;
  const byRoute = new Map<string, RouteMinute[]>();
  for (const minute of await routes.counts(serviceId, openedMs - dayMs, endMs)) {
    const minutes = byRoute.get(minute.route);
    if (minutes === undefined) byRoute.set(minute.route, [minute]);
    else minutes.push(minute);
  }
  const hit = [...byRoute].flatMap(([route, minutes]) => {
    const stretch = route === '' ? null : stretchOf(minutes, { openedMs, endMs });
    return stretch === null ? [] : [{ route, stretch, minutes }];
  });
  if (hit.length === 0) return null;
  const whole: Stretch = {
    fromMs: Math.min(...hit.map(({ stretch }) => stretch.fromMs)),
    toMs: Math.max(...hit.map(({ stretch }) => stretch.toMs)),
  };
  const measured: RouteImpact[] = [];
  const worst = hit.toSorted((a, b) => badIn(b.minutes, b.stretch) - badIn(a.minutes, a.stretch)).slice(0, mostRoutes);
  for (const { route, stretch, minutes } of worst) {
    const sketches = await routes.clients(serviceId, route, stretch.fromMs, stretch.toMs);
    measured.push({ route, ...affected(minutes, stretch, sketches) });
  }
  const sketches = await routes.clients(serviceId, '', whole.fromMs, whole.toMs);
  const all = affected(byRoute.get('') ?? [], whole, sketches);
  return { sentence: sentenceOf(all, measured), all, routes: measured };
}

function affected(
  minutes: readonly RouteMinute[],
  stretch: Stretch,
  sketches: { all: string | null; affected: string | null },
): Affected {
  const own = minutes.filter(({ minuteMs }) => minuteMs >= stretch.fromMs && minuteMs < stretch.toMs);
  const sum = (field: 'requests' | 'failed' | 'good'): number => own.reduce((all, minute) => all + minute[field], 0);
  const [requests, failed] = [sum('requests'), sum('failed')];
  const slow = Math.max(0, requests - failed - sum('good'));
  const clients = sketches.all === null ? null : estimateClients(sketches.all);
  // Two estimates: a part must not be told as more than the whole.
  const met =
    clients === null
      ? null
      : Math.min(clients, sketches.affected === null ? 0 : (estimateClients(sketches.affected) ?? 0));
  return {
    ...stretch,
    requests,
    slow,
    failed,
    requestShare: requests === 0 ? 0 : (slow + failed) / requests,
    clients,
    affectedClients: met,
    clientShare: clients === null || met === null || clients === 0 ? null : met / clients,
  };
}

function badIn(minutes: readonly RouteMinute[], stretch: Stretch): number {
  const { slow, failed } = affected(minutes, stretch, { all: null, affected: null });
  return slow + failed;
}

/** `38 % of requests and about 41 % of clients slow or failing since 14:30 UTC; most on POST /login (92 %)`. */
function sentenceOf(all: Affected, routes: readonly RouteImpact[]): string {
  const clients = all.clientShare === null ? '' : ` and about ${percent(all.clientShare)} of clients`;
  const named = routes.slice(0, routesNamed).map(({ route, requestShare }) => `${route} (${percent(requestShare)})`);
  const times = `from ${clock(all.fromMs)} to ${clock(all.toMs)} UTC`;
  return `${percent(all.requestShare)} of requests${clients} slow or failing ${times}, most of them on ${named.join(', ')}`;
}

function clock(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(11, 16);
}
