import type { ConnectedAgent, SampleMessage } from '@ebb/agent';
import type { Finding, FindingsReport } from '@ebb/heap';
import { MemoryJudge, type Judgement } from '@ebb/trend';
import type { CapturedSnapshot, Conclusion } from '../evidence/events.ts';
import { EvidenceMachine, type Collections } from '../evidence/machine.ts';
import type { Pace } from '../evidence/pace.ts';
import { FloorHistory } from '../live/history.ts';
import { describeCommand } from '../program/describe-command.ts';
import { reportedRoutes } from '../report/routes.ts';
import {
  reportedTrend,
  type ReportedCapture,
  type ReportedDeath,
  type ReportedHint,
  type ReportedProcess,
  type WatchedFinding,
  type WatchVerdict,
} from '../report/watch-report.ts';
import { withAllocators, type CodePlace } from './allocated-at.ts';
import { withRoutes } from './attribute.ts';
import { hintOf } from './hint.ts';
import { ListenerWarnings } from './listener-warnings.ts';
import { SeriesProfiles } from './profiles.ts';
import { ServedRoutes } from './served-routes.ts';

/**
 * The chance that a series without growth is ever suspected. A suspicion costs three forked snapshots, which stop a program
 * for milliseconds each, and is refuted by them: one that Ebb has started may be suspected early. Others are left in peace.
 */
const DOUBTS_OF_OWN = 0.3;
const DOUBTS_OF_OTHERS = 0.1;

/** One process or worker thread: what it told, what the judge makes of it, and where the evidence stands. */
export class Series {
  readonly agent: ConnectedAgent;
  readonly command: string;
  readonly machine: EvidenceMachine;
  readonly history: FloorHistory = new FloorHistory();
  readonly notes: string[] = [];
  readonly profiles: SeriesProfiles = new SeriesProfiles();
  /** Where its source maps are that no disk had; null where it has none, undefined before anybody asked. */
  sourceMaps: string | null | undefined;
  readonly captures: (ReportedCapture & { readonly atMs: number })[] = [];
  findings: WatchedFinding[] = [];
  /** How it died, where there is something to tell. */
  death: ReportedDeath | null = null;
  otherFindings: Finding[] = [];
  detectedAfterMs: number | null = null;
  latest: SampleMessage | null = null;
  judgement: Judgement | null = null;
  requestsPerSecond: number | null = null;
  /** Why the newest snapshot that was asked for was not taken. */
  noSnapshot: { readonly code: string; readonly message: string } | null = null;
  /** What grows, where there is no snapshot to say what keeps it. */
  hint: ReportedHint | null = null;
  readonly #warnings: ListenerWarnings = new ListenerWarnings();
  readonly #pace: Pace;
  readonly #judge: MemoryJudge;
  readonly #routes: ServedRoutes;
  #firstSampleAtMs: number | null = null;
  #heapAtFindingBytes: number | null = null;
  #standing: 'none' | 'confirmed' | 'bounded' | 'retracted' = 'none';
  #nativeSinceMs: number | null = null;
  #observedAtMs = 0;
  #pausedInVainMs = 0;
  #alive = true;

