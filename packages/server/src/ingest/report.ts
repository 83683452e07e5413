/** What one process told at one moment, in Ebb's own terms, whatever the protocol was. */
import type { Verdict } from '@ebb/trend';

/** Who told it. Texts are at most {@link longestText} characters. */
export interface ProcessIdentity {
  service: string;
  /** Empty where nothing is said, as `environment` and `version`. */
  namespace: string;
  environment: string;
  version: string;
  /** Tells the processes of a version apart; empty where nothing does. */
  instance: string;
  revision: string | null;
  host: string | null;
  pid: number | null;
  runtime: string | null;
}

/** What the process's own agent thinks of it. */
export interface EdgeVerdict {
  verdict: Verdict;
  suspicious: boolean;
  bytesPerSecond: number | null;
  bytesPerSecondLow: number | null;
  bytesPerSecondHigh: number | null;
  bytesPerRequest: number | null;
  secondsToLimit: number | null;
  secondsToLimitSoonest: number | null;
  secondsToLimitLatest: number | null;
}

/** Figures of one moment; null is not told. */
export interface Figures {
  startedMs: number | null;
  /** When it ends, as its last word. */
  endedMs: number | null;
  rssBytes: number | null;
  floorBytes: number | null;
  heapUsedBytes: number | null;
  heapLimitBytes: number | null;
  containerLimitBytes: number | null;
  requests: number | null;
  gcShare: number | null;
  loopDelayP99Seconds: number | null;
}

/**
 * Requests that a process has answered so far, of one series: a route, a status, and whatever else the sender tells apart.
 * A count that is not told at this moment is null.
 */
export interface RouteSeries {
  /** Tells the series of a process apart. */
  key: string;
  /** Method and route: `GET /cart/:id`. */
  route: string;
  /** Whether its requests failed: 5xx, or cut off. */
  isFailing: boolean;
  requests: number | null;
  /** Answered in time. */
  inTime: number | null;
}

/** Distinct clients that a process has seen since it last told: see `impact/sketch.ts`. */
export interface ClientsSketch {
  /** Empty for all routes together. */
  route: string;
  /** All, or those that met a slow or failed answer. */
  who: 'all' | 'affected';
  sketch: string;
}

/** What a process tells of its requests by route. */
export interface RoutesReport {
  series: RouteSeries[];
  sketches: ClientsSketch[];
}

/** One process at one moment. */
export interface ProcessReport {
  identity: ProcessIdentity;
  timeMs: number;
  figures: Figures;
  /** Null where no agent judges the process: then the server does. */
  edge: EdgeVerdict | null;
  /** Missing where nothing is told of requests by route. */
  routes?: RoutesReport;
}

/** The longest name, version or instance that is taken. */
export const longestText = 256;

/** The figures that tell nothing. */
export function noFigures(): Figures {
  return {
    startedMs: null,
    endedMs: null,
    rssBytes: null,
    floorBytes: null,
    heapUsedBytes: null,
    heapLimitBytes: null,
    containerLimitBytes: null,
    requests: null,
    gcShare: null,
    loopDelayP99Seconds: null,
  };
}

/** A verdict that tells nothing but its name. */
export function bareVerdict(verdict: Verdict): EdgeVerdict {
  return {
    verdict,
    suspicious: false,
    bytesPerSecond: null,
    bytesPerSecondLow: null,
    bytesPerSecondHigh: null,
    bytesPerRequest: null,
    secondsToLimit: null,
    secondsToLimitSoonest: null,
    secondsToLimitLatest: null,
  };
}
