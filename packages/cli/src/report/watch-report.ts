import type { EndCause } from '@ebb/agent';
import type { Finding, Frame } from '@ebb/heap';
import type { Judgement, Trend } from '@ebb/trend';
import type { ReportedRoutes } from './routes.ts';

/** What a watched series was found to be. */
export type WatchVerdict = Judgement['verdict'];

/** One look into a process, as the report tells it. */
export interface ReportedCapture {
  readonly kind: 'snapshot' | 'profile';
  /** How long the program stood still for it, over all attempts. */
  readonly pauseMs: number;
  /** `fork`: written by a child; `inline`: in the program itself, which stood still meanwhile; `inspector`: a profile. */
  readonly method: 'fork' | 'inline' | 'inspector';
  /** How often a child was tried, where it was more than once. */
  readonly attempts?: number;
}

/** A finding with what only watching can know. */
export type WatchedFinding = Finding & {
  /** Routes whose requests move with the growth. */
  readonly routes?: readonly string[];
  /** Entries that one request adds. */
  readonly entriesPerRequest?: number;
  /** Bytes that one request adds, with about 95 %, where entries tell no route. */
  readonly bytesPerRequest?: number;
  readonly bytesPerRequestInterval?: readonly [number, number];
  /** Node.js had warned of listeners of this event (`MaxListenersExceededWarning`): of the most at one emitter. */
  readonly warned?: ListenersWarning;
};

/** What a `MaxListenersExceededWarning` says. */
export interface ListenersWarning {
  readonly event: string;
  /** The emitter's class, `[EventEmitter]`; empty where the warning names none. */
  readonly emitter: string;
  readonly listeners: number;
  /** Since the process was seen first. */
  readonly afterMs: number;
}

/**
 * What grows, where no snapshot could be taken. Allocation profiles say who allocates that which stays, and not who keeps
 * it; and where V8 has inlined a function, they name the one around it. So this is a hint, and the verdict is made without
 * it.
 */
export interface ReportedHint {
  /** Why there is no snapshot, and what would make one possible. */
  readonly because: { readonly code: string; readonly message: string };
  /** From the first profile to the last; requests are null where there were none. */
  readonly overMs: number;
  readonly requests: number | null;
  /** What was allocated since and is alive, the most grown first: an estimate from so many samples. */
  readonly allocatedAt: readonly {
    /** The allocating function first. */
    readonly stack: readonly Frame[];
    readonly grownBytes: number;
    readonly samples: number;
    readonly bytesPerRequest: number | null;
  }[];
  /** Classes of which more objects are alive; null where they were not counted. */
  readonly classes: readonly { readonly name: string; readonly count: number; readonly grownCount: number }[] | null;
}

/** What was known of a process just before it died. Numbers that are not known are null. */
export interface ReportedDeath {
  readonly cause: EndCause | 'uncaught-error';
  /** False where it follows from the last samples only. */
  readonly sure: boolean;
  readonly heapUsedBytes: number | null;
  readonly heapLimitBytes: number | null;
  readonly rssBytes: number | null;
  /** The container's. */
  readonly rssLimitBytes: number | null;
  readonly growingSinceMs: number | null;
  readonly bytesPerSecond: number | null;
  /** What the finding of the leak had named; the share is of the live heap at its last snapshot. */
  readonly heldBy: {
    readonly subject: string;
    readonly location: string | null;
    readonly retainedBytes: number;
    readonly heapShare: number | null;
  } | null;
  /** Name and code of an error that was not caught. */
  readonly error: string | null;
  readonly inFlight: readonly { readonly request: string; readonly sinceMs: number }[];
  readonly lastMinutes: readonly {
    readonly timeMs: number;
    readonly heapUsedBytes: number | null;
    readonly rssBytes: number | null;
    readonly requests: number | null;
  }[];
}

/** What is told about one process or worker thread, and on top about the gravest. Numbers that are not known (or infinite) are null. */
export interface ReportedProcess {
  readonly pid: number;
  /** 0 is the main thread. */
  readonly threadId: number;
  readonly command: string;
  readonly verdict: WatchVerdict;
  readonly detectedAfterMs: number | null;
  readonly trend: ReportedTrend;
  /** Newest post-GC floor, heap and external memory together. */
  readonly floorBytes: number | null;
  /** HTTP requests answered; null when there were none. */
  readonly requests: number | null;
  readonly captures: readonly ReportedCapture[];
  /** Routes that feed a leak for sure, in bytes a request, by the floors; absent where none can be told from the others. */
  readonly routes?: readonly ReportedRoutes[];
  readonly findings: readonly WatchedFinding[];
  /** What the snapshots showed that is no confirmed leak: suspects, and what has a bound. */
  readonly otherFindings: readonly Finding[];
  /** Present when it grew and no snapshot could be taken: what allocates that which stays. Never a verdict. */
  readonly withoutSnapshots?: ReportedHint;
  /** Present when it died of memory, was killed or aborted. */
  readonly death?: ReportedDeath;
  readonly notes: readonly string[];
}

