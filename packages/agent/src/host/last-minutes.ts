/**
 * The crash recorder in a program of its own: writes down the last minutes while it runs, tells once how the process
 * before it has ended, and says so when an error goes uncaught for want of memory.
 */
import { outOfMemoryKills } from '@ebb/capture/limits';
import type { Judgement, MemorySample, Verdict } from '@ebb/trend';
import type { AgentErrorCode } from '../error.ts';
import { claimEnded, openRecorder, usualFolder, type Recorder } from '../record/index.ts';
import type { HostClock } from './clock.ts';
import { nameError } from './memory-error.ts';
import { lastEndLine, uncaughtLine } from './last-end.ts';
import { quietly } from './quietly.ts';
import { firstRequestPlace, RequestsInFlight } from './requests-in-flight.ts';

/** Places of what stands in the record; requests in flight are behind them. */
const place = { verdict: 0, suspicion: 1, sites: 2 } as const;

/** Removed by somebody, the file is made anew, but not for ever. */
const mostFiles = 20;

/** What the recorder is told with each sample. */
export interface Moment {
  sample: MemorySample;
  activeRequests: number;
  /** Since the last one; 0 to 1. */
  gcCpuShare: number;
}

/** What is needed to record. */
export interface LastMinutesOptions {
  /** Undefined: the usual one. */
  directory: string | undefined;
  service: string;
  /** What the process is called in the record. */
  command: string;
  clock: HostClock;
  tell: (level: 'error' | 'warn' | 'info', code: AgentErrorCode, message: string, details: object) => void;
}

export class LastMinutes {
  readonly requests: RequestsInFlight = new RequestsInFlight(() => this.#recorder);
  readonly #options: LastMinutesOptions;
  readonly #directory: string | null;
  readonly #stops: (() => void)[] = [];
  /** Of the kernel, in this process's group: what comes after the last sample was, perhaps, this process. */
  readonly #kills = outOfMemoryKills();
  #recorder: Recorder | null = null;
  #files = 0;
  #verdict: Verdict = 'clean';
  #suspicious = false;
  #last: MemorySample | null = null;
  #outOfMemory = false;
  #sites = 0;

  constructor(options: LastMinutesOptions) {
    this.#options = options;
    this.#directory = options.directory ?? usualFolder();
  }

  /** Tells of the process before this one, and begins to record. False where no file can be made. */
  open(): boolean {
    if (this.#directory === null) return false;
    const { service, clock, tell } = this.#options;
    const line = lastEndLine(claimEnded(this.#directory, service, clock.now()), {
      memoryGroup: this.#kills.group,
      outOfMemoryKills: this.#kills.count(),
    });
    if (line !== null) tell(line.level, 'EBB_AGENT_LAST_END', line.message, line.details);
    if (!this.#openFile(this.#directory)) return false;
    const onUncaught = quietly((error: unknown) => {
      this.#uncaught(error);
    });
    const onExit = quietly((exitCode: number) => {
      this.#exit(exitCode);
    });
    // A monitor changes nothing about what an uncaught error does.
    process.on('uncaughtExceptionMonitor', onUncaught);
    process.on('exit', onExit);
    this.#stops.push(() => {
      process.off('uncaughtExceptionMonitor', onUncaught);
      process.off('exit', onExit);
    });
    return true;
  }

  add({ sample, activeRequests, gcCpuShare }: Moment): void {
    this.#last = sample;
    this.requests.memoryShort = this.#suspicious || isShort(sample);
    if (this.#recorder?.open === false && this.#directory !== null && this.#files < mostFiles)
      this.#openFile(this.#directory);
    const { floor } = sample;
    this.#recorder?.add({
      timeMs: sample.timeMs,
      heapUsedBytes: sample.heapUsedBytes,
      rssBytes: sample.rssBytes,
      externalBytes: sample.externalBytes,
      arrayBuffersBytes: sample.arrayBuffersBytes,
      heapLimitBytes: sample.heapLimitBytes,
      rssLimitBytes: sample.rssLimitBytes,
      floorTimeMs: floor?.timeMs ?? null,
      floorHeapBytes: floor?.heapBytes ?? null,
      floorExternalBytes: floor?.externalBytes ?? null,
      floorArrayBuffersBytes: floor?.arrayBuffersBytes ?? null,
      requests: sample.requests,
      activeRequests,
      gcCpuShare,
      eventLoopDelayP99Ms: null,
      eventLoopUtilization: null,
      outOfMemoryKills: this.#kills.count(),
      memoryGroup: this.#kills.group,
    });
  }

  /** Writes down what the judge says when that has changed. */
  judge({ verdict, suspicious, evidence }: Judgement): void {
    if (verdict !== this.#verdict) {
      this.#verdict = verdict;
      this.#recorder?.stand(place.verdict, { kind: 'verdict', text: [verdict, ...evidence].join('; ') });
    }
    if (suspicious !== this.#suspicious) {
      this.#suspicious = suspicious;
      this.#recorder?.stand(place.suspicion, suspicious ? { kind: 'suspicion', text: evidence[0] ?? '' } : null);
    }
  }

  /** Where what stays is allocated, by the last profile. */
  allocated(sites: readonly string[]): void {
    for (let at = 0; at < firstRequestPlace - place.sites; at++) {
      const text = sites[at];
      if (text !== undefined) this.#recorder?.stand(place.sites + at, { kind: 'site', text });
      else if (at < this.#sites) this.#recorder?.stand(place.sites + at, null);
    }
    this.#sites = sites.length;
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    this.#recorder?.close({ remove: true });
    this.#recorder = null;
  }

  #openFile(directory: string): boolean {
    this.#files += 1;
    const { service, command, clock } = this.#options;
    this.#recorder = openRecorder({ directory, service, command, now: clock.now, keep: 16 });
    return this.#recorder !== null;
  }

  #uncaught(error: unknown): void {
    const named = nameError(error);
    const { heapUsed: heapUsedBytes, rss: rssBytes, external: externalBytes } = process.memoryUsage();
    const now = this.#last === null ? null : { ...this.#last, heapUsedBytes, rssBytes, externalBytes };
    const line = uncaughtLine(named, now, this.#verdict);
    if (line === null) return;
    this.#outOfMemory = true;
    this.#recorder?.note({ kind: 'error', text: [named.name, named.code, named.memory].filter(Boolean).join(' ') });
    const file = this.#recorder?.file;
    this.#options.tell('error', 'EBB_AGENT_OUT_OF_MEMORY', line.message, { ...line.details, record: file });
  }

  /** An end that was told already is kept to be looked at; any other end in order leaves nothing. */
  #exit(exitCode: number): void {
    const told = this.#outOfMemory && exitCode !== 0;
    this.#recorder?.close(told ? { told } : { remove: true });
    this.#recorder = null;
  }
}

/** More than half of the heap's limit, or of the container's, is in use. */
function isShort({ heapUsedBytes, heapLimitBytes, rssBytes, rssLimitBytes }: MemorySample): boolean {
  return heapUsedBytes > heapLimitBytes / 2 || (rssLimitBytes !== null && rssBytes > rssLimitBytes / 2);
}
