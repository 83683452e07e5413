import { Track } from './history/track.ts';
import type { Slope } from './growth/theil-sen.ts';
import { SampleClock } from './intake/clock.ts';
import { readSample } from './intake/reading.ts';
import type { Reading } from './intake/reading.ts';
import type { Judgement, Trend, Verdict } from './judgement.ts';
import type { MemorySample } from './sample.ts';
import { decide } from './verdict/decide.ts';
import type { Decision, Thresholds } from './verdict/decide.ts';
import { trendOf } from './verdict/limits.ts';
import type { Room } from './verdict/limits.ts';
import { tell } from './verdict/tell.ts';
import { span } from './verdict/words.ts';

/** How a judge is set up; the defaults suit a process that is judged from its start, a sample a second. */
export interface MemoryJudgeOptions {
  /**
   * What is seen in the first so many milliseconds is start-up, not growth; and growth is proven only when it lasts six
   * times as long. Default 8,000, for a program that is watched; 600,000 suits a service that is sampled once a minute.
   */
  warmupMs?: number;
  /** The chance that a series that never grows is ever called a leak, under the noise model of `GrowthTest`. Default 0.001. */
  falseLeakRate?: number;
}

const MB = 1048576;
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
 * Pure and deterministic: no clock, no I/O. About 7 KB of state and constant time a sample, however long the series.
 * What is judged is the floor (heap plus external memory just after a full collection); while floors are missing, the
 * lower envelope of the memory in use, more slowly and never as a proven `leak`; and, apart from these, what RSS holds
 * beyond heap and external memory (`native`).
 */
