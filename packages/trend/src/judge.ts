import { Track } from './history/track.ts';
import type { TrackOptions } from './history/track.ts';
import type { Slope } from './growth/theil-sen.ts';
import { SampleClock } from './intake/clock.ts';
import { readSample } from './intake/reading.ts';
import type { Reading } from './intake/reading.ts';
import {
  STATE_VERSION,
  HEADER,
  BORN,
  BORN_AT,
  SOURCE,
  NEWS,
  FLOOR_AT,
  FLOOR_HEAP,
  FLOOR_INTERVAL,
  REQUESTS,
  LOWEST_USED,
  LOWEST_RSS,
  PEAK_USED,
  CHUNK,
  CHUNK_USED,
  CHUNK_OTHER,
  HEAP_LIMIT,
  RSS_LIMIT,
  RSS,
  JUDGED_AT,
  SCALARS,
  UNKNOWN,
  BY_HEAP,
  BY_RSS,
  NO_NEWS,
  AFTER_GAP,
  AFTER_RESTART,
  NEWS_TOLD,
  ONLY_RSS,
} from './judge-state.ts';
import type { Judgement, Trend, Verdict } from './judgement.ts';
import type { MemorySample } from './sample.ts';
import { decide } from './verdict/decide.ts';
import type { Decision, Thresholds } from './verdict/decide.ts';
import { heapShareOf, widen } from './verdict/figures.ts';
import { trendOf } from './verdict/limits.ts';
import type { Room } from './verdict/limits.ts';
import { StandingLeak } from './verdict/standing.ts';
import { settlesAt, wouldChange } from './verdict/outlook.ts';
import { tell } from './verdict/tell.ts';
import { type AllThresholds, nativeThresholds, thresholdsOf } from './verdict/thresholds.ts';
import { span } from './verdict/words.ts';

/** How a judge is set up; the defaults suit a process that is judged from its start, a sample a second. */
export interface MemoryJudgeOptions {
  /**
   * What is seen in the first so many milliseconds is start-up, not growth; and growth is a leak only when it lasts nine
   * times as long or more (see `Patience`). Default 8,000, for a program that is watched; 600,000 suits a service that is
   * sampled once a minute.
   */
  warmupMs?: number;
  /** The chance that a series that never grows is ever called `leak` or `native`, under the noise model of `GrowthTest`. Default 0.001. */
  falseLeakRate?: number;
  /** The chance that a series that never grows is ever `suspicious`, under the noise models of both tests. Default 0.1. */
  falseSuspicionRate?: number;
}

/** The coarser tracks take the lowest value of each so many seconds. */
const CHUNK_S = 4;
/** Without a floor for so long, in intervals between floors and in seconds, the lower envelope is judged instead. */
const STALE_FLOORS = 10;
const STALE_S = 60;
/** A new process takes the place of the old one when heap and RSS fall below this share of their lowest. */
const REBORN_SHARE = 0.5;
/** Memory in use that grows at this share of the pace of the rest explains the rest. */
const OUTRUN_SHARE = 0.75;
/**
 * Judges one process from its memory samples: does it leak, how fast, and when does it meet its limit.
 *
 * Pure and deterministic: no clock, no I/O. Under 8 KB of state and constant time a sample, however long the series.
 * What is judged is the floor (heap plus external memory just after a full collection); while floors are missing, the
 * lower envelope of the memory in use, more slowly and never as a proven `leak`; where nothing but RSS is known, RSS, with
 * more patience; and, apart from these, what RSS holds beyond heap and external memory (`native`).
 */
export class MemoryJudge {
  readonly #warmupS: number;
  readonly #state: Float64Array;
  readonly #scalars: Float64Array;
  readonly #clock: SampleClock;
  readonly #floors: Track;
  readonly #envelope: Track;
  readonly #native: Track;
  readonly #standing: StandingLeak;
  readonly #thresholds: AllThresholds;
  #stale = false;
  #judgement: Judgement = NOTHING_YET;

