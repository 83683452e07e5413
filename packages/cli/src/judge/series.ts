/** One series: what the judge said of it, row by row, and what is needed to show it. Constant memory, however long it is. */
import {
  attributeToRoutes,
  MemoryJudge,
  RouteTable,
  type FleetMember,
  type Judgement,
  type MemoryJudgeOptions,
  type MemorySample,
  type RouteShare,
  type Verdict,
} from '@ebb/trend';
import { FloorHistory, type ChartPoint } from '../live/history.ts';
import { printable } from '../wording/printable.ts';
import type { SeriesRow } from './rows.ts';

/** When a verdict was said first, or again after another. */
export interface VerdictChange {
  readonly atSeconds: number;
  readonly verdict: Verdict;
}

/** So many changes of verdict are kept; a series that has more is told by its first and its last ones. */
const MOST_CHANGES = 1000;
/** A series that is sampled more often than this (in seconds) is a program under watch, otherwise a service. */
export const WATCHED_S = 5;
/** The warm-up of a program under watch. */
export const WATCHED_WARMUP_MS = 8000;
/** The warm-up of a service. */
export const SERVICE_WARMUP_MS = 600_000;
/** An age that is less than before by no more than this is the same process', told imprecisely. */
const AGE_SLACK_S = 1;

/** Routes that explain less of the growth than this are not told. */
const LEAST_SHARE = 0.1;
/** Points kept for the chart: it is about so many dots wide. */
const CHART_POINTS = 160;

/** Values of one time, of both kinds where there are both: one sample. */
interface Pending {
  readonly timeS: number;
  readonly line: number;
  rss: SeriesRow | null;
  floor: SeriesRow | null;
}

/** What is known of a series, without the judge in it. */
export type JudgedSeries = Pick<
  SeriesJudge,
  Exclude<
    keyof SeriesJudge,
    'take' | 'settle' | 'end' | 'siblings' | 'usual' | 'leaksAlone' | 'addEvidence' | 'routeTable' | 'nameRoutes'
  >
>;

/** What is thought of a process and its siblings together, and what it does beside them. */
interface BesideSiblings {
  readonly judgement: Judgement;
  readonly size: number;
  readonly stance: FleetMember['stance'];
}

/** Judges one series. Rows come in the order of time; see {@link SeriesJudge.take}. */
export class SeriesJudge {
  readonly name: string;
  readonly file: string;
  readonly changes: VerdictChange[] = [];
  changesOmitted = 0;
  firstLeakAtSeconds: number | null = null;
  /** Share of the way from the first value to the limit that was left at the first leak; null without a limit. */
  leftAtFirstLeak: number | null = null;
  judgement: Judgement | null = null;
  samples = 0;
  /** Values told again for a time that has one: the first one counts. */
  duplicates = 0;
  /** How often another process took the place of the one before, by the age or the version that the rows tell. */
  restarts = 0;
  firstAtSeconds: number | null = null;
  lastAtSeconds: number | null = null;
  firstBytes: number | null = null;
  lastBytes: number | null = null;
  limitBytes: number | null;
  kinds: { rss: boolean; floor: boolean } = { rss: false, floor: false };
  /** Which routes feed the growth, the larger share first; empty where it does not leak, or requests by route are not told. */
  routes: readonly RouteShare[] = [];
  readonly #history = new FloorHistory(CHART_POINTS);
  #table: RouteTable | null = null;
  #leaksAlone = false;
  #judge: MemoryJudge | null = null;
  #warmupMs = SERVICE_WARMUP_MS;
  #ageS: number | null = null;
  #version: string | null = null;
  #pending: Pending | null = null;
  #held: Pending | null = null;

  /** `limitBytes`: the limit where the rows name none. */
  constructor(name: string, file: string, limitBytes: number | null) {
    this.name = name;
    this.file = file;
    this.limitBytes = limitBytes;
  }