  constructor(agent: ConnectedAgent, pace: Pace, options: { collections: Collections }) {
    this.agent = agent;
    this.#pace = pace;
    const falseSuspicionRate = options.collections === 'whenever' ? DOUBTS_OF_OWN : DOUBTS_OF_OTHERS;
    this.#judge = new MemoryJudge({ warmupMs: pace.warmupMs, falseSuspicionRate });
    this.#routes = new ServedRoutes(pace.warmupMs);
    this.command = describeCommand(agent.hello.argv.length > 0 ? agent.hello.argv : [agent.hello.execPath]);
    this.machine = new EvidenceMachine(pace, options);
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Newest post-GC floor, heap and external memory together; null before the first. */
  get floorBytes(): number | null {
    const floor = this.latest?.sample.floor ?? null;
    return floor === null ? null : floor.heapBytes + floor.externalBytes;
  }

  /** What Ebb says of this series: a leak only when evidence confirmed it, native growth only when it lasted. */
  get verdict(): WatchVerdict {
    const judged = this.judgement?.verdict ?? 'clean';
    if (this.#standing === 'confirmed') return 'leak';
    if (judged === 'native') return this.#nativeStands() ? 'native' : 'warming';
    if (this.#standing !== 'none' && (judged === 'clean' || judged === 'bounded' || this.#standing === 'bounded'))
      return 'bounded';
    return judged === 'leak' ? 'warming' : judged;
  }

  /** Growth that looks like a leak but is not confirmed (yet). */
  get growing(): boolean {
    return (
      this.#standing !== 'confirmed' &&
      this.#standing !== 'bounded' &&
      (this.judgement?.verdict === 'leak' || this.judgement?.suspicious === true)
    );
  }

  /** Takes a sample in; returns the judgement. */
  observe(message: SampleMessage, nowMs: number): Judgement {
    const { sample } = message;
    const before = this.latest;
    this.#firstSampleAtMs ??= nowMs;
    this.#observedAtMs = nowMs;
    if (sample.requests !== null && before !== null && sample.timeMs > before.sample.timeMs) {
      const perSecond =
        ((sample.requests - (before.sample.requests ?? 0)) * 1000) / (sample.timeMs - before.sample.timeMs);
      this.requestsPerSecond =
        this.requestsPerSecond === null ? perSecond : 0.6 * this.requestsPerSecond + 0.4 * perSecond;
    }
    if (sample.floor !== null && sample.floor.timeMs !== before?.sample.floor?.timeMs) {
      this.history.add({ timeMs: sample.floor.timeMs, bytes: sample.floor.heapBytes + sample.floor.externalBytes });
      this.#routes.add(message);
    }
    this.latest = message;
    this.judgement = this.#judge.observe(sample);
    if (this.judgement.verdict !== 'native') this.#nativeSinceMs = null;
    else this.#nativeSinceMs ??= nowMs;
    return this.judgement;
  }

  /** What the newest finding says holds the memory. */
  get heldBy(): ReportedDeath['heldBy'] {
    const [finding] = this.findings;
    if (finding === undefined) return null;
    const { subject, retainedBytes, holder } = finding;
    const place = finding.insertedAt ?? holder.location;
    const heap = this.#heapAtFindingBytes;
    return {
      subject,
      location: place === null ? null : `${place.repoPath ?? place.file}:${place.line}`,
      retainedBytes,
      heapShare: heap === null || heap <= 0 ? null : retainedBytes / heap,
    };
  }

  /** How long the program has stood still for evidence so far. */
  get pausedMs(): number {
    return this.captures.reduce((sum, capture) => sum + capture.pauseMs, this.#pausedInVainMs);
  }

  /** Evidence was taken; told in the report whatever becomes of it. */
  captured(capture: ReportedCapture, nowMs: number): void {
    this.captures.push({ ...capture, atMs: nowMs });
    // Numbering the objects, and writing inline, take memory outside the heap: RSS says little for a while.
    if (capture.kind === 'snapshot') this.#nativeSinceMs = null;
  }

  /** A capture came to nothing, but the program had stood still for it. */
  pausedInVain(pauseMs: number): void {
    this.#pausedInVainMs += pauseMs;
  }

  /** Takes in what the evidence said. */
  conclude(conclusion: Conclusion, nowMs: number): void {
    switch (conclusion.kind) {
      case 'confirmed':
        this.#standing = 'confirmed';
        this.hint = null;
        this.detectedAfterMs ??= Math.round(nowMs - (this.#firstSampleAtMs ?? nowMs));
        this.findings = this.#findingsOf(conclusion.report, conclusion.captures);
        this.otherFindings = [];
        this.#heapAtFindingBytes = conclusion.report.snapshots.at(-1)?.heapBytes ?? null;
        return;
      case 'bounded':
        this.#standing = 'bounded';
        this.hint = null;
        this.otherFindings = [...conclusion.report.findings];
        return;
      case 'narrowed':
        this.hint = hintOf(this.profiles, this.noSnapshot, this.#code);
        return;
      case 'refuted':
        if (this.#standing === 'bounded') this.#standing = 'none';
        this.otherFindings = [...(conclusion.report?.findings ?? [])];
        return;
      case 'retracted':
        this.#standing = 'retracted';
        this.otherFindings = this.findings;
        this.findings = [];
    }
  }

  /** Node.js warned of listeners without bound. */
  warned(message: string, nowMs: number): void {
    this.#warnings.add(message, nowMs - (this.#firstSampleAtMs ?? nowMs));
  }

  /** Something that the report tells, once. */
  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  /** The process is gone. */
  end(): void {
    this.#alive = false;
  }

  toReport(): ReportedProcess {
    const routes = this.verdict === 'leak' ? reportedRoutes(this.#routes.sure) : [];
    return {
      pid: this.agent.hello.pid,
      threadId: this.agent.hello.threadId,
      command: this.command,
      verdict: this.verdict,
      detectedAfterMs: this.detectedAfterMs,
      trend: reportedTrend(this.judgement?.trend ?? null),
      floorBytes: this.floorBytes,
      requests: this.latest?.sample.requests ?? null,
      captures: this.captures.map(({ atMs: _, ...capture }) => capture),
      ...(routes.length > 0 ? { routes } : {}),
      findings: this.findings,
      otherFindings: this.otherFindings,
      ...(this.hint === null ? {} : { withoutSnapshots: this.hint }),
      ...(this.death === null ? {} : { death: this.death }),
      notes: this.notes,
    };
  }

  get #code(): CodePlace {
    return { cwd: this.agent.hello.cwd, sourceMaps: this.sourceMaps ?? null };
  }

  #findingsOf(report: FindingsReport, captures: readonly CapturedSnapshot[]): WatchedFinding[] {
    const routed = withRoutes(this.#warnings.join(report.findings), captures, this.#routes.sure);
    return withAllocators(routed, captures, this.profiles, this.#code);
  }

  /** Long enough to be no ripple, and not in the wake of Ebb's own snapshot. */
  #nativeStands(): boolean {
    if (this.#nativeSinceMs === null) return false;
    return this.#observedAtMs - this.#nativeSinceMs >= 2 * this.#pace.minStepMs;
  }
}
