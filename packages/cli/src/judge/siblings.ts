/**
 * What processes of one service and version tell together. The pool follows the median of its members: each counts by how
 * far it has risen since it joined, so that levels don't matter, noise cancels out, and one odd process moves nothing. The
 * median of series that don't grow doesn't grow, so a judge of the pool errs no more often than that of any one series.
 */
import { MemoryJudge, type Judgement } from '@ebb/trend';
import type { SeriesRow } from './rows.ts';

/** Of fewer, the median follows an odd one. */
const LEAST_MEMBERS = 3;
/** A member that has been silent for so many intervals is gone. */
const SILENT_INTERVALS = 5;
/** A member that has risen by less than this share of the pool's rise does not share in it. */
const SHARING = 0.5;

interface Member {
  bytes: number;
  atS: number;
  firstAtS: number;
  requests: number | null;
  /** Added to its bytes to bring them onto the pool's level when it joined; null before. */
  shift: number | null;
}

/** Judges the processes of one service and version together. Rows come in the order of time. */
export class SiblingPool {
  readonly #warmupMs: number;
  readonly #intervalS: number;
  readonly #kind: SeriesRow['kind'];
  readonly #members = new Map<string, Member>();
  #judge: MemoryJudge;
  #judgement: Judgement | null = null;
  #founders: readonly string[] = [];
  #founded: { atS: number; levelBytes: number; bytesOf: Map<string, number> } | null = null;
  #levelBytes = 0;
  #requests = 0;
  #limitBytes: number | null = null;
  #nextS = NaN;

  constructor(options: { kind: SeriesRow['kind']; intervalS: number; warmupMs: number; limitBytes: number | null }) {
    this.#kind = options.kind;
    this.#intervalS = Math.max(1, options.intervalS);
    this.#warmupMs = options.warmupMs;
    this.#limitBytes = options.limitBytes;
    this.#judge = new MemoryJudge({ warmupMs: this.#warmupMs });
  }

  /** Takes a row of a member in. Rows of the other kind do not count. */
  take(name: string, row: SeriesRow): void {
    if (row.kind !== this.#kind) return;
    if (Number.isNaN(this.#nextS)) this.#nextS = row.timeS + this.#intervalS;
    if (row.timeS >= this.#nextS) {
      this.#close(row.timeS);
      this.#nextS = row.timeS + this.#intervalS;
    }
    this.#limitBytes = row.limitBytes ?? this.#limitBytes;
    const member = this.#members.get(name);
    if (member === undefined) {
      const { bytes, timeS, requests } = row;
      this.#members.set(name, { bytes, atS: timeS, firstAtS: timeS, requests, shift: null });
      return;
    }
    if (row.requests !== null && member.requests !== null && row.requests > member.requests) {
      this.#requests += (row.requests - member.requests) / this.#members.size;
    }
    member.requests = row.requests;
    member.bytes = row.bytes;
    member.atS = row.timeS;
  }

  /** How many processes count now. */
  get size(): number {
    return this.#joined().length;
  }

  /** What is thought of all together; null while they are too few. */
  get judgement(): Judgement | null {
    return this.#judgement;
  }

  /** Whether a member has risen like the rest since the pool began, or since it joined. */
  shares(name: string): boolean {
    const member = this.#members.get(name);
    const founded = this.#founded;
    if (member === undefined || member.shift === null || founded === null) return false;
    const rise = this.#levelBytes - founded.levelBytes;
    const own = member.bytes - (founded.bytesOf.get(name) ?? founded.levelBytes - member.shift);
    return rise > 0 && own >= SHARING * rise;
  }

  /** An interval is over: who is gone, who joins, and what the level is now. */
  #close(nowS: number): void {
    const before = this.#level();
    let gone = false;
    for (const [name, member] of this.#members) {
      if (nowS - member.atS <= SILENT_INTERVALS * this.#intervalS) continue;
      this.#members.delete(name);
      gone = true;
    }
    const after = this.#level();
    if (gone && before !== null && after !== null) {
      for (const member of this.#joined()) member.shift = (member.shift ?? 0) + before - after;
    }
    const level = this.#level() ?? before;
    for (const member of this.#members.values()) {
      // Its start-up is not the others' growth.
      if (member.shift !== null || nowS - member.firstAtS < this.#warmupMs / 1000) continue;
      member.shift = (level ?? member.bytes) - member.bytes;
    }
    if (this.#joined().length < LEAST_MEMBERS) return;
    if (this.#founders.filter((name) => this.#members.has(name)).length * 2 < this.#founders.length)
      this.#founded = null;
    this.#levelBytes = this.#level() ?? 0;
    if (this.#founded === null) this.#found(nowS);
    this.#judgement = this.#judge.observe(this.#sample(nowS * 1000));
  }

  /** Begins anew: the processes of before are gone, and with them what they had risen by. */
  #found(nowS: number): void {
    const joined = [...this.#members].filter(([, { shift }]) => shift !== null);
    this.#founders = joined.map(([name]) => name);
    this.#founded = {
      atS: nowS,
      levelBytes: this.#levelBytes,
      bytesOf: new Map(joined.map(([name, { bytes }]) => [name, bytes])),
    };
    this.#judge = new MemoryJudge({ warmupMs: this.#warmupMs });
  }

  #joined(): Member[] {
    return [...this.#members.values()].filter(({ shift }) => shift !== null);
  }

  #level(): number | null {
    const levels = this.#joined()
      .map(({ bytes, shift }) => bytes + (shift ?? 0))
      .sort((a, b) => a - b);
    const middle = levels.length >> 1;
    const [low, high] = [levels[(levels.length - 1) >> 1], levels[middle]];
    return low === undefined || high === undefined ? null : (low + high) / 2;
  }

  #sample(timeMs: number): Parameters<MemoryJudge['observe']>[0] {
    const bytes = Math.max(0, this.#levelBytes);
    const isFloor = this.#kind === 'floor';
    return {
      timeMs,
      floor: isFloor ? { timeMs, heapBytes: bytes, externalBytes: 0, arrayBuffersBytes: 0 } : null,
      heapUsedBytes: NaN,
      rssBytes: isFloor ? NaN : bytes,
      externalBytes: NaN,
      arrayBuffersBytes: NaN,
      requests: this.#requests > 0 ? this.#requests : null,
      heapLimitBytes: isFloor ? (this.#limitBytes ?? NaN) : NaN,
      rssLimitBytes: isFloor ? null : this.#limitBytes,
    };
  }
}
