/**
 * What processes of one service and version tell together.
 *
 * **The pooled series.** Each member counts by how far it has risen since it joined, so that levels don't matter; the pool's
 * value is the mean of the middle half of the members (of two or three: of all, or of the middle one), so that noise cancels
 * out and an odd process moves little. That series is judged by a `MemoryJudge` like any other, with its bound and its guards: a
 * leak that drowns in the noise of each shows in it, as the noise that is each one's own shrinks with their number.
 *
 * **The bound.** The judge's noise model asks that without growth a step is as likely up as down given the past. If that holds
 * for the members' steps together (turn all signs at once, and it is as likely), it holds for every odd function of them, so for
 * their mean, whatever they share: a cycle of the traffic, a deploy, the same noise altogether. No independence is asked for, and
 * no evidence is multiplied. The middle half is not quite such a function when members stand far apart; by simulation (random
 * walks, and noise with a memory of 0.9, with and without a cycle that all share) it stays within the bound: see
 * bench/trend/pooling.bench.ts.
 *
 * **Who.** When the pool leaks, a member that has risen by at least half as much shares in it. When it does not, a member that
 * leaks by its own judge, and has risen by more than twice as much as the pool since, for fifteen intervals, is odd.
 */
import type { Judgement } from '../judgement.ts';
import { MemoryJudge, type MemoryJudgeOptions } from '../judge.ts';
import { megabytes } from '../verdict/words.ts';

/** A compact row of a process; rows of all processes come in the order of time. */
export interface FleetRow {
  readonly process: string;
  readonly timeMs: number;
  /** Floor after a collection (heap and external), or RSS, as the pool was told. */
  readonly bytes: number;
  /** Cumulative; null or left out where it is not known. */
  readonly requests?: number | null;
  /** Since the process started; one that falls means that it is another process. */
  readonly ageS?: number | null;
  readonly limitBytes?: number | null;
  /** Whether its own judge says `leak`; left out: as before. */
  readonly leaks?: boolean;
}

/** How a pool is set up. */
export interface FleetPoolOptions extends MemoryJudgeOptions {
  readonly kind: 'floor' | 'rss';
  /** How often members tell; rows of one interval are one sample of the pool. */
  readonly intervalMs: number;
}

/** What a member does beside the others. */
export interface FleetMember {
  readonly process: string;
  /** `shares` in the growth of all; is `odd`: grows, and the others do not; is `steady`; or has not `joined` yet. */
  readonly stance: 'shares' | 'odd' | 'steady' | 'joining';
  /** Since it joined, or since the pool began; and the pool's over the same time. */
  readonly riseBytes: number;
  readonly poolRiseBytes: number;
}

/** What is thought of all together. */
export interface FleetJudgement {
  readonly verdict: 'fleet' | 'odd one out' | 'none';
  /** The judge's of the pooled series; null while there are too few members. */
  readonly judgement: Judgement | null;
  readonly members: readonly FleetMember[];
  readonly evidence: readonly string[];
}

/** A saved pool: plain JSON, and the judge's state in bytes. */
export interface FleetPoolState {
  readonly format: 'ebb.pool/1';
  readonly members: readonly (readonly [process: string, member: FleetMemberState])[];
  readonly founders: readonly string[];
  readonly levelBytes: number;
  readonly requests: number;
  readonly limitBytes: number | null;
  readonly nextMs: number | null;
  readonly isEnough: boolean;
}

/** What a pool keeps of a process. */
export interface FleetMemberState {
  bytes: number;
  atMs: number;
  firstAtMs: number;
  requests: number | null;
  ageS: number | null;
  leaks: boolean;
  /** Added to its bytes to bring them onto the pool's level when it joined; null before. */
  shift: number | null;
  /** The pool's level when it joined, or when the pool began if that was later. */
  sinceBytes: number;
  ownSinceBytes: number;
  /** For so many intervals it has leaked by its own judge, and risen far above the pool. */
  aloneIntervals: number;
}

const LEAST_MEMBERS = 2;
/** A member that has been silent for so many intervals is gone. */
const SILENT_INTERVALS = 5;
/** A member that has risen by less than this share of the pool's rise does not share in it. */
const SHARING = 0.5;
/** Processes collect at different times: what is given back by all is not told by all at once. */
const ALONE_INTERVALS = 15;
/** A new process holds less than this share of what the old one of the same name held. */
const REBORN_SHARE = 0.5;
const DEFAULT_WARMUP_MS = 8000;
/** So many odd ones are named in a sentence. */
const MOST_NAMED = 5;

/** Judges the processes of one service and version together. Ten numbers a process, and one judge. */
export class FleetPool {
  readonly #options: FleetPoolOptions;
  readonly #intervalMs: number;
  readonly #warmupMs: number;
  readonly #members = new Map<string, FleetMemberState>();
  #judge: MemoryJudge;
  #isEnough = false;
  #founders: readonly string[] = [];
  #levelBytes = 0;
  #requests = 0;
  #limitBytes: number | null = null;
  #nextMs = Number.NaN;