  /** The values over time, thinned out evenly, for a chart; the newest is there. */
  get points(): readonly ChartPoint[] {
    const last = this.lastAtSeconds;
    if (last === null || this.lastBytes === null) return [];
    const points = this.#history.points;
    const newest = { timeMs: last * 1000, bytes: this.lastBytes };
    return points.at(-1)?.timeMs === newest.timeMs ? points : [...points, newest];
  }

  /** Takes the next row in. False, and nothing else, when it is older than the one before. */
  take(row: SeriesRow): boolean {
    const pending = this.#pending;
    if (pending !== null && row.timeS < pending.timeS) return false;
    if (pending !== null && row.timeS === pending.timeS) {
      if (pending[row.kind] === null) pending[row.kind] = row;
      else this.duplicates++;
      return true;
    }
    this.#flush();
    this.#pending = { timeS: row.timeS, line: row.line, rss: null, floor: null, [row.kind]: row };
    return true;
  }

  /** What is thought of the process and its siblings together; asked with each sample. */
  siblings: (() => BesideSiblings | null) | null = null;

  /** What the version before did, for a process that begins with the next row; null where that isn't known. */
  usual: NonNullable<MemoryJudgeOptions['usual']> | null = null;

  /** Whether it leaks by its own values, whatever its siblings do. */
  get leaksAlone(): boolean {
    return this.#leaksAlone;
  }

  /** Judges what has come so far, with nothing to come for its time. */
  settle(): void {
    this.#flush();
  }

  /** Judges what has come last. */
  end(): void {
    this.#flush();
    const only = this.#held;
    this.#held = null;
    if (only !== null) this.#observe(only);
  }

  /** What is kept of the requests by route; null where the rows tell none. */
  get routeTable(): RouteTable | null {
    return this.#table;
  }

  /**
   * Finds out which routes feed a leak, by its own table or by one of several processes that leak alike. `routeNames`: in the
   * order of the rows' counts.
   */
  nameRoutes(routeNames: readonly string[], of: RouteTable | null = this.#table): void {
    if (of === null || this.judgement?.verdict !== 'leak') return;
    const { slots, ...state } = of.save();
    const named = slots.map((slot) => ({ ...slot, route: printable(routeNames[Number(slot.route)] ?? slot.route) }));
    const table = RouteTable.restore({ ...state, slots: named });
    const shares = table === null ? [] : (attributeToRoutes(table)?.shares ?? []);
    this.routes = shares.filter(({ share, bytesPerRequest }) => share >= LEAST_SHARE && bytesPerRequest.low > 0);
    for (const { sentence } of this.routes) this.addEvidence(sentence);
  }

  /** Adds a sentence to what is thought of it now. */
  addEvidence(sentence: string): void {
    const { judgement } = this;
    if (judgement !== null) this.judgement = { ...judgement, evidence: [...judgement.evidence, sentence] };
  }