/** The judge's figures in JSON: infinite ends of intervals are null. */
export interface ReportedTrend {
  readonly bytesPerSecond: number;
  readonly interval: readonly [number | null, number | null];
  readonly bytesPerRequest: number | null;
  readonly secondsToLimit: number | null;
  readonly secondsToLimitInterval: readonly [number | null, number | null] | null;
  readonly limitBytes: number;
}

/** The document that `ebb watch --report FILE` writes. */
export interface WatchReport extends Omit<ReportedProcess, 'pid' | 'threadId' | 'command'> {
  readonly format: 'ebb.watch/1';
  readonly pid: number | null;
  readonly command: readonly string[];
  /**
   * How the program ended. Of a process that Ebb has not started (`attached`) nobody knows it: both are null, and
   * `running` says whether it was still there when the watch ended.
   */
  readonly program: {
    readonly exitCode: number | null;
    readonly signal: string | null;
    readonly attached?: true;
    readonly running?: boolean;
  };
  readonly watchedMs: number;
  /** Present when there were several. */
  readonly processes?: readonly ReportedProcess[];
}

const GRAVITY: readonly WatchVerdict[] = ['clean', 'bounded', 'warming', 'native', 'leak'];

/** The gravest of several: by verdict, then the faster growth, then the more requests served, then the larger floor. */
export function gravest<T extends Pick<ReportedProcess, 'verdict' | 'trend' | 'floorBytes' | 'requests'>>(
  processes: readonly T[],
): T | undefined {
  return [...processes].sort(
    (a, b) =>
      GRAVITY.indexOf(b.verdict) - GRAVITY.indexOf(a.verdict) ||
      (a.verdict === 'leak' || a.verdict === 'native' ? b.trend.bytesPerSecond - a.trend.bytesPerSecond : 0) ||
      (b.requests ?? 0) - (a.requests ?? 0) || // npm and its like are processes too, and serve nobody
      (b.floorBytes ?? 0) - (a.floorBytes ?? 0),
  )[0];
}

/** Puts the report together from what is known of every process, in the order in which they connected. */
export function watchReport(input: {
  command: readonly string[];
  program: WatchReport['program'];
  watchedMs: number;
  processes: readonly ReportedProcess[];
  notes: readonly string[];
}): WatchReport {
  const { command, program, watchedMs, processes } = input;
  const top = gravest(processes);
  return {
    format: 'ebb.watch/1',
    verdict: top?.verdict ?? 'clean',
    detectedAfterMs: top?.detectedAfterMs ?? null,
    trend: top?.trend ?? reportedTrend(null),
    captures: top?.captures ?? [],
    ...(top?.routes === undefined ? {} : { routes: top.routes }),
    findings: top?.findings ?? [],
    otherFindings: top?.otherFindings ?? [],
    pid: top?.pid ?? null,
    floorBytes: top?.floorBytes ?? null,
    requests: top?.requests ?? null,
    command,
    program,
    watchedMs,
    notes: [...input.notes, ...(top?.notes ?? [])],
    ...(top?.withoutSnapshots === undefined ? {} : { withoutSnapshots: top.withoutSnapshots }),
    ...(top?.death === undefined ? {} : { death: top.death }),
    ...(processes.length > 1 ? { processes } : {}),
  };
}

/** A trend as JSON can hold it. */
export function reportedTrend(trend: Trend | null): ReportedTrend {
  if (trend === null)
    return {
      bytesPerSecond: 0,
      interval: [0, 0],
      bytesPerRequest: null,
      secondsToLimit: null,
      secondsToLimitInterval: null,
      limitBytes: 0,
    };
  const within = trend.secondsToLimitInterval;
  return {
    bytesPerSecond: trend.bytesPerSecond,
    interval: [finite(trend.interval[0]), finite(trend.interval[1])],
    bytesPerRequest: trend.bytesPerRequest,
    secondsToLimit: trend.secondsToLimit === null ? null : finite(trend.secondsToLimit),
    secondsToLimitInterval: within === null ? null : [finite(within[0]), finite(within[1])],
    limitBytes: trend.limitBytes,
  };
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