  constructor(options: FleetPoolOptions) {
    this.#options = options;
    this.#intervalMs = Math.max(1, options.intervalMs);
    this.#warmupMs = options.warmupMs ?? DEFAULT_WARMUP_MS;
    this.#judge = new MemoryJudge(options);
  }

  /** Takes a row in; one that tells no number is left out. Never throws. */
  take(row: FleetRow): void {
    const { process, timeMs, bytes } = row;
    if (!Number.isFinite(timeMs) || !Number.isFinite(bytes) || bytes < 0) return;
    if (Number.isNaN(this.#nextMs)) this.#nextMs = timeMs + this.#intervalMs;
    if (timeMs >= this.#nextMs) {
      this.#close(timeMs);
      this.#nextMs = timeMs + this.#intervalMs;
    }
    this.#limitBytes = row.limitBytes ?? this.#limitBytes;
    const requests = row.requests ?? null;
    const ageS = row.ageS ?? null;
    const member = this.#members.get(process);
    if (member === undefined || isReborn(member, bytes, requests, ageS)) {
      this.#members.set(process, {
        bytes,
        atMs: timeMs,
        firstAtMs: timeMs,
        requests,
        ageS,
        leaks: row.leaks ?? false,
        shift: null,
        sinceBytes: 0,
        ownSinceBytes: 0,
        aloneIntervals: 0,
      });
      return;
    }
    if (requests !== null && member.requests !== null) {
      this.#requests += (requests - member.requests) / this.#members.size;
    }
    member.requests = requests ?? member.requests;
    member.ageS = ageS ?? member.ageS;
    member.leaks = row.leaks ?? member.leaks;
    member.bytes = bytes;
    member.atMs = timeMs;
  }

  /** How many processes count now. */
  get size(): number {
    return this.#joined().length;
  }

  /** What is thought of the pooled series, as of the last whole interval; null while there are too few members. */
  get judgement(): Judgement | null {
    return this.#isEnough ? this.#judge.judgement : null;
  }

  /** What a process does beside the others; null of one that is not here. O(1). */
  member(process: string): FleetMember | null {
    const member = this.#members.get(process);
    if (member === undefined) return null;
    if (member.shift === null) return { process, stance: 'joining', riseBytes: 0, poolRiseBytes: 0 };
    const riseBytes = member.bytes - member.ownSinceBytes;
    const poolRiseBytes = this.#levelBytes - member.sinceBytes;
    const leaks = this.judgement?.verdict === 'leak';
    let stance: FleetMember['stance'] = 'steady';
    if (leaks && poolRiseBytes > 0 && riseBytes >= SHARING * poolRiseBytes) stance = 'shares';
    else if (member.aloneIntervals >= ALONE_INTERVALS) stance = 'odd';
    return { process, stance, riseBytes, poolRiseBytes };
  }

