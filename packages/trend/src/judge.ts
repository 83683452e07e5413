import { NativePartsHistory } from './history/native-parts.ts';
import { Track } from './history/track.ts';
import type { TrackOptions } from './history/track.ts';
import { SampleClock } from './intake/clock.ts';
import { emptyReading, readNativeParts, readSample } from './intake/reading.ts';
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
  DECIDE_AT,
  SCALARS,
  BY_HEAP,
  BY_RSS,
  NO_NEWS,
  AFTER_GAP,
  AFTER_RESTART,
  type Known,
} from './judge-state.ts';
import type { Judgement } from './judgement.ts';
import type { SeenRises } from './pooling/seen-rises.ts';
import type { MemorySample } from './sample.ts';
import type { Usual } from './verdict/lasting.ts';
import { trendOf } from './verdict/limits.ts';
import type { Room } from './verdict/limits.ts';
import { opinionOf } from './verdict/opinion.ts';
import { decideOnSchedule } from './verdict/schedule.ts';
import { StandingLeak } from './verdict/standing.ts';
import { thresholdsOf } from './verdict/thresholds.ts';

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
  /**
   * How far processes like this one have been seen to rise: those of the version before. Growth far beyond that needs less
   * patience. It is no part of a saved state.
   */
  usual?: {
    rises: SeenRises;
    /** How old the process was at its first sample, in seconds. */
    ageS: number;
  };
}

/** The finest blocks, in warm-ups and in seconds: the slower a program starts, the coarser they may be. */
const FINEST_WARMUPS = 1 / 15;
const FINEST_S = 1;
/** The coarser tracks take the lowest value of each so much time. */
const CHUNK_WARMUPS = 1 / 2;
const CHUNK_S = 4;
/** Nothing is called a leak before so many warm-ups. */
const FIRST_DECISION_WARMUPS = 6;
/** A new process takes the place of the old one when heap and RSS fall below this share of their lowest. */
const REBORN_SHARE = 0.5;

/**
 * Judges one process from its memory samples: does it leak, how fast, and when does it meet its limit.
 *
 * Pure and deterministic: no clock, no I/O. Under 8 KB of state and constant time a sample, however long the series. Whether
 * it leaks is decided as samples come, on a schedule of its own (see verdict/schedule.ts), whoever asks when.
 * What is judged is the floor (heap plus external memory just after a full collection); while floors are missing, the
 * lower envelope of the memory in use, more slowly and never as a proven `leak`; where nothing but RSS is known, RSS, with
 * more patience; and, apart from these, what RSS holds beyond heap and external memory (`native`).
 */
export class MemoryJudge {
  readonly #state: Float64Array;
  readonly #clock: SampleClock;
  readonly #known: Known;
  readonly #chunkS: number;
  /** The newest sample. */
  readonly #reading = emptyReading();
  #stale = false;
  #judgement: Judgement = NOTHING_YET;