export class MemoryJudge {
  readonly #warmupS: number;
  readonly #clock: SampleClock = new SampleClock();
  readonly #floors: Track;
  readonly #envelope: Track;
  readonly #native: Track;
  readonly #thresholds: Thresholds;
  #bornMs = Number.NaN;
  #floorMs = Number.NEGATIVE_INFINITY;
  #floorHeapBytes = 0;
  #floorIntervalS = 0;
  #requests: number | null = null;
  #lowestUsedBytes = Number.POSITIVE_INFINITY;
  #lowestRssBytes = Number.POSITIVE_INFINITY;
  #peakUsedBytes = 0;
  #chunk = Number.NaN;
  #chunkUsedBytes = Number.POSITIVE_INFINITY;
  #chunkOtherBytes = Number.POSITIVE_INFINITY;
  #news: string | null = null;
  #judgement: Judgement = {
    verdict: 'warming',
    suspicious: false,
    trend: trendOf(
      { slope: 0, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, noise: 0 },
      null,
      NO_ROOM,
      1,
    ),
    evidence: ['no samples yet'],
  };

  constructor(options: MemoryJudgeOptions = {}) {
    this.#warmupS = (options.warmupMs ?? 8000) / 1000;
    this.#thresholds = {
      leak: -Math.log(options.falseLeakRate ?? 0.001),
      suspect: Math.log(8),
      materialBytes: MB / 2,
      materialShare: 0.01,
    };
    this.#floors = new Track({ points: 56, baseS: 1, scales: 13, warmupS: this.#warmupS });
    this.#envelope = new Track({ points: 24, baseS: CHUNK_S, scales: 7, warmupS: this.#warmupS });
    this.#native = new Track({ points: 24, baseS: CHUNK_S, scales: 7, warmupS: this.#warmupS });
  }

  /** Takes the next sample in, and says what is to be thought of the process now. Never throws. */
  observe(sample: MemorySample): Judgement {
    const reading = readSample(sample);
    if (reading === null) return this.#judgement;
    const arrival = this.#clock.arrive(reading.timeMs);
    if (arrival === 'ignored') return this.#judgement;
    if (Number.isNaN(this.#bornMs)) this.#begin(null);
    else if (arrival === 'gap')
      this.#begin('nothing was heard for longer than the series had lasted: judged anew since then');
    else if (this.#isReborn(reading)) this.#begin('the process was restarted: judged anew since then');
    const nowS = (this.#clock.nowMs - this.#bornMs) / 1000;
    const news = this.#takeFloor(reading, nowS);
    const chunkNews = this.#takeChunk(reading, nowS);
    if (news || chunkNews || !this.#judgement.evidence.length) this.#judgement = this.#judge(reading);
    return this.#judgement;
  }

  #begin(news: string | null): void {
    this.#bornMs = this.#clock.nowMs;
    this.#floors.clear();
    this.#envelope.clear();
    this.#native.clear();
    this.#floorMs = Number.NEGATIVE_INFINITY;
    this.#floorIntervalS = 0;
    this.#requests = null;
    this.#lowestUsedBytes = this.#lowestRssBytes = Number.POSITIVE_INFINITY;
    this.#peakUsedBytes = 0;
    this.#chunk = Number.NaN;
    this.#chunkUsedBytes = this.#chunkOtherBytes = Number.POSITIVE_INFINITY;
    this.#news = news;
    this.#judgement = { ...this.#judgement, verdict: 'warming', suspicious: false, evidence: [] };
  }

  #isReborn(reading: Reading): boolean {
    if (reading.requests !== null && this.#requests !== null) return reading.requests < this.#requests;
    return (
      reading.usedBytes !== null &&
      reading.rssBytes !== null &&
      reading.usedBytes < this.#lowestUsedBytes * REBORN_SHARE &&
      reading.rssBytes < this.#lowestRssBytes * REBORN_SHARE
    );
  }

  #takeFloor(reading: Reading, nowS: number): boolean {
    if (reading.requests !== null) this.#requests = reading.requests;
    const floor = reading.floor;
    if (floor !== null) {
      const floorMs = Math.min(this.#clock.mend(floor.timeMs), this.#clock.nowMs);
      if (floorMs > this.#floorMs) {
        const elapsedS = (floorMs - this.#floorMs) / 1000;
        if (Number.isFinite(elapsedS)) this.#floorIntervalS += (elapsedS - this.#floorIntervalS) / 8;
        this.#floorMs = floorMs;
        this.#floorHeapBytes = floor.heapBytes;
        this.#floors.add((floorMs - this.#bornMs) / 1000, floor.totalBytes, floor.heapBytes, reading.requests);
        return true;
      }
    }
    // Less in use than at the last floor: the live set has shrunk to this or less, even though nothing was collected fully.
    if (reading.usedBytes !== null && reading.usedBytes < this.#floors.newestBytes) {
      const heapBytes = Math.min(this.#floorHeapBytes, reading.usedBytes);
      this.#floors.add(nowS, reading.usedBytes, heapBytes, reading.requests);
      return true;
    }
    return false;
  }

  /** True when a chunk of the coarser tracks has just ended. */
  #takeChunk(reading: Reading, nowS: number): boolean {
    const chunk = Math.floor(nowS / CHUNK_S);
    const ended = chunk !== this.#chunk && !Number.isNaN(this.#chunk);
    if (ended) {
      const endS = (this.#chunk + 1) * CHUNK_S;
      if (this.#chunkUsedBytes < Number.POSITIVE_INFINITY) {
        this.#envelope.add(endS, this.#chunkUsedBytes, this.#chunkUsedBytes, this.#requests);
      }
      if (this.#chunkOtherBytes < Number.POSITIVE_INFINITY)
        this.#native.add(endS, this.#chunkOtherBytes, 0, this.#requests);
      this.#chunkUsedBytes = this.#chunkOtherBytes = Number.POSITIVE_INFINITY;
    }
    this.#chunk = chunk;
    if (reading.usedBytes !== null) {
      this.#lowestUsedBytes = Math.min(this.#lowestUsedBytes, reading.usedBytes);
      this.#peakUsedBytes = Math.max(this.#peakUsedBytes, reading.usedBytes);
      this.#chunkUsedBytes = Math.min(this.#chunkUsedBytes, reading.usedBytes);
    }
    if (reading.rssBytes !== null) {
      this.#lowestRssBytes = Math.min(this.#lowestRssBytes, reading.rssBytes);
      // Pages that the heap once used stay in RSS for long: what the heap ever held is counted as the heap's.
      const other = Math.max(0, reading.rssBytes - this.#peakUsedBytes);
      this.#chunkOtherBytes = Math.min(this.#chunkOtherBytes, other);
    }
    return ended;
  }

  #judge(reading: Reading): Judgement {
    const floorAgeS = (this.#clock.nowMs - this.#floorMs) / 1000;
    const stale = floorAgeS > Math.max(STALE_S, STALE_FLOORS * this.#floorIntervalS);
    const byFloor = this.#floors.history.count > 0 && !stale;
    const track = byFloor ? this.#floors : this.#envelope;
    let decision = decide(track, this.#warmupS, byFloor ? this.#thresholds : this.#cautious());
    if (!byFloor && decision.verdict === 'leak') decision = { ...decision, verdict: 'warming', reason: 'proof' };
    let verdict: Verdict = decision.verdict;
    let subject = byFloor ? 'the floor after each collection' : 'the lower envelope of the memory in use';
    const heapShare = byFloor ? heapShareOf(decision) : 1;
    if (verdict !== 'leak') {
      const native = decide(this.#native, this.#warmupS, this.#nativeThresholds(reading));
      // A heap that grows back to its former peak takes RSS along: only what outruns it is native.
      const heapSlope = Math.max(0, decision.shape.line.slope);
      const more = native.verdict === 'leak' && heapSlope < OUTRUN_SHARE * native.shape.line.slope;
      if (more) {
        decision = native;
        verdict = 'native';
        subject = 'the memory outside heap and buffers (RSS beyond them)';
      } else if (native.suspicious && !decision.suspicious) decision = { ...decision, suspicious: true };
    }
    const line: Slope = verdict === 'bounded' ? decision.life.late : decision.shape.line;
    const trend: Trend = trendOf(
      widen(line, byFloor ? 1 : 2),
      perRequest(decision),
      this.#room(reading, byFloor),
      verdict === 'native' ? 0 : heapShare,
    );
    const evidence = tell(verdict, decision, trend, subject);
    if (!byFloor && verdict !== 'native') {
      evidence.push(
        Number.isFinite(floorAgeS)
          ? `no full collection for ${span(floorAgeS)}: judged by the memory in use, garbage included`
          : 'no full collection was seen yet: judged by the memory in use, garbage included',
      );
    }
    if (this.#news !== null) evidence.push(this.#news);
    return { verdict, suspicious: decision.suspicious || verdict === 'leak' || verdict === 'native', trend, evidence };
  }

  #room(reading: Reading, byFloor: boolean): Room {
    return {
      heapLimitBytes: reading.heapLimitBytes,
      heapBytes: byFloor ? this.#floorHeapBytes : this.#envelope.newestBytes,
      rssLimitBytes: reading.rssLimitBytes,
      rssBytes: reading.rssBytes,
    };
  }

  #cautious(): Thresholds {
    return { ...this.#thresholds, suspect: Math.log(200), materialBytes: 8 * MB, materialShare: 0.1 };
  }

  #nativeThresholds(reading: Reading): Thresholds {
    return { ...this.#cautious(), materialBytes: Math.max(16 * MB, 0.1 * (reading.rssBytes ?? 0)) };
  }
}

const NO_ROOM: Room = { heapLimitBytes: null, heapBytes: 0, rssLimitBytes: null, rssBytes: null };

function widen(line: Slope, factor: number): Slope {
  return {
    ...line,
    low: line.slope - (line.slope - line.low) * factor,
    high: line.slope + (line.high - line.slope) * factor,
  };
}

function perRequest(decision: Decision): number | null {
  return decision.shape.perRequest?.slope ?? null;
}

/** How much of the floor's growth is on the JavaScript heap. */
function heapShareOf(decision: Decision): number {
  const { points } = decision.shape;
  const last = points.count - 1;
  if (last < 1) return 1;
  const all = points.bytes[last] - points.bytes[0];
  if (all <= 0) return 1;
  return Math.min(1, Math.max(0, (points.heapBytes[last] - points.heapBytes[0]) / all));
}
