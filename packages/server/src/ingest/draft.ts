/**
 * From single points to the figures of a moment: which metric means what, by OpenTelemetry's names and by Prometheus's
 * (dots are underscores there, and the unit is appended).
 */
import type { Verdict } from '@ebb/trend';
import type { Point } from './point.ts';
import { bareVerdict, noFigures, type EdgeVerdict, type Figures, type RoutesReport } from './report.ts';
import { RouteDraft } from './route-series.ts';

const verdicts: ReadonlySet<string> = new Set<Verdict>(['clean', 'warming', 'bounded', 'leak', 'native']);

/** What is read of a metric: nothing, its values only, or its values with their labels. */
export type Use = 'nothing' | 'values' | 'labels';

/** What the points of a metric are good for, by {@link metricName}. */
export function useOf(name: string): Use {
  if (setters[name] === undefined) return 'nothing';
  return labelled.has(name) ? 'labels' : 'values';
}

/** The labels of a point whose labels nobody asks for. */
export const noLabels: Point['labels'] = new Map();

/** Gathers the points of one process and moment. */
export class Draft {
  /** Of its first point. */
  readonly firstMs: number;
  timeMs: number;
  readonly #figures: Figures = noFigures();
  readonly #edge: EdgeVerdict = bareVerdict('warming');
  #routes: RouteDraft | null = null;
  #judged = false;
  #ebbRequests: number | null = null;

  constructor(timeMs: number) {
    this.firstMs = this.timeMs = timeMs;
  }

  /** Takes a point in; false when Ebb has no use for it. */
  take(point: Point): boolean {
    const setter = setters[point.name];
    if (setter === undefined || !Number.isFinite(point.value)) return false;
    if (!setter(this, point)) return false;
    this.timeMs = Math.max(this.timeMs, point.timeMs);
    return true;
  }

  /** What the points say. */
  get figures(): Figures {
    return { ...this.#figures, requests: this.#ebbRequests ?? this.#figures.requests };
  }

  /** What the agent in the process says; null where none does. */
  get edge(): EdgeVerdict | null {
    return this.#judged ? this.#edge : null;
  }

  /** What is told of requests by route; null when nothing is. */
  get routes(): RoutesReport | null {
    return this.#routes?.report ?? null;
  }

  /** Takes requests of a route, or its clients. */
  route(point: Point): boolean {
    this.#routes ??= new RouteDraft();
    return this.#routes.take(point);
  }

  /** Sets a figure; false for what is too large to be one. */
  set(field: keyof Figures, value: number): boolean {
    if (!Number.isFinite(value)) return false;
    this.#figures[field] = value;
    return true;
  }

  /** Adds to a figure that comes in parts. */
  add(field: keyof Figures, value: number): boolean {
    return this.set(field, (this.#figures[field] ?? 0) + value);
  }

  /** Requests as Ebb's agent counts them, which win over other counts. */
  setRequests(value: number): true {
    this.#ebbRequests = value;
    return true;
  }

  /** Sets what the agent says. */
  judge(told: Partial<EdgeVerdict>): true {
    Object.assign(this.#edge, told);
    if (told.verdict !== undefined) this.#judged = true;
    return true;
  }
}

function isEndless(bound: string | undefined): boolean {
  return bound === '+Inf';
}

type Setter = (draft: Draft, point: Point) => boolean;

const figure =
  (field: keyof Figures): Setter =>
  (draft, { value }) =>
    value >= 0 && draft.set(field, value);
const part =
  (field: keyof Figures): Setter =>
  (draft, { value }) =>
    value >= 0 && draft.add(field, value);

/** Metrics whose points are told apart by a label. */
const labelled: ReadonlySet<string> = new Set([
  ...['ebb_memory_limit', 'ebb_verdict', 'ebb_growth', 'ebb_time_to_limit', 'ebb_clients'],
  ...['http_server_request_duration_count', 'http_server_request_duration_seconds_bucket'],
]);

/** What the metrics mean, by {@link metricName}. A Map would do as well; this has no prototype. */
const setters: Readonly<Record<string, Setter | undefined>> = Object.assign(Object.create(null) as object, {
  process_memory_usage: figure('rssBytes'),
  process_resident_memory: figure('rssBytes'),
  container_memory_working_set: figure('rssBytes'),
  v8js_memory_heap_used: part('heapUsedBytes'),
  nodejs_heap_size_used: figure('heapUsedBytes'),
  // Heap, external memory and array buffers.
  ebb_memory_floor: part('floorBytes'),
  ebb_memory_limit: (draft, { labels, value }) => {
    const field = labels.get('ebb_limit_kind') === 'container' ? 'containerLimitBytes' : 'heapLimitBytes';
    return value > 0 && draft.set(field, value);
  },
  // cAdvisor says 0 where there is no limit.
  container_spec_memory_limit: (draft, { value }) => value > 0 && draft.set('containerLimitBytes', value),
  ebb_requests: (draft, { value }) => value >= 0 && draft.setRequests(value),
  http_server_request_duration_count: (draft, point) => {
    const isCount = point.value >= 0 && draft.add('requests', point.value);
    return (point.inTime !== undefined && draft.route(point)) || isCount;
  },
  // From Prometheus: the ranges up to a second, and without end.
  http_server_request_duration_seconds_bucket: (draft, point) => {
    const isCount = isEndless(point.labels.get('le')) && point.value >= 0 && draft.add('requests', point.value);
    return draft.route(point) || isCount;
  },
  ebb_clients: (draft, point) => draft.route(point),
  ebb_gc_share: figure('gcShare'),
  nodejs_eventloop_delay_p99: figure('loopDelayP99Seconds'),
  // Said by an agent whose process ends in order: nobody misses it.
  ebb_ended: (draft, { value, timeMs }) => value === 1 && draft.set('endedMs', timeMs),
  process_uptime: (draft, { value, timeMs }) => value >= 0 && draft.set('startedMs', Math.round(timeMs - value * 1e3)),
  process_start_time: (draft, { value }) => value > 0 && draft.set('startedMs', Math.round(value * 1e3)),
  ebb_verdict: (draft, { labels, value }) => {
    const verdict = labels.get('ebb_verdict') ?? '';
    if (!verdicts.has(verdict)) return false;
    return value === 1 ? draft.judge({ verdict: verdict as Verdict }) : true;
  },
  ebb_suspicious: (draft, { value }) => draft.judge({ suspicious: value === 1 }),
  ebb_growth: (draft, { labels, value }) => {
    const bound = labels.get('ebb_bound');
    if (bound === 'estimate') return draft.judge({ bytesPerSecond: value });
    if (bound === 'low') return draft.judge({ bytesPerSecondLow: value });
    return bound === 'high' && draft.judge({ bytesPerSecondHigh: value });
  },
  ebb_growth_per_request: (draft, { value }) => draft.judge({ bytesPerRequest: value }),
  ebb_time_to_limit: (draft, { labels, value }) => {
    const bound = labels.get('ebb_bound');
    if (bound === 'estimate') return draft.judge({ secondsToLimit: value });
    if (bound === 'soonest') return draft.judge({ secondsToLimitSoonest: value });
    return bound === 'latest' && draft.judge({ secondsToLimitLatest: value });
  },
} satisfies Record<string, Setter>);
