import { EventEmitter } from 'node:events';
import type { AgentListener, ConnectedAgent, SampleMessage } from '@ebb/agent';
import { analyzeSnapshots, type FindingsReport } from '@ebb/heap';
import type { CapturedSnapshot, Conclusion, EvidenceAction, EvidenceEvent } from '../evidence/events.ts';
import type { Collections } from '../evidence/machine.ts';
import type { Pace } from '../evidence/pace.ts';
import type { ReportedCapture } from '../report/watch-report.ts';
import { duration } from '../wording/quantities.ts';
import { captureError, capturedOf, describeTrouble } from './captured.ts';
import { Series } from './series.ts';
import { workDone } from './work-done.ts';
import type { SnapshotStore } from './snapshot-store.ts';

/** Series that the report can tell of; beyond it those that ended clean are forgotten. */
const SERIES_KEPT = 100;

/** What a watcher tells while it watches; whoever shows it to a person listens. */
export interface WatcherEvents {
  connected: [series: Series];
  sampled: [series: Series];
  /** A snapshot is being taken, and then how long it stopped the program. */
  capturing: [series: Series, ordinal: number, of: number];
  captured: [series: Series, capture: ReportedCapture];
  analysing: [series: Series, snapshots: number];
  concluded: [series: Series, conclusion: Conclusion];
  /** Something that a person should know, once. */
  trouble: [series: Series, error: { code: string; message: string; next: string | null }];
  ended: [series: Series];
}

/** What a watcher works with. */
export interface WatcherOptions {
  readonly listener: AgentListener;
  readonly store: SnapshotStore;
  readonly pace: Pace;
  readonly intervalMs: number;
  readonly collections: Collections;
  /** `auto` where the program's owner consents to a long pause if nothing can be forked. */
  readonly method: 'fork' | 'auto';
  /** Somebody else has seen it grow: evidence is gathered at once, without a doubt of the judge. */
  readonly suspected: boolean;
  /** Of the child that writes a snapshot: 0 to 19, which waits until nobody else wants the CPU. */
  readonly niceness: number;
  /** Where processes keep the record of their last minutes. */
  readonly recordDirectory: string;
  /** Why there will be no further snapshot of a series that has ended: a clause. */
  endedEarly(): string;
  /** Any monotonic clock. */
  now(): number;
}

/**
 * Runs the evidence of every connected process and thread: feeds samples to its judge and its machine, and does what
 * the machine asks for. One series at a time takes evidence, so that a cluster is not stopped all at once.
 */
export class Watcher extends EventEmitter<WatcherEvents> {
  readonly #options: WatcherOptions;
  readonly #series = new Map<string, Series>();
  readonly #said = new Set<string>();
  readonly #analyses = new Map<Series, Promise<void>>();
  readonly #abort = new AbortController();

  constructor(options: WatcherOptions) {
    super();
    this.#options = options;
    const { listener } = options;
    listener.on('hello', (agent) => {
      this.#connect(agent);
    });
    listener.on('sample', (agent, message) => {
      this.#sample(agent, message);
    });
    listener.on('warning', (agent, { code, message }) => {
      const series = this.#series.get(agent.key);
      if (series === undefined) return;
      series.warned(message, options.now());
      this.#trouble(series, { code, message, next: null });
    });
    listener.on('bye', (agent) => {
      const series = this.#series.get(agent.key);
      if (series !== undefined) this.#end(series);
    });
  }

