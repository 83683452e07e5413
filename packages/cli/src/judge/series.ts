/** One series: what the judge said of it, row by row, and what is needed to show it. Constant memory, however long it is. */
import { MemoryJudge, type Judgement, type MemorySample, type Verdict } from '@ebb/trend';
import { FloorHistory, type ChartPoint } from '../live/history.ts';
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
export type JudgedSeries = Pick<SeriesJudge, Exclude<keyof SeriesJudge, 'take' | 'settle' | 'end' | 'siblings'>>;

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
  readonly #history = new FloorHistory(CHART_POINTS);
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

  /** What is thought of the process and its siblings together, and whether it shares in that; asked with each sample. */
  siblings: (() => { judgement: Judgement; size: number; shares: boolean } | null) | null = null;

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
    }
    return (this.#judge ??= new MemoryJudge({ warmupMs: this.#warmupMs }));
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
    this.judgement = withSiblings(this.#judgeOf(told).observe(this.#sampleOf(pending)), this.siblings?.() ?? null);
    this.#note(this.judgement.verdict, timeS);
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
function withSiblings(own: Judgement, pool: { judgement: Judgement; size: number; shares: boolean } | null): Judgement {
  if (pool === null) return own;
  if (pool.judgement.verdict !== 'leak') {
    if (own.verdict !== 'leak') return own;
    return {
      ...own,
      evidence: [...own.evidence, `it is odd among its siblings: the ${pool.size} together do not grow so`],
    };
  }
  if (!pool.shares) return own;
  const told = `the ${pool.size} processes of its service and version grow alike: ${pool.judgement.evidence[0] ?? ''}`;
  if (own.verdict === 'leak') return { ...own, evidence: [...own.evidence, told] };
  return { ...pool.judgement, evidence: [told, ...pool.judgement.evidence.slice(1)] };
}
