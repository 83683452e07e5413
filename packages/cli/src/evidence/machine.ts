import type { FindingsReport } from '@ebb/heap';
import { CollectionBudget } from './collection-budget.ts';
import { enoughWork } from './enough-work.ts';
import type { CapturedSnapshot, EvidenceAction, EvidenceEvent, EvidencePhase } from './events.ts';
import { stepAfter, type Pace } from './pace.ts';
import { ProfileSteps } from './profile-steps.ts';
import { boundedReason } from '../report/bounded.ts';
import { StandstillWatch } from './standstill.ts';

/**
 * Whether the program may be asked for full collections, which stop it: whenever a floor would say something; only in
 * the course of evidence, once its own collections have given cause for it; or never.
 */
export type Collections = 'whenever' | 'for evidence' | 'never';

/**
 * Decides for one series (a process or a worker thread) when to ask for a collection, when to take a snapshot, and what
 * the evidence means. Pure: events go in, actions come out, and time is a value in the events.
 *
 *   watching ──suspicious──▶ collecting ─▶ capturing ─▶ gathering (work and growth) ─▶ collecting … ─▶ analysing
 *      ▲                                                     │ floor did not rise            │
 *      └── resting (twice as long each time) ◀───────────────┴────────── refuted ◀───────────┤
 *      ▲                                                                                     ▼ leak
 *      └──────────────────────────── retracted: stood still while work went on ◀──────── confirmed
 *
 * A leak is confirmed only by what is in the snapshots: a trend alone never is. Nor need the trend be suspicious to the
 * last moment: that hangs on a single floor, and on top of what start-up left behind a steady leak looks like growth that
 * slows down, while the snapshots show each holder by itself, step by step, against the work. Only what speaks against it
 * counts: where the judge says that growth is over (`clean`, `bounded`) or elsewhere (`native`), one more snapshot
 * replaces the middle one before anything is said.
 *
 * Where no snapshot can be taken, two that there are already are compared; else profiles of the allocations are taken at
 * such distances (`profiling`), which say what allocates that which stays: a hint, and no verdict.
 *
 * What stops the program is asked for sparingly. A snapshot collects by itself (a forked one in the child), so that one
 * asks for a collection before it only for what is finalized between collections (entries that a FinalizationRegistry
 * takes out would look like growth), and not where the program has just collected; from the second snapshot on a profile
 * of the allocations takes its place. Between forked snapshots of a series that still alarms no floor is asked for: the
 * judge's slope says when the next one is worth it.
 */
export class EvidenceMachine {
  readonly #pace: Pace;
  readonly #collections: Collections;
  readonly #budget: CollectionBudget;
  #phase: EvidencePhase = { name: 'watching' };
  #sinceMs = 0;
  #latest: SampleEvent | null = null;
  #captures: TakenCapture[] = [];
  #ordinal = 1;
  #collectedFloorBytes: number | null = null;
  #extensions = 0;
  #refutations = 0;
  #beganAsLeak = false;
  #sampling = false;
  #lastPauseMs = Infinity;
  #standstill: StandstillWatch | null = null;
  /** Why there are fewer snapshots than are needed. */
  #missing: string | null = null;
  #profiles: ProfileSteps | null = null;

  constructor(pace: Pace, options: { collections: Collections }) {
    this.#pace = pace;
    this.#collections = options.collections;
    this.#budget = new CollectionBudget(pace);
  }

  get phase(): EvidencePhase {
    return this.#phase;
  }

