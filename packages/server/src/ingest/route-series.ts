/**
 * Requests by route, from `http.server.request.duration` as OpenTelemetry's SDKs and Ebb's agent export it (or Prometheus
 * passes it on), and the sketches of distinct clients that the agent adds. Bounded: what is too much is left out.
 */
import { isSketch } from '../impact/sketch.ts';
import type { Point } from './point.ts';
import type { ClientsSketch, RouteSeries, RoutesReport } from './report.ts';

/** A request that takes longer is slow. */
const slowSeconds = 1;
/** The metrics, as `metricName` makes them. */
export const requestDuration = 'http_server_request_duration';
export const clientsMetric = 'ebb_clients';

/** Series and sketches of one process at one moment. */
const mostSeries = 400;
const mostSketches = 64;
const longestRoute = 160;
/** The route of requests for which nobody found one: mostly what does not exist. */
const noRoute = '(no route)';

/** Gathers what is told of a process's requests at one moment. */
export class RouteDraft {
  readonly #series = new Map<string, RouteSeries>();
  readonly #sketches: ClientsSketch[] = [];

  /** Null when nothing was told. */
  get report(): RoutesReport | null {
    if (this.#series.size === 0 && this.#sketches.length === 0) return null;
    return { series: [...this.#series.values()], sketches: this.#sketches };
  }

  /** Takes a point in; false when it is of no use, or too much. */
  take(point: Point): boolean {
    if (point.name === clientsMetric) return this.#takeSketch(point);
    if (!(point.value >= 0)) return false;
    const { inTime } = point;
    // Where the ranges do not tell it, nothing is known to be slow.
    if (inTime !== undefined) return this.#takeCounts(point, { requests: point.value, inTime: inTime ?? point.value });
    const bound = point.labels.get('le') ?? '';
    if (bound === '+Inf') return this.#takeCounts(point, { requests: point.value });
    return Number(bound) === slowSeconds && this.#takeCounts(point, { inTime: point.value });
  }

  #takeCounts({ labels }: Point, counts: Partial<Pick<RouteSeries, 'requests' | 'inTime'>>): boolean {
    const key = seriesKey(labels);
    let series = this.#series.get(key);
    if (series === undefined) {
      if (this.#series.size >= mostSeries) return false;
      series = { key, route: routeOf(labels), isFailing: isFailing(labels), requests: null, inTime: null };
      this.#series.set(key, series);
    }
    Object.assign(series, counts);
    return true;
  }

  #takeSketch({ labels }: Point): boolean {
    const sketch = labels.get('ebb_sketch') ?? '';
    const who = labels.get('ebb_clients');
    if (this.#sketches.length >= mostSketches || !isSketch(sketch) || (who !== 'all' && who !== 'affected'))
      return false;
    const isWhole = !labels.has('http_route') && !labels.has('http_request_method');
    this.#sketches.push({ route: isWhole ? '' : routeOf(labels), who, sketch });
    return true;
  }
}

/**
 * How many requests were answered in time, by a histogram's ranges: those up to the first bound that is no less than a
 * second. Null where the bounds end before.
 */
export function inTimeOf(bounds: readonly number[], counts: readonly number[], all: number): number | null {
  const at = bounds.findIndex((bound) => bound >= slowSeconds);
  if (at < 0 || counts.length !== bounds.length + 1) return null;
  const below = counts.slice(0, at + 1).reduce((sum, count) => sum + count, 0);
  return Number.isFinite(below) && below >= 0 ? Math.min(below, all) : null;
}

/** The ranges of an exponential histogram: the one at `offset` + i is above base ** (offset + i), up to base times that. */
export interface ExponentialRanges {
  offset: number;
  counts: readonly number[];
  /** Of what is not above the threshold. */
  zeroCount: number;
  zeroThreshold: number;
}

/**
 * The same by the ranges of an exponential histogram. A second is base ** 0, whatever the scale: a bound of all of them,
 * below which are the ranges of negative numbers. Null where it is near enough to zero to be taken for it.
 */
export function inTimeOfExponential(
  { offset, counts, zeroCount, zeroThreshold }: ExponentialRanges,
  all: number,
): number | null {
  if (!Number.isInteger(offset) || !(zeroThreshold <= slowSeconds)) return null;
  const below = counts.slice(0, Math.max(0, -offset)).reduce((sum, count) => sum + count, zeroCount);
  return Number.isFinite(below) && below >= 0 ? Math.min(below, all) : null;
}

function routeOf(labels: ReadonlyMap<string, string>): string {
  const method = labels.get('http_request_method') ?? '';
  const route = labels.get('http_route') ?? '';
  if (method === '_OTHER' && route === 'other') return 'other';
  const text = [method, route === '' ? noRoute : route].filter((part) => part !== '').join(' ');
  return text.slice(0, longestRoute).replaceAll('\0', '');
}

/** By the semantic conventions a server sets `error.type` where it failed, not where the client's request was wrong. */
function isFailing(labels: ReadonlyMap<string, string>): boolean {
  const status = labels.get('http_response_status_code') ?? '';
  return (labels.get('error_type') ?? '') !== '' || /^5\d\d$/.test(status);
}

/** All labels but the bound: FNV-1a, 53 bits of two runs; a few hundred of them do not meet by chance. */
function seriesKey(labels: ReadonlyMap<string, string>): string {
  const told = [...labels]
    .filter(([name]) => name !== 'le' && name !== '__name__')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify(told);
  let low = 0x811c9dc5;
  let high = 0x9dc5811c;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x01000193) + i;
  }
  return ((low >>> 0) + (high & 0x1fffff) * 2 ** 32).toString(36);
}