  /** Every series there has been, in the order in which they connected. */
  get series(): readonly Series[] {
    return [...this.#series.values()];
  }

  /** Whether an analysis is under way. */
  get busy(): boolean {
    return this.#analyses.size > 0;
  }

  /** Waits for the analyses under way. */
  async finish(): Promise<void> {
    await Promise.all(this.#analyses.values());
  }

  /** Judges nothing any more and gives up what is under way: Ebb has failed, and the program runs on. */
  detach(): void {
    this.#options.listener.removeAllListeners();
    this.abandon();
  }

  /** Gives up analyses under way. */
  abandon(): void {
    this.#abort.abort();
  }

  #connect(agent: ConnectedAgent): void {
    const series = new Series(agent, this.#options.pace, { collections: this.#options.collections });
    this.#series.set(agent.key, series);
    agent.setInterval(this.#options.intervalMs);
    // A worker thread ends with its process.
    if (agent.hello.threadId === 0) agent.record(this.#options.recordDirectory);
    this.emit('connected', series);
  }

  #sample(agent: ConnectedAgent, message: SampleMessage): void {
    const series = this.#series.get(agent.key);
    if (series === undefined) return;
    const nowMs = this.#options.now();
    const judgement = series.observe(message, nowMs);
    const { sample } = message;
    const { floor } = sample;
    this.#step(series, {
      kind: 'sample',
      nowMs,
      verdict: judgement.verdict,
      suspicious: judgement.suspicious || this.#options.suspected,
      floor:
        floor === null
          ? null
          : { id: floor.timeMs, ageMs: sample.timeMs - floor.timeMs, bytes: floor.heapBytes + floor.externalBytes },
      requests: sample.requests,
      busyShare: message.eventLoopUtilization,
      bytesPerSecond: judgement.trend.bytesPerSecond,
      mayCapture: ![...this.#series.values()].some((other) => other !== series && other.machine.holdsTurn),
    });
    this.emit('sampled', series);
  }

  #end(series: Series): void {
    series.end();
    const { machine } = series;
    // An analysis under way may still confirm: its snapshots are on disk, and the judge has seen all there was.
    if (machine.phase.name !== 'analysing') {
      if (machine.captures.length >= 2 && series.growing) this.#analyseRemains(series);
      else this.#dismiss(series);
    }
    this.emit('ended', series);
    this.#forget();
  }

  /** Programs that start thousands of short processes must not fill Ebb's memory: the oldest that ended well are dropped. */
  #forget(): void {
    for (const [key, series] of this.#series) {
      if (this.#series.size <= SERIES_KEPT) return;
      if (!series.alive && series.verdict === 'clean') this.#series.delete(key);
    }
  }

  #dismiss(series: Series): void {
    if (series.machine.phase.name === 'profiling' && series.growing && series.profiles.span !== null) {
      const conclusion: Conclusion = { kind: 'narrowed', reason: this.#options.endedEarly() };
      series.conclude(conclusion, this.#options.now());
      this.emit('concluded', series, conclusion);
    }
    this.#options.store.discard(series.machine.captures.map((capture) => capture.file));
    series.machine.step({ kind: 'ended', nowMs: this.#options.now() });
  }

  /** The program ended before the last snapshot: too little to confirm a leak, but enough for a suspect. */
  #analyseRemains(series: Series): void {
    const { captures } = series.machine;
    series.machine.step({ kind: 'ended', nowMs: this.#options.now() });
    this.#track(series, captures, (report) => {
      this.#options.store.discard(captures.map((capture) => capture.file));
      if (report === null) return;
      const conclusion: Conclusion = { kind: 'refuted', reason: this.#options.endedEarly(), report };
      series.conclude(conclusion, this.#options.now());
      this.emit('concluded', series, conclusion);
    });
  }

  #step(series: Series, event: EvidenceEvent): void {
    for (const action of series.machine.step(event)) this.#act(series, action);
  }

  #act(series: Series, action: EvidenceAction): void {
    switch (action.kind) {
      case 'collect':
        void this.#collect(series);
        return;
      case 'sampling':
        void this.#setSampling(series, action.on);
        return;
      case 'profile':
        void this.#profile(series, action.alone);
        return;
      case 'capture':
        this.emit('capturing', series, action.ordinal, action.of);
        void this.#capture(series);
        return;
      case 'analyse':
        this.#track(series, action.captures, (report, reason) => {
          const nowMs = this.#options.now();
          this.#step(
            series,
            report === null ? { kind: 'analysis-failed', nowMs, reason } : { kind: 'analysed', nowMs, report },
          );
          if (!series.alive) this.#dismiss(series);
        });
        return;
      case 'discard':
        this.#options.store.discard(action.captures.map((capture) => capture.file));
        return;
      case 'conclude':
        series.conclude(action.conclusion, this.#options.now());
        this.emit('concluded', series, action.conclusion);
    }
  }

  async #collect(series: Series): Promise<void> {
    const answer = await series.agent.collect();
    if (answer.error !== undefined && series.alive) this.#trouble(series, { ...answer.error, next: null });
    const floor = answer.floor ?? null;
    this.#step(series, {
      kind: 'collected',
      nowMs: this.#options.now(),
      ok: answer.ok,
      tookMs: costOf(answer.tookMs, answer.cpuMs),
      floorBytes: floor === null ? null : floor.heapBytes + floor.externalBytes,
    });
  }

  /** Samples allocations while there is a doubt. Where that is not possible, snapshots do without it. */
  async #setSampling(series: Series, on: boolean): Promise<void> {
    series.profiles.clear();
    if (!on) {
      if (series.alive) await series.agent.profile('stop');
      return;
    }
    const answer = await series.agent.profile('start');
    if (answer.ok) series.profiles.started(answer.pauseMs ?? 0);
  }

  /** A profile, which leaves a floor as a collection does; where there is none, just the collection. */
  async #profile(series: Series, alone?: 'end' | 'between'): Promise<void> {
    if (!series.profiles.running) {
      await this.#collect(series);
      return;
    }
    // Whoever consents to a snapshot that stops the program consents to this, which stops it for less.
    const classes = alone === 'end' && this.#options.method === 'auto';
    const answer = await series.agent.profile('take', { classes });
    const { profile, pauseMs = 0, cpuMs, floor, ok, error, uncounted } = answer;
    const nowMs = this.#options.now();
    if (uncounted !== undefined) series.note(`objects were not counted: ${uncounted.message} (${uncounted.code})`);
    if (profile !== undefined) {
      const capture = {
        kind: 'profile',
        method: 'inspector',
        pauseMs: pauseMs + series.profiles.takeStartPause(),
      } as const;
      const requests = series.latest?.sample.requests ?? null;
      series.profiles.add({ profile, takenAtMs: nowMs, requests, classes: answer.classes ?? null });
      series.captured(capture, nowMs);
      this.emit('captured', series, capture);
    } else {
      series.profiles.clear(); // somebody else has ended it
      if (error !== undefined) series.note(`${error.message} (${error.code})`);
    }
    const floorBytes = floor === undefined ? null : floor.heapBytes + floor.externalBytes;
    const told = { kind: 'collected', nowMs, ok, tookMs: costOf(pauseMs, cpuMs), floorBytes } as const;
    const profiled = series.profiles.grown().length > 0 ? 'grown' : 'nothing';
    this.#step(series, profile === undefined ? told : { ...told, profiled });
  }

  async #capture(series: Series): Promise<void> {
    const { pid, threadId } = series.agent.hello;
    try {
      if (series.sourceMaps === undefined) await this.#bringSourceMaps(series);
      const file = this.#options.store.place({ pid, threadId });
      const { method, niceness, pace } = this.#options;
      const timeoutMs = pace.captureTimeoutMs;
      const answer = await series.agent.snapshot(file, { method, niceness, timeoutMs });
      const nowMs = this.#options.now();
      const takenAtMs = nowMs - (answer.ageMs ?? answer.pauseMs ?? 0);
      const capture = capturedOf(answer, { file, takenAtMs, pausedBeforeMs: series.pausedMs });
      if (capture === null) {
        this.#options.store.discard([file]);
        series.pausedInVain(answer.pauseMs ?? 0);
        if (!series.alive) return;
        series.noSnapshot = answer.error ?? null;
        throw captureError(pid, answer);
      }
      const attempts = answer.attempts?.length ?? 1;
      const { pauseMs } = capture;
      const reported = {
        kind: 'snapshot',
        method: answer.method,
        pauseMs,
        ...(attempts > 1 ? { attempts } : {}),
      } as const;
      series.captured(reported, nowMs);
      this.emit('captured', series, reported);
      if (answer.fallback !== undefined) {
        this.#trouble(series, {
          code: answer.fallback.code,
          message: `the snapshot paused your program for ${duration(pauseMs / 1000)}, because none could be forked: ${answer.fallback.message}`,
          next: null,
        });
      }
      this.#step(series, { kind: 'captured', nowMs, capture });
    } catch (error) {
      this.#trouble(series, describeTrouble(error));
      this.#step(series, {
        kind: 'capture-failed',
        nowMs: this.#options.now(),
        reason: 'no snapshot could be taken', // why was told as trouble
      });
    }
  }

  /** Before the first snapshot: what a loader made of sources in memory can only be told with the maps that it made. */
  async #bringSourceMaps(series: Series): Promise<void> {
    const folder = this.#options.store.placeOfSourceMaps(series.agent.hello);
    const { maps = 0, pauseMs = 0 } = await series.agent.sourceMaps(folder);
    series.sourceMaps = maps > 0 ? folder : null;
    series.pausedInVain(pauseMs);
  }

  #track(
    series: Series,
    captures: readonly CapturedSnapshot[],
    done: (report: FindingsReport | null, reason: string) => void,
  ): void {
    this.emit('analysing', series, captures.length);
    const run = async (): Promise<void> => {
      let report: FindingsReport | null = null;
      let reason = '';
      try {
        const files = captures.map((capture) => capture.file);
        report = await analyzeSnapshots(files, {
          cwd: series.agent.hello.cwd,
          work: workDone(captures),
          signal: this.#abort.signal,
          ...(typeof series.sourceMaps === 'string' ? { sourceMaps: series.sourceMaps } : {}),
        });
      } catch (error) {
        reason = 'the snapshots could not be analysed';
        if (!this.#abort.signal.aborted) {
          const told = describeTrouble(error);
          this.#trouble(series, {
            code: 'EBB_CLI_ANALYSIS_FAILED',
            message: `${reason}: ${told.message} [${told.code}]`,
            next: 'keep them with --keep-snapshots DIR and run `ebb analyze` on them',
          });
        }
      }
      this.#analyses.delete(series);
      done(report, reason);
    };
    this.#analyses.set(series, run());
  }

  #trouble(series: Series, error: { code: string; message: string; next: string | null }): void {
    const key = `${error.code} ${series.agent.hello.pid}`;
    if (this.#said.has(key)) return;
    this.#said.add(key);
    series.notes.push(`${error.message} (${error.code})`);
    this.emit('trouble', series, error);
  }
}

/** What a collection took from the program: on a busy machine it stands still for longer, and would have without it. */
function costOf(tookMs = 0, cpuMs = Infinity): number {
  return Math.min(tookMs, cpuMs);
}