  #flush(): void {
    const pending = this.#pending;
    if (pending === null) return;
    this.#pending = null;
    // How often the series is sampled shows with its second sample; the first waits for it.
    if (this.#judge === null && this.#held === null) {
      this.#held = pending;
      return;
    }
    const first = this.#held;
    this.#held = null;
    if (first !== null) {
      if (pending.timeS - first.timeS < WATCHED_S) this.#warmupMs = WATCHED_WARMUP_MS;
      this.#observe(first);
    }
    this.#observe(pending);
  }

  /** The judge of the process that the row is of. */
  #judgeOf({ ageS, version }: SeriesRow): MemoryJudge {
    const younger = ageS !== null && this.#ageS !== null && ageS < this.#ageS - AGE_SLACK_S;
    const released = version !== null && this.#version !== null && version !== this.#version;
    this.#ageS = ageS ?? this.#ageS;
    this.#version = version ?? this.#version;
    if (this.#judge !== null && (younger || released)) {
      this.restarts++;
      this.#judge = null;
      // Another version may leak elsewhere; another process of the same one leaks alike.
      if (released) this.#table = null;
      else this.#table?.restarted();
    }
    const { usual } = this;
    return (this.#judge ??= new MemoryJudge({ warmupMs: this.#warmupMs, ...(usual === null ? {} : { usual }) }));
  }

  #observe(pending: Pending): void {
    const { timeS } = pending;
    const told = pending.floor ?? pending.rss;
    if (told === null) return;
    this.samples++;
    this.limitBytes = told.limitBytes ?? this.limitBytes;
    this.kinds = { rss: this.kinds.rss || pending.rss !== null, floor: this.kinds.floor || pending.floor !== null };
    this.firstAtSeconds ??= timeS;
    this.firstBytes ??= told.bytes;
    this.lastAtSeconds = timeS;
    // A floor that comes with RSS now and then is what the chart shows; the two have different levels.
    if (pending.floor !== null || !this.kinds.floor) {
      this.lastBytes = told.bytes;
      this.#history.add({ timeMs: timeS * 1000, bytes: told.bytes });
    }
    const own = this.#judgeOf(told).observe(this.#sampleOf(pending));
    this.#leaksAlone = own.verdict === 'leak';
    this.judgement = withSiblings(own, this.siblings?.() ?? null);
    if (pending.floor !== null || !this.kinds.floor) this.#countRoutes(told);
    this.#note(this.judgement.verdict, timeS);
  }

  /** Rows count routes by their columns; what these are called is known at the end of the file. */
  #countRoutes({ timeS, bytes, requests, routes }: SeriesRow): void {
    const counts = routes.flatMap((count, nth) => (count === null ? [] : [[String(nth), count] as const]));
    if (counts.length === 0) return;
    this.#table ??= new RouteTable({ warmupMs: this.#warmupMs });
    this.#table.add({ timeMs: timeS * 1000, bytes, requests, requestsByRoute: Object.fromEntries(counts) });
  }

  #note(verdict: Verdict, timeS: number): void {
    if (this.changes.at(-1)?.verdict === verdict) return;
    if (this.changes.length === MOST_CHANGES) {
      this.changes.splice(MOST_CHANGES / 2, 1);
      this.changesOmitted++;
    }
    this.changes.push({ atSeconds: timeS, verdict });
    if (verdict !== 'leak' || this.firstLeakAtSeconds !== null) return;
    this.firstLeakAtSeconds = timeS;
    const [from, to, now] = [this.firstBytes, this.limitBytes, this.lastBytes];
    if (from !== null && to !== null && now !== null && to > from) {
      this.leftAtFirstLeak = Math.min(1, Math.max(0, (to - now) / (to - from)));
    }
  }

  #sampleOf({ timeS, rss, floor }: Pending): MemorySample {
    const timeMs = timeS * 1000;
    const row = floor ?? rss;
    return {
      timeMs,
      floor: floor === null ? null : { timeMs, heapBytes: floor.bytes, externalBytes: 0, arrayBuffersBytes: 0 },
      // What is not known is no number: the judge makes do with what there is.
      heapUsedBytes: NaN,
      externalBytes: NaN,
      arrayBuffersBytes: NaN,
      rssBytes: rss?.bytes ?? NaN,
      requests: row?.requests ?? null,
      heapLimitBytes: floor === null ? NaN : (floor.limitBytes ?? this.limitBytes ?? NaN),
      rssLimitBytes: rss === null ? null : (rss.limitBytes ?? this.limitBytes),
    };
  }
}

/** A leak that all share is one of each of them; and one that is alone with it is told so. */
function withSiblings(own: Judgement, pool: BesideSiblings | null): Judgement {
  if (pool?.stance === 'odd') {
    const told = `it is odd among its siblings: the ${pool.size} together do not grow so`;
    return { ...own, evidence: [...own.evidence, told] };
  }
  if (pool?.stance !== 'shares') return own;
  const told = `the ${pool.size} processes of its service and version grow alike: ${pool.judgement.evidence[0] ?? ''}`;
  if (own.verdict === 'leak') return { ...own, evidence: [...own.evidence, told] };
  return { ...pool.judgement, evidence: [told, ...pool.judgement.evidence.slice(1)] };
}