  constructor(options: MemoryJudgeOptions = {}) {
    this.#warmupS = (options.warmupMs ?? 8000) / 1000;
    this.#thresholds = thresholdsOf(options.falseLeakRate ?? 0.001, options.falseSuspicionRate ?? 0.1, this.#warmupS);
    // The slower a program starts, the coarser its finest blocks may be, and the longer its longest: nearly six hours for a service.
    const finestS = Math.max(1, this.#warmupS / 60);
    const floors: TrackOptions = { points: 46, baseS: finestS, scales: 12, warmupS: this.#warmupS, early: true };
    const envelope: TrackOptions = { points: 20, baseS: CHUNK_S, scales: 11, warmupS: this.#warmupS, early: false };
    const native: TrackOptions = { ...envelope, scales: 9 };
    const sizes = [
      SCALARS,
      SampleClock.size,
      StandingLeak.size,
      Track.size(floors),
      Track.size(envelope),
      Track.size(native),
    ];
    this.#state = new Float64Array(sizes.reduce((sum, size) => sum + size));
    let at = 0;
    const [scalars, clock, standing, ...tracks] = sizes.map((size) => this.#state.subarray(at, (at += size)));
    this.#scalars = scalars;
    this.#clock = new SampleClock(clock);
    this.#standing = new StandingLeak(standing);
    this.#floors = new Track(floors, tracks[0]);
    this.#envelope = new Track(envelope, tracks[1]);
    this.#native = new Track(native, tracks[2]);
  }

  /** Takes the next sample in, and says what is to be thought of the process now. Never throws. */
  observe(sample: MemorySample): Judgement {
    this.update(sample);
    return this.judgement;
  }

  /** Takes the next sample in: about a microsecond. What it means is worked out when it is asked for. Never throws. */
  update(sample: MemorySample): void {
    const reading = readSample(sample);
    if (reading === null) return;
    const arrival = this.#clock.arrive(reading.timeMs);
    if (arrival === 'ignored') return;
    const scalars = this.#scalars;
    if (scalars[BORN] === 0) this.#begin(NO_NEWS);
    else if (arrival === 'gap') this.#begin(AFTER_GAP);
    else if (this.#isReborn(reading)) this.#begin(AFTER_RESTART);
    this.#takeSource(reading);
    const nowS = (this.#clock.nowMs - scalars[BORN_AT]) / 1000;
    const news = this.#takeFloor(reading, nowS);
    const chunkNews = this.#takeChunk(reading, nowS);
    if (news || chunkNews) this.#isNews(reading);
  }

  /** What the next judgement rests on, whenever it is asked for. */
  #isNews(reading: Reading): void {
    const scalars = this.#scalars;
    scalars[JUDGED_AT] = this.#clock.nowMs;
    scalars[HEAP_LIMIT] = reading.heapLimitBytes ?? 0;
    scalars[RSS_LIMIT] = reading.rssLimitBytes ?? 0;
    scalars[RSS] = reading.rssBytes ?? 0;
    this.#stale = true;
  }

  /** What is to be thought of the process now; costs some ten microseconds when a floor has come since it was last asked for. */
  get judgement(): Judgement {
    if (this.#stale) {
      this.#stale = false;
      this.#judgement = this.#judge();
    }
    return this.#judgement;
  }

  /**
   * The natural logarithm of an e-value against "it does not grow": what the bets on the judged series have made of one, with
   * all prices paid. For pooling with those of other processes: see `meanEvidence` and `growingOnes`.
   */
  get logEvidence(): number {
    return this.#floors.growth.strongest().proof;
  }

  /**
   * All that the judge knows, under 8 KB, so that it can go on after a restart of the program that judges, or elsewhere.
   * Float64 numbers in the machine's byte order.
   */
  save(): Uint8Array {
    const saved = new Float64Array(HEADER + this.#state.length);
    saved[0] = STATE_VERSION;
    saved[1] = this.#warmupS;
    saved.set(this.#state, HEADER);
    return new Uint8Array(saved.buffer);
  }

  /**
   * The judge that was saved, with the verdicts that it would have given. Give it the options that it had. Null when the
   * bytes are not a whole state of this version of Ebb and of this warm-up: then judge anew.
   */
  static restore(saved: Uint8Array, options: MemoryJudgeOptions = {}): MemoryJudge | null {
    const judge = new MemoryJudge(options);
    if (saved.byteLength !== (HEADER + judge.#state.length) * 8) return null;
    const numbers = new Float64Array(Uint8Array.from(saved).buffer);
    if (numbers[0] !== STATE_VERSION || numbers[1] !== judge.#warmupS) return null;
    judge.#state.set(numbers.subarray(HEADER));
    judge.#stale = judge.#scalars[BORN] !== 0;
    return judge;
  }

  #begin(news: number): void {
    const scalars = this.#scalars;
    scalars.fill(0);
    scalars[BORN] = 1;
    scalars[BORN_AT] = scalars[JUDGED_AT] = this.#clock.nowMs;
    scalars[FLOOR_AT] = Number.NEGATIVE_INFINITY;
    scalars[REQUESTS] = Number.NaN;
    scalars[LOWEST_USED] = scalars[LOWEST_RSS] = Number.POSITIVE_INFINITY;
    scalars[CHUNK] = Number.NaN;
    scalars[CHUNK_USED] = scalars[CHUNK_OTHER] = Number.POSITIVE_INFINITY;
    scalars[NEWS] = news;
    this.#floors.clear();
    this.#envelope.clear();
    this.#native.clear();
    this.#standing.clear();
    this.#stale = true;
  }

  #isReborn(reading: Reading): boolean {
    const scalars = this.#scalars;
    if (reading.requests !== null && !Number.isNaN(scalars[REQUESTS])) return reading.requests < scalars[REQUESTS];
    if (reading.rssBytes === null || !(reading.rssBytes < scalars[LOWEST_RSS] * REBORN_SHARE)) return false;
    if (scalars[SOURCE] === BY_RSS) return true;
    return reading.usedBytes !== null && reading.usedBytes < scalars[LOWEST_USED] * REBORN_SHARE;
  }

  #takeSource(reading: Reading): void {
    const scalars = this.#scalars;
    if (reading.requests !== null) scalars[REQUESTS] = reading.requests;
    const heapIsSeen = reading.usedBytes !== null || reading.floor !== null;
    if (scalars[SOURCE] !== BY_HEAP && heapIsSeen) {
      if (scalars[SOURCE] === BY_RSS) this.#floors.clear();
      scalars[SOURCE] = BY_HEAP;
    } else if (scalars[SOURCE] === UNKNOWN && reading.rssBytes !== null) scalars[SOURCE] = BY_RSS;
  }

  #takeFloor(reading: Reading, nowS: number): boolean {
    const scalars = this.#scalars;
    const { usedBytes, floor } = reading;
    if (scalars[SOURCE] === BY_RSS) {
      if (reading.rssBytes === null) return false;
      scalars[FLOOR_AT] = this.#clock.nowMs;
      this.#floors.add(nowS, reading.rssBytes, 0, scalars[REQUESTS]);
      return true;
    }
    if (floor !== null) {
      const floorMs = Math.min(this.#clock.mend(floor.timeMs), this.#clock.nowMs);
      if (floorMs > scalars[FLOOR_AT]) {
        const elapsedS = (floorMs - scalars[FLOOR_AT]) / 1000;
        if (Number.isFinite(elapsedS)) scalars[FLOOR_INTERVAL] += (elapsedS - scalars[FLOOR_INTERVAL]) / 8;
        scalars[FLOOR_AT] = floorMs;
        scalars[FLOOR_HEAP] = floor.heapBytes;
        // A floor from before the judge was there counts as seen at its beginning.
        const floorS = Math.max(0, (floorMs - scalars[BORN_AT]) / 1000);
        this.#floors.add(floorS, floor.totalBytes, floor.heapBytes, scalars[REQUESTS]);
        return true;
      }
    }
    // Less in use than at the last floor: the live set has shrunk to this or less, even though nothing was collected fully.
    if (usedBytes !== null && usedBytes < this.#floors.newestBytes) {
      this.#floors.add(nowS, usedBytes, Math.min(scalars[FLOOR_HEAP], usedBytes), scalars[REQUESTS]);
      return true;
    }
    return false;
  }

  /** True when a chunk of the coarser tracks has just ended. */
  #takeChunk(reading: Reading, nowS: number): boolean {
    const scalars = this.#scalars;
    const { usedBytes, rssBytes } = reading;
    const chunk = Math.floor(nowS / CHUNK_S);
    const ended = chunk !== scalars[CHUNK] && !Number.isNaN(scalars[CHUNK]);
    if (ended) {
      const endS = (scalars[CHUNK] + 1) * CHUNK_S;
      const used = scalars[CHUNK_USED];
      if (used < Number.POSITIVE_INFINITY) this.#envelope.add(endS, used, used, scalars[REQUESTS]);
      const other = scalars[CHUNK_OTHER];
      if (other < Number.POSITIVE_INFINITY) this.#native.add(endS, other, 0, scalars[REQUESTS]);
      scalars[CHUNK_USED] = scalars[CHUNK_OTHER] = Number.POSITIVE_INFINITY;
    }
    scalars[CHUNK] = chunk;
    if (usedBytes !== null) {
      scalars[LOWEST_USED] = Math.min(scalars[LOWEST_USED], usedBytes);
      scalars[PEAK_USED] = Math.max(scalars[PEAK_USED], usedBytes);
      scalars[CHUNK_USED] = Math.min(scalars[CHUNK_USED], usedBytes);
    }
    if (rssBytes !== null) {
      scalars[LOWEST_RSS] = Math.min(scalars[LOWEST_RSS], rssBytes);
      // Pages that the heap once used stay in RSS for long: what the heap ever held is counted as the heap's.
      const other = Math.max(0, rssBytes - scalars[PEAK_USED]);
      if (scalars[SOURCE] === BY_HEAP) scalars[CHUNK_OTHER] = Math.min(scalars[CHUNK_OTHER], other);
    }
    return ended;
  }

  #judge(): Judgement {
    const scalars = this.#scalars;
    const byRss = scalars[SOURCE] === BY_RSS;
    const floorAgeS = (scalars[JUDGED_AT] - scalars[FLOOR_AT]) / 1000;
    const stale = floorAgeS > Math.max(STALE_S, STALE_FLOORS * scalars[FLOOR_INTERVAL]);
    const byFloor = byRss || (this.#floors.history.count > 0 && !stale);
    const track = byFloor ? this.#floors : this.#envelope;
    let decision = decide(
      track,
      this.#warmupS,
      this.#thresholdsBy(byRss, byFloor),
      this.#roomBytes(byRss, track.newestBytes),
    );
    if (byFloor && decision.verdict === 'leak') this.#standing.note(decision, track);
    else if (byFloor && this.#standing.stands(track, this.#warmupS))
      decision = { ...decision, verdict: 'leak', suspicious: true, reason: null };
    if (!byFloor && decision.verdict === 'leak') decision = { ...decision, verdict: 'warming', reason: 'proof' };
    let verdict: Verdict = decision.verdict;
    let subject = byFloor ? 'the floor after each collection' : 'the lower envelope of the memory in use';
    if (byRss) subject = 'RSS';
    const heapShare = byFloor ? heapShareOf(decision) : 1;
    if (verdict !== 'leak' && !byRss) {
      const native = this.#judgeNative();
      // A heap that grows back to its former peak takes RSS along: only what outruns it is native.
      const heapSlope = Math.max(0, decision.shape.line.slope);
      if (native?.verdict === 'leak' && heapSlope < OUTRUN_SHARE * native.shape.line.slope) {
        decision = native;
        verdict = 'native';
        subject = 'the memory outside heap and buffers (RSS beyond them)';
      } else if (native?.suspicious === true && !decision.suspicious) decision = { ...decision, suspicious: true };
    }
    const line: Slope = verdict === 'bounded' ? decision.life.late : decision.shape.line;
    const trend: Trend = trendOf(
      widen(line, byFloor ? 1 : 2),
      decision.shape.perRequest,
      this.#room(byFloor),
      verdict === 'native' || byRss ? 0 : heapShare,
    );
    const evidence = tell(verdict, decision, trend, subject);
    if (byRss) evidence.push(ONLY_RSS);
    else if (!byFloor && verdict !== 'native') {
      evidence.push(
        Number.isFinite(floorAgeS)
          ? `no full collection for ${span(floorAgeS)}: judged by the memory in use, garbage included`
          : 'no full collection was seen yet: judged by the memory in use, garbage included',
      );
    }
    const news = NEWS_TOLD[scalars[NEWS]];
    if (news !== undefined) evidence.push(news);
    return {
      verdict,
      suspicious: decision.suspicious || verdict === 'leak' || verdict === 'native',
      trend,
      evidence,
      settlesAtBytes: settlesAt(verdict, decision),
      wouldChange: wouldChange(verdict, decision),
    };
  }

  #room(byFloor: boolean): Room {
    const scalars = this.#scalars;
    const byRss = scalars[SOURCE] === BY_RSS;
    return {
      heapLimitBytes: byRss ? null : scalars[HEAP_LIMIT] || null,
      heapBytes: byFloor ? scalars[FLOOR_HEAP] : this.#envelope.newestBytes,
      rssLimitBytes: scalars[RSS_LIMIT] || (byRss && scalars[HEAP_LIMIT]) || null,
      rssBytes: scalars[RSS] || null,
    };
  }

  /** What is left to the nearer limit, in what the track counts; infinite when no limit is known. */
  #roomBytes(byRss: boolean, levelBytes: number): number {
    const scalars = this.#scalars;
    const heapLimit = scalars[HEAP_LIMIT] || Number.POSITIVE_INFINITY;
    const rssLimit = scalars[RSS_LIMIT] || (scalars[SOURCE] === BY_RSS ? heapLimit : Number.POSITIVE_INFINITY);
    const rssRoom = rssLimit - (scalars[RSS] || levelBytes);
    return Math.max(0, byRss ? rssRoom : Math.min(heapLimit - levelBytes, rssRoom));
  }

  #thresholdsBy(byRss: boolean, byFloor: boolean): Thresholds {
    const { floor, envelope, rss } = this.#thresholds;
    return byRss ? rss : byFloor ? floor : envelope;
  }

  /** Null while nothing grows there. */
  #judgeNative(): Decision | null {
    const thresholds = nativeThresholds(this.#thresholds, this.#scalars[RSS]);
    if (this.#native.growth.strongest().proof < thresholds.suspect) return null;
    return decide(this.#native, this.#warmupS, thresholds, this.#roomBytes(true, this.#scalars[RSS]));
  }
}

const NO_ROOM: Room = { heapLimitBytes: null, heapBytes: 0, rssLimitBytes: null, rssBytes: null };
const NOTHING_YET: Judgement = {
  verdict: 'warming',
  suspicious: false,
  trend: trendOf(
    { slope: 0, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, noise: 0 },
    null,
    NO_ROOM,
    1,
  ),
  evidence: ['no samples yet'],
  settlesAtBytes: null,
  wouldChange: 'samples',
};