  constructor(options: MemoryJudgeOptions = {}) {
    const warmupS = (options.warmupMs ?? 8000) / 1000;
    const baseS = Math.max(FINEST_S, FINEST_WARMUPS * warmupS);
    this.#chunkS = Math.max(CHUNK_S, CHUNK_WARMUPS * warmupS);
    const floors: TrackOptions = { points: 46, baseS, scales: 12, warmupS, early: true };
    const side: TrackOptions = { points: 20, baseS: this.#chunkS, scales: 8, warmupS, early: false };
    const sizes = [
      SCALARS,
      SampleClock.size,
      StandingLeak.size,
      NativePartsHistory.size,
      Track.size(floors),
      Track.size(side),
      Track.size(side),
    ];
    this.#state = new Float64Array(sizes.reduce((sum, size) => sum + size));
    let at = 0;
    const [scalars, clock, standing, parts, ...tracks] = sizes.map((size) => this.#state.subarray(at, (at += size)));
    this.#clock = new SampleClock(clock);
    this.#known = {
      warmupS,
      thresholds: thresholdsOf(options.falseLeakRate ?? 0.001, options.falseSuspicionRate ?? 0.1, warmupS),
      scalars,
      standing: new StandingLeak(standing),
      floors: new Track(floors, tracks[0]),
      envelope: new Track(side, tracks[1]),
      native: new Track(side, tracks[2]),
      parts: new NativePartsHistory(warmupS, parts),
      usual: usualOf(options.usual),
    };
  }

  /** Takes the next sample in, and says what is to be thought of the process now. Never throws. */
  observe(sample: MemorySample): Judgement {
    this.update(sample);
    return this.judgement;
  }

  /** Takes the next sample in: under a microsecond, as a rule. Never throws. */
  update(sample: MemorySample): void {
    const reading = this.#reading;
    if (!readSample(sample, reading)) return;
    const arrival = this.#clock.arrive(reading.timeMs);
    if (arrival === 'ignored') return;
    const { scalars } = this.#known;
    if (scalars[BORN] === 0) this.#begin(NO_NEWS);
    else if (arrival === 'gap') this.#begin(AFTER_GAP);
    else if (this.#isReborn()) this.#begin(AFTER_RESTART);
    this.#takeSource();
    const nowS = (this.#clock.nowMs - scalars[BORN_AT]) / 1000;
    const news = this.#takeFloor(nowS);
    const chunkNews = this.#takeChunk(nowS);
    if (!news && !chunkNews) return;
    this.#isNews();
    if (chunkNews && scalars[SOURCE] === BY_HEAP) this.#known.parts.add(nowS, readNativeParts(sample));
    if (nowS >= scalars[DECIDE_AT]) decideOnSchedule(this.#known, nowS);
  }

  /** What the next judgement rests on, whenever it is asked for. */
  #isNews(): void {
    const { heapLimitBytes, rssLimitBytes, rssBytes } = this.#reading;
    const { scalars } = this.#known;
    scalars[JUDGED_AT] = this.#clock.nowMs;
    scalars[HEAP_LIMIT] = heapLimitBytes || 0;
    scalars[RSS_LIMIT] = rssLimitBytes || 0;
    scalars[RSS] = rssBytes || 0;
    this.#stale = true;
  }

  /**
   * What is to be thought of the process now: whether it leaks, as was last decided on the schedule, with figures as they are
   * now. Asking changes nothing; it costs some ten microseconds when something has come since it was last asked for.
   */
  get judgement(): Judgement {
    if (this.#stale) {
      this.#stale = false;
      this.#judgement = opinionOf(this.#known);
    }
    return this.#judgement;
  }

  /**
   * The natural logarithm of an e-value against "it does not grow": what the bets on the judged series have made of one, with
   * all prices paid. For pooling with those of other processes: see `meanEvidence` and `growingOnes`.
   */
  get logEvidence(): number {
    return this.#known.floors.growth.strongest().proof;
  }

  /**
   * All that the judge knows, under 8 KB, so that it can go on after a restart of the program that judges, or elsewhere.
   * Float64 numbers in the machine's byte order.
   */
  save(): Uint8Array {
    const saved = new Float64Array(HEADER + this.#state.length);
    saved[0] = STATE_VERSION;
    saved[1] = this.#known.warmupS;
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
    if (numbers[0] !== STATE_VERSION || numbers[1] !== judge.#known.warmupS) return null;
    judge.#state.set(numbers.subarray(HEADER));
    judge.#stale = judge.#known.scalars[BORN] !== 0;
    return judge;
  }

  #begin(news: number): void {
    const { scalars, floors, envelope, native, parts, standing, warmupS } = this.#known;
    scalars.fill(0);
    scalars[BORN] = 1;
    scalars[BORN_AT] = scalars[JUDGED_AT] = this.#clock.nowMs;
    scalars[FLOOR_AT] = Number.NEGATIVE_INFINITY;
    scalars[REQUESTS] = Number.NaN;
    scalars[LOWEST_USED] = scalars[LOWEST_RSS] = Number.POSITIVE_INFINITY;
    scalars[CHUNK] = Number.NaN;
    scalars[CHUNK_USED] = scalars[CHUNK_OTHER] = Number.POSITIVE_INFINITY;
    scalars[NEWS] = news;
    scalars[DECIDE_AT] = FIRST_DECISION_WARMUPS * warmupS;
    floors.clear();
    envelope.clear();
    native.clear();
    parts.clear();
    standing.clear();
    this.#stale = true;
  }

  #isReborn(): boolean {
    const { scalars } = this.#known;
    const { requests, rssBytes, usedBytes } = this.#reading;
    if (!Number.isNaN(requests) && !Number.isNaN(scalars[REQUESTS])) return requests < scalars[REQUESTS];
    if (!(rssBytes < scalars[LOWEST_RSS] * REBORN_SHARE)) return false;
    return scalars[SOURCE] === BY_RSS || usedBytes < scalars[LOWEST_USED] * REBORN_SHARE;
  }

  #takeSource(): void {
    const { scalars, floors, standing } = this.#known;
    const { requests, rssBytes, usedBytes, floorBytes } = this.#reading;
    if (!Number.isNaN(requests)) scalars[REQUESTS] = requests;
    if (scalars[SOURCE] === BY_HEAP) return;
    if (!Number.isNaN(usedBytes) || !Number.isNaN(floorBytes)) {
      if (scalars[SOURCE] === BY_RSS) {
        floors.clear();
        standing.clear();
      }
      scalars[SOURCE] = BY_HEAP;
    } else if (!Number.isNaN(rssBytes)) scalars[SOURCE] = BY_RSS;
  }

  #takeFloor(nowS: number): boolean {
    const { scalars, floors } = this.#known;
    const { usedBytes, rssBytes, floorTimeMs, floorBytes, floorHeapBytes } = this.#reading;
    if (scalars[SOURCE] === BY_RSS) {
      if (Number.isNaN(rssBytes)) return false;
      scalars[FLOOR_AT] = this.#clock.nowMs;
      floors.add(nowS, rssBytes, 0, scalars[REQUESTS]);
      return true;
    }
    if (!Number.isNaN(floorBytes)) {
      const floorMs = Math.min(this.#clock.mend(floorTimeMs), this.#clock.nowMs);
      if (floorMs > scalars[FLOOR_AT]) {
        const elapsedS = (floorMs - scalars[FLOOR_AT]) / 1000;
        if (Number.isFinite(elapsedS)) scalars[FLOOR_INTERVAL] += (elapsedS - scalars[FLOOR_INTERVAL]) / 8;
        scalars[FLOOR_AT] = floorMs;
        scalars[FLOOR_HEAP] = floorHeapBytes;
        // A floor from before the judge was there counts as seen at its beginning.
        const floorS = Math.max(0, (floorMs - scalars[BORN_AT]) / 1000);
        floors.add(floorS, floorBytes, floorHeapBytes, scalars[REQUESTS]);
        return true;
      }
    }
    // Less in use than at the last floor: the live set has shrunk to this or less, even though nothing was collected fully.
    if (usedBytes < floors.newestBytes) {
      floors.add(nowS, usedBytes, Math.min(scalars[FLOOR_HEAP], usedBytes), scalars[REQUESTS]);
      return true;
    }
    return false;
  }

  /** True when a chunk of the coarser tracks has just ended. */
  #takeChunk(nowS: number): boolean {
    const { scalars, envelope, native } = this.#known;
    const { usedBytes, rssBytes } = this.#reading;
    const chunk = Math.floor(nowS / this.#chunkS);
    const ended = chunk !== scalars[CHUNK] && !Number.isNaN(scalars[CHUNK]);
    if (ended) {
      const endS = (scalars[CHUNK] + 1) * this.#chunkS;
      const used = scalars[CHUNK_USED];
      if (used < Number.POSITIVE_INFINITY) envelope.add(endS, used, used, scalars[REQUESTS]);
      const other = scalars[CHUNK_OTHER];
      if (other < Number.POSITIVE_INFINITY) native.add(endS, other, 0, scalars[REQUESTS]);
      scalars[CHUNK_USED] = scalars[CHUNK_OTHER] = Number.POSITIVE_INFINITY;
    }
    scalars[CHUNK] = chunk;
    if (!Number.isNaN(usedBytes)) {
      scalars[LOWEST_USED] = Math.min(scalars[LOWEST_USED], usedBytes);
      scalars[PEAK_USED] = Math.max(scalars[PEAK_USED], usedBytes);
      scalars[CHUNK_USED] = Math.min(scalars[CHUNK_USED], usedBytes);
    }
    if (!Number.isNaN(rssBytes)) {
      scalars[LOWEST_RSS] = Math.min(scalars[LOWEST_RSS], rssBytes);
      // Pages that the heap once used stay in RSS for long: what the heap ever held is counted as the heap's.
      const other = Math.max(0, rssBytes - scalars[PEAK_USED]);
      if (scalars[SOURCE] === BY_HEAP) scalars[CHUNK_OTHER] = Math.min(scalars[CHUNK_OTHER], other);
    }
    return ended;
  }
}

function usualOf(told: MemoryJudgeOptions['usual']): Usual | null {
  if (told === undefined) return null;
  const { rises, ageS } = told;
  return (fromS, toS) => rises.seen(ageS + fromS, ageS + toS);
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
  nativeKind: null,
  wouldChange: 'samples',
};