  /** All of it. O(members). */
  get fleet(): FleetJudgement {
    const members = [...this.#members.keys()].flatMap((process) => this.member(process) ?? []);
    const { judgement } = this;
    const sharing = members.filter(({ stance }) => stance === 'shares');
    const odd = members.filter(({ stance }) => stance === 'odd');
    const size = this.size;
    // Growth of all is growth of more than half of them: of two, both.
    if (judgement?.verdict === 'leak' && sharing.length * 2 > size) {
      const evidence = [`${sharing.length} of ${size} processes grow alike: ${judgement.evidence[0] ?? ''}`];
      return { verdict: 'fleet', judgement, members, evidence };
    }
    const alone = odd.length > 0 ? odd : sharing;
    if (alone.length > 0) {
      const told = alone
        .slice(0, MOST_NAMED)
        .map(
          ({ process, riseBytes, poolRiseBytes }) =>
            `${process} by ${megabytes(riseBytes)} (all together by ${megabytes(poolRiseBytes)})`,
        );
      const evidence = [
        `${alone.length} of ${size} processes grow${alone.length === 1 ? 's' : ''} alone: ${told.join(', ')}`,
      ];
      return { verdict: 'odd one out', judgement, members, evidence };
    }
    return { verdict: 'none', judgement, members, evidence: [`none of ${size} processes grows without a bound`] };
  }

  /** All that the pool knows, so that it goes on after a restart of the program that judges, or elsewhere. */
  save(): { readonly pool: FleetPoolState; readonly judge: Uint8Array } {
    const pool: FleetPoolState = {
      format: 'ebb.pool/1',
      members: [...this.#members].map(([process, member]) => [process, { ...member }]),
      founders: this.#founders,
      levelBytes: this.#levelBytes,
      requests: this.#requests,
      limitBytes: this.#limitBytes,
      nextMs: Number.isNaN(this.#nextMs) ? null : this.#nextMs,
      isEnough: this.#isEnough,
    };
    return { pool, judge: this.#judge.save() };
  }

  /** The pool that was saved, given the options that it had; null when it is no whole state of this version. */
  static restore(saved: { pool: FleetPoolState; judge: Uint8Array }, options: FleetPoolOptions): FleetPool | null {
    const { format, members, founders, levelBytes, requests, limitBytes, nextMs, isEnough } = saved.pool;
    const judge = MemoryJudge.restore(saved.judge, options);
    if ((format as string) !== 'ebb.pool/1' || judge === null) return null;
    const pool = new FleetPool(options);
    for (const [process, member] of members) pool.#members.set(process, { ...member });
    pool.#founders = founders;
    pool.#levelBytes = levelBytes;
    pool.#requests = requests;
    pool.#limitBytes = limitBytes;
    pool.#nextMs = nextMs ?? Number.NaN;
    pool.#isEnough = isEnough;
    pool.#judge = judge;
    return pool;
  }

  /** An interval is over: who is gone, who joins, and what the level is now. */
  #close(nowMs: number): void {
    const before = this.#level();
    let gone = false;
    for (const [name, member] of this.#members) {
      if (nowMs - member.atMs <= SILENT_INTERVALS * this.#intervalMs) continue;
      this.#members.delete(name);
      gone = true;
    }
    const after = this.#level();
    if (gone && before !== null && after !== null) {
      for (const member of this.#joined()) member.shift = (member.shift ?? 0) + before - after;
    }
    // Its start-up is not the others' growth.
    const joining = [...this.#members.values()].filter(
      ({ shift, firstAtMs }) => shift === null && nowMs - firstAtMs >= this.#warmupMs,
    );
    const level = this.#level() ?? before ?? middleMean(joining.map(({ bytes }) => bytes));
    for (const member of joining) {
      member.shift = (level ?? member.bytes) - member.bytes;
      member.sinceBytes = level ?? member.bytes;
      member.ownSinceBytes = member.bytes;
    }
    this.#isEnough = this.size >= LEAST_MEMBERS;
    if (!this.#isEnough) return;
    this.#levelBytes = this.#level() ?? 0;
    const stayed = this.#founders.filter((name) => this.#members.has(name)).length;
    if (this.#founders.length === 0 || stayed * 2 < this.#founders.length) this.#found();
    for (const member of this.#joined()) {
      const riseBytes = member.bytes - member.ownSinceBytes;
      const isAlone = member.leaks && riseBytes > 0 && this.#levelBytes - member.sinceBytes < SHARING * riseBytes;
      member.aloneIntervals = isAlone ? member.aloneIntervals + 1 : 0;
    }
    this.#judge.update(this.#sample(nowMs));
  }

  /** Begins anew: most of the processes of before are gone, and with them what they had risen by. */
  #found(): void {
    this.#founders = [...this.#members].filter(([, { shift }]) => shift !== null).map(([name]) => name);
    for (const member of this.#joined()) {
      member.sinceBytes = this.#levelBytes;
      member.ownSinceBytes = member.bytes;
    }
    this.#judge = new MemoryJudge(this.#options);
  }

  #joined(): FleetMemberState[] {
    return [...this.#members.values()].filter(({ shift }) => shift !== null);
  }

  #level(): number | null {
    return middleMean(this.#joined().map(({ bytes, shift }) => bytes + (shift ?? 0)));
  }

  #sample(timeMs: number): Parameters<MemoryJudge['observe']>[0] {
    const bytes = Math.max(0, this.#levelBytes);
    const isFloor = this.#options.kind === 'floor';
    return {
      timeMs,
      floor: isFloor ? { timeMs, heapBytes: bytes, externalBytes: 0, arrayBuffersBytes: 0 } : null,
      heapUsedBytes: Number.NaN,
      rssBytes: isFloor ? Number.NaN : bytes,
      externalBytes: Number.NaN,
      arrayBuffersBytes: Number.NaN,
      requests: this.#requests > 0 ? this.#requests : null,
      heapLimitBytes: isFloor ? (this.#limitBytes ?? Number.NaN) : Number.NaN,
      rssLimitBytes: isFloor ? null : this.#limitBytes,
    };
  }
}

function isReborn(member: FleetMemberState, bytes: number, requests: number | null, ageS: number | null): boolean {
  if (ageS !== null && member.ageS !== null) return ageS < member.ageS - 1;
  if (requests !== null && member.requests !== null) return requests < member.requests;
  return bytes < REBORN_SHARE * member.bytes;
}

/** The mean without the lowest and the highest quarter (of three: the middle one); null of none. */
export function middleMean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const cut = sorted.length === 3 ? 1 : Math.floor(sorted.length / 4);
  const middle = sorted.slice(cut, sorted.length - cut);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}