  /** Whether this series is in the middle of evidence, so that others wait their turn. One that waits for work lets them pass. */
  get holdsTurn(): boolean {
    const { name } = this.#phase;
    return (
      name === 'collecting' ||
      name === 'capturing' ||
      name === 'analysing' ||
      ((name === 'gathering' || name === 'profiling') && !this.#phase.idle)
    );
  }

  /** Snapshots that are on disk now, oldest first. */
  get captures(): readonly CapturedSnapshot[] {
    return this.#captures.map((taken) => taken.capture);
  }

  step(event: EvidenceEvent): EvidenceAction[] {
    switch (event.kind) {
      case 'sample':
        this.#latest = event;
        return this.#onSample(event);
      case 'collected':
        if (event.ok) this.#budget.took(event.tookMs);
        if (this.#phase.name === 'profiling') return this.#onProfiled(event);
        if (this.#phase.name !== 'collecting') return [];
        this.#collectedFloorBytes = event.ok ? event.floorBytes : this.#collectedFloorBytes;
        return this.#capture(event.nowMs);
      case 'captured':
        return this.#onCaptured(event.nowMs, event.capture);
      case 'capture-failed':
        return this.#phase.name === 'capturing' ? this.#withoutSnapshot(event.nowMs, event.reason) : [];
      case 'analysed':
        return this.#phase.name === 'analysing' ? this.#onAnalysed(event.nowMs, event.report) : [];
      case 'analysis-failed':
        return this.#phase.name === 'analysing' ? this.#refute(event.nowMs, event.reason, null) : [];
      case 'ended':
        this.#enter({ name: 'ended' }, event.nowMs);
        return [];
    }
  }

  #onSample(sample: SampleEvent): EvidenceAction[] {
    const { nowMs } = sample;
    switch (this.#phase.name) {
      case 'watching':
        if (isAlarming(sample) && sample.mayCapture) return this.#begin(sample);
        return this.#maybeCollect(sample);
      case 'collecting': // the program answers late: without a collection then
        return nowMs - this.#sinceMs > this.#pace.collectTimeoutMs ? this.#capture(nowMs) : [];
      case 'capturing':
        if (nowMs - this.#sinceMs <= this.#pace.captureTimeoutMs) return [];
        return this.#refute(nowMs, 'the snapshot did not come', null);
      case 'gathering':
        return this.#gather(sample);
      case 'profiling':
        return this.#onProfiling(sample);
      case 'resting': {
        const graver =
          sample.verdict === 'leak' && !this.#beganAsLeak && nowMs - this.#sinceMs >= 2 * this.#pace.minStepMs;
        if (nowMs >= this.#phase.untilMs || graver) this.#enter({ name: 'watching' }, nowMs);
        return this.#maybeCollect(sample);
      }
      case 'confirmed': {
        const reason = this.#standstill?.observe(sample) ?? null;
        if (reason === null) return this.#maybeCollect(sample);
        this.#standstill = null;
        return [{ kind: 'conclude', conclusion: { kind: 'retracted', reason } }, ...this.#rest(nowMs, reason)];
      }
      case 'analysing':
      case 'ended':
        return [];
    }
  }

  #begin(sample: SampleEvent): EvidenceAction[] {
    this.#beganAsLeak = sample.verdict === 'leak';
    this.#captures = [];
    this.#ordinal = 1;
    this.#extensions = 0;
    this.#missing = null;
    const sampling: EvidenceAction[] = this.#collections === 'never' ? [] : this.#setSampling(true);
    return [...sampling, ...this.#next(sample)];
  }

  /**
   * The next snapshot: after a collection, so that what is about to be finalized is gone. At once where the program has
   * just collected by itself, and where none may be asked for.
   */
  #next({ nowMs, floor }: SampleEvent): EvidenceAction[] {
    const collectedLately = floor !== null && floor.ageMs < 2 * this.#pace.minCollectDistanceMs;
    this.#collectedFloorBytes = collectedLately ? floor.bytes : null;
    // There is nothing in a profile yet when the first snapshot is taken.
    const profiled = this.#sampling && this.#captures.length > 0;
    if (this.#collections === 'never' || (collectedLately && !profiled)) return this.#capture(nowMs);
    this.#enter({ name: 'collecting', ordinal: this.#ordinal, of: this.#of }, nowMs);
    this.#budget.asked(nowMs);
    return [{ kind: profiled ? 'profile' : 'collect' }];
  }

  #setSampling(on: boolean): EvidenceAction[] {
    if (this.#sampling === on) return [];
    this.#sampling = on;
    return [{ kind: 'sampling', on }];
  }

  #capture(nowMs: number): EvidenceAction[] {
    this.#enter({ name: 'capturing', ordinal: this.#ordinal, of: this.#of }, nowMs);
    return [{ kind: 'capture', ordinal: this.#ordinal, of: this.#of }];
  }

  #onCaptured(nowMs: number, capture: CapturedSnapshot): EvidenceAction[] {
    // It may come after the wait for it was given up: nobody needs it any more.
    if (this.#phase.name !== 'capturing') return [{ kind: 'discard', captures: [capture] }];
    this.#captures.push({ capture, atMs: capture.takenAtMs, floorBytes: this.#collectedFloorBytes });
    this.#lastPauseMs = capture.pauseMs;
    this.#ordinal++;
    if (this.#captures.length >= this.#pace.captures) {
      this.#enter({ name: 'analysing', captures: this.#captures.length }, nowMs);
      return [{ kind: 'analyse', captures: this.captures }];
    }
    this.#enter({ name: 'gathering', taken: this.#ordinal - 1, of: this.#of, idle: false }, nowMs);
    return [];
  }

  #gather(sample: SampleEvent): EvidenceAction[] {
    const last = this.#captures.at(-1);
    if (last === undefined) return [];
    const elapsedMs = sample.nowMs - last.atMs;
    // A floor from before the snapshot says nothing about what came after it.
    const fresh = sample.floor !== null && sample.floor.ageMs < elapsedMs ? sample.floor : null;
    if (fresh !== null) last.floorBytes ??= fresh.bytes;
    const growth = fresh === null || last.floorBytes === null ? null : fresh.bytes - last.floorBytes;

    const stepMs = stepAfter(last.capture.pauseMs, this.#pace) * 1.5 ** this.#extensions;
    const { requests } = sample;
    const worked = enoughWork({ requests, since: last.capture.requests, elapsedMs }, this.#pace);
    const phase = this.#phase;
    if (phase.name === 'gathering' && phase.idle === worked) this.#phase = { ...phase, idle: !worked };
    if (elapsedMs < stepMs) return this.#collectInStep(sample, last.capture, stepMs - elapsedMs);
    if (!worked) {
      if (elapsedMs < this.#pace.idleMs) return this.#maybeCollect(sample);
      return this.#refute(sample.nowMs, NO_WORK, null);
    }
    const noticeable = Math.max(this.#pace.noticeableBytes, this.#pace.noticeableShare * (last.floorBytes ?? 0));
    const likely = growth ?? (mayGrow(sample) ? (sample.bytesPerSecond * elapsedMs) / 1000 : 0);
    if (likely >= noticeable) return this.#next(sample);
    // Whether there is enough now is what the next floor says.
    if (elapsedMs < this.#pace.maxStepMs * 1.5 ** this.#extensions) return this.#maybeCollect(sample);
    // A floor from the step's beginning (the snapshot's own collection leaves one) cannot tell that nothing rose since.
    const telling = fresh !== null && elapsedMs - fresh.ageMs >= stepMs / 2;
    if (telling && growth !== null && growth <= 0 && sample.verdict !== 'leak') {
      return this.#refute(sample.nowMs, NO_FURTHER, null);
    }
    return this.#next(sample);
  }

  /** Between forked snapshots the judge's slope says as much as another floor would, and costs no pause. */
  #collectInStep(sample: SampleEvent, last: CapturedSnapshot, untilNextMs: number): EvidenceAction[] {
    if (last.method === 'fork' && mayGrow(sample) && sample.bytesPerSecond > 0) return [];
    return this.#maybeCollect(sample, untilNextMs);
  }

  /** Two snapshots that there are already say what grew, and who keeps it; else profiles have to do. */
  #withoutSnapshot(nowMs: number, reason: string): EvidenceAction[] {
    const { captures } = this;
    this.#missing = reason;
    if (captures.length >= 2) {
      this.#enter({ name: 'analysing', captures: captures.length }, nowMs);
      return [{ kind: 'analyse', captures }];
    }
    if (!this.#sampling) return this.#refute(nowMs, reason, null);
    this.#captures = [];
    this.#profiles = new ProfileSteps(this.#pace);
    return [...(captures.length > 0 ? [{ kind: 'discard' as const, captures }] : []), ...this.#profileAlone(nowMs)];
  }

  #profileAlone(nowMs: number): EvidenceAction[] {
    const steps = this.#profiles;
    if (steps === null) return [];
    steps.ask();
    this.#enter({ name: 'profiling', taken: steps.taken, of: steps.of, idle: false }, nowMs);
    this.#budget.asked(nowMs);
    return [{ kind: 'profile', alone: steps.atEnd ? 'end' : 'between' }];
  }

  #onProfiling(sample: SampleEvent): EvidenceAction[] {
    const due = this.#profiles?.due(sample) ?? 'later';
    if (this.#profiles?.asked === true && sample.nowMs - this.#sinceMs > this.#pace.captureTimeoutMs) {
      return this.#refute(sample.nowMs, 'the profile did not come', null);
    }
    if (this.#phase.name === 'profiling') this.#phase = { ...this.#phase, idle: due === 'work' };
    if (due === 'idle') return this.#refute(sample.nowMs, NO_WORK, null);
    if (due !== 'now') return [];
    return isCalm(sample) ? this.#refute(sample.nowMs, NO_FURTHER, null) : this.#profileAlone(sample.nowMs);
  }

  #onProfiled({ nowMs, profiled, tookMs }: CollectedEvent): EvidenceAction[] {
    const [steps, reason] = [this.#profiles, this.#missing ?? ''];
    if (steps === null || profiled === undefined) return this.#refute(nowMs, reason, null);
    steps.took({ nowMs, requests: this.#latest?.requests ?? null }, tookMs, profiled === 'grown');
    this.#enter({ name: 'profiling', taken: steps.taken, of: steps.of, idle: false }, nowMs);
    if (!steps.done) return [];
    this.#profiles = null;
    return [
      { kind: 'conclude', conclusion: { kind: 'narrowed', reason } },
      ...this.#setSampling(false),
      ...this.#rest(nowMs, reason),
    ];
  }

  #onAnalysed(nowMs: number, report: FindingsReport): EvidenceAction[] {
    if (this.#missing !== null) return this.#refute(nowMs, this.#missing, report);
    if (isBounded(report)) return this.#refute(nowMs, boundedReason(report), report);
    if (report.verdict === 'clean') return this.#refute(nowMs, 'nothing in the snapshots grows with the work', report);
    const [first, last] = [report.snapshots[0], report.snapshots.at(-1)];
    const rising = first === undefined || last === undefined || last.heapBytes > first.heapBytes;
    const judged = this.#latest?.verdict;
    if (report.verdict === 'leak' && (judged === 'leak' || (rising && judged === 'warming')))
      return this.#confirm(report);
    if (this.#extensions >= 2) {
      // Growth that slows down may go on: nobody has shown a bound, so that it is watched further.
      return this.#refute(nowMs, report.verdict === 'bounded' ? boundedReason(report) : UNPROVEN, report);
    }
    this.#extensions++;
    const dropped = this.#captures.splice(1, 1); // the longest span says most: keep its ends
    this.#enter({ name: 'gathering', taken: this.#ordinal - 1, of: this.#of, idle: false }, nowMs);
    return [{ kind: 'discard', captures: dropped.map((taken) => taken.capture) }];
  }

  #confirm(report: FindingsReport): EvidenceAction[] {
    const taken = this.#captures;
    const captures = this.captures;
    this.#enter({ name: 'confirmed' }, this.#latest?.nowMs ?? 0);
    this.#standstill = new StandstillWatch(
      this.#pace,
      taken.map(({ atMs, floorBytes, capture }) => ({ atMs, floorBytes, requests: capture.requests })),
    );
    this.#captures = [];
    return [
      { kind: 'conclude', conclusion: { kind: 'confirmed', report, captures } },
      ...this.#setSampling(false),
      { kind: 'discard', captures },
    ];
  }

  #refute(nowMs: number, reason: string, report: FindingsReport | null): EvidenceAction[] {
    const captures = this.captures;
    this.#captures = [];
    return [
      {
        kind: 'conclude',
        conclusion:
          report !== null && isBounded(report)
            ? { kind: 'bounded', report, captures }
            : { kind: 'refuted', reason, report },
      },
      ...this.#setSampling(false),
      ...(captures.length > 0 ? [{ kind: 'discard' as const, captures }] : []),
      ...this.#rest(nowMs, reason),
    ];
  }

  #rest(nowMs: number, reason: string): EvidenceAction[] {
    // What costs less is looked at again sooner.
    const share = stepAfter(this.#lastPauseMs, this.#pace) / this.#pace.minStepMs;
    const restMs = Math.min(this.#pace.maxRestMs, this.#pace.firstRestMs * share * 2 ** this.#refutations++);
    this.#enter({ name: 'resting', untilMs: nowMs + restMs, reason }, nowMs);
    return [];
  }

  /** Asks for a collection when the budget allows; not shortly before one that comes with the next snapshot anyway. */
  #maybeCollect(sample: SampleEvent, untilNextMs = Infinity): EvidenceAction[] {
    if (this.#collections === 'never' || untilNextMs < this.#pace.minCollectDistanceMs) return [];
    if (this.#collections === 'for evidence' && this.#phase.name !== 'gathering') return [];
    const calm = isCalm(sample) && this.#phase.name !== 'gathering';
    return this.#budget.due(sample.nowMs, calm) ? [{ kind: 'collect' }] : [];
  }

  get #of(): number {
    return this.#pace.captures + this.#extensions;
  }

  #enter(phase: EvidencePhase, nowMs: number): void {
    this.#phase = phase;
    this.#sinceMs = nowMs;
  }
}

type SampleEvent = Extract<EvidenceEvent, { kind: 'sample' }>;
type CollectedEvent = Extract<EvidenceEvent, { kind: 'collected' }>;

interface TakenCapture {
  readonly capture: CapturedSnapshot;
  readonly atMs: number;
  /** Post-GC floor at the snapshot; from the first floor after it where no collection came before it. */
  floorBytes: number | null;
}

const UNPROVEN = 'growth could not be proven';
const NO_WORK = 'no work came, so nothing could be compared';
const NO_FURTHER = 'memory did not rise any further';

/**
 * Whether everything that grows has a bound that the heap itself shows. Growth that merely slows down is no bound: it may
 * be a leak whose load went down.
 */
function isBounded({ verdict, findings }: FindingsReport): boolean {
  return verdict === 'bounded' && findings.every(({ bound }) => bound?.kind === 'slots' || bound?.kind === 'declared');
}

/** Worth a snapshot. Native growth is not: a heap snapshot does not show it. */
function isAlarming(sample: SampleEvent): boolean {
  return sample.verdict === 'leak' || (sample.suspicious && sample.verdict !== 'native');
}

/** The judge sees no growth. */
function isCalm({ verdict, suspicious }: SampleEvent): boolean {
  return (verdict === 'clean' || verdict === 'bounded') && !suspicious;
}

/** Once begun, evidence goes on until something speaks against it. */
function mayGrow({ verdict }: SampleEvent): boolean {
  return verdict === 'leak' || verdict === 'warming';
}
