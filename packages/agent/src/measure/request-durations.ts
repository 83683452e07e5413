/**
 * How long requests took, by route and outcome, in bounded memory: at most `maxSeries` histograms of 15 numbers each
 * (about 60 KB for all). What comes beyond is counted together, under the route `other`.
 */
import { Histogram } from './histogram.ts';
import type { CountedRoute } from '../host/route-counts.ts';

/** The ranges that the semantic conventions ask for `http.server.request.duration`, in seconds. */
const durationBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

const otherRoute = 'other';

/** Methods that are told by their name; clients can send anything (RFC 9110, RFC 5789). */
const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'QUERY']);

/** All requests of one route that ended in one way. */
export interface RequestSeries {
  /** `_OTHER` for one that is not known, as the semantic conventions ask. */
  method: string;
  route: string;
  /** Null where the response was cut off: the client never saw it whole. */
  status: number | null;
  /** The status where it is 5xx, `aborted` where it was cut off; null where all went well. */
  errorType: string | null;
  seconds: Histogram;
}

export class RequestDurations {
  readonly #maxSeries: number;
  readonly #series: RequestSeries[] = [];
  #other: RequestSeries | undefined;

  constructor(maxSeries = 200) {
    this.#maxSeries = maxSeries;
  }

  /** How many series there are, with the one for the rest. */
  get size(): number {
    return this.series().length;
  }

  /** @param status null where the connection was closed before the response was written to its end */
  record(counted: CountedRoute<RequestSeries>, status: number | null, seconds: number): void {
    const known = counted.details.find((series) => series.status === status);
    (known ?? this.#make(counted, status)).seconds.record(seconds);
  }

  /** All series, in the order in which they were first met. */
  series(): RequestSeries[] {
    return this.#other === undefined ? this.#series : [...this.#series, this.#other];
  }

  #make(counted: CountedRoute<RequestSeries>, status: number | null): RequestSeries {
    if (this.#series.length >= this.#maxSeries || counted.method === '') {
      this.#other ??= newSeries('_OTHER', otherRoute, null, null);
      return this.#other;
    }
    const errorType = status === null ? 'aborted' : status >= 500 ? String(status) : null;
    const series = newSeries(counted.method, counted.route, status, errorType);
    counted.details.push(series);
    this.#series.push(series);
    return series;
  }
}

function newSeries(method: string, route: string, status: number | null, errorType: string | null): RequestSeries {
  const seconds = new Histogram(durationBounds);
  return { method: knownMethods.has(method) ? method : '_OTHER', route, status, errorType, seconds };
}
