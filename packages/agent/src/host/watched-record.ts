/**
 * The crash recorder of a watched program: the last minutes in a file in the watcher's folder, which the watcher reads
 * when the process is gone. What the socket still held, and the requests in flight, would be lost without it.
 */
import { basename } from 'node:path';
import { openRecorder, type Recorder } from '../record/index.ts';
import type { SampleMessage } from '../protocol/index.ts';
import type { HostClock } from './clock.ts';
import { nameError } from './memory-error.ts';
import { quietly } from './quietly.ts';
import { RequestsInFlight } from './requests-in-flight.ts';

export class WatchedRecord {
  readonly requests: RequestsInFlight = new RequestsInFlight(() => this.#recorder);
  readonly #clock: HostClock;
  #recorder: Recorder | null = null;
  readonly #onUncaught = quietly((error: unknown) => {
    const { name, code, memory } = nameError(error);
    const text = [...new Set([name, code, memory])].filter((part) => part !== null).join(' ');
    this.#recorder?.note({ kind: memory === null ? 'uncaught' : 'error', text });
  });
  readonly #onExit = quietly((exitCode: number) => {
    this.#recorder?.note({ kind: 'exit', text: String(exitCode) });
    this.#recorder?.close();
    this.#recorder = null;
  });

  constructor(clock: HostClock) {
    this.#clock = clock;
  }

  /** Begins to record, once. */
  open(directory: string): void {
    if (this.#recorder !== null) return;
    const command = `node ${basename(process.argv[1] ?? '')}`;
    this.#recorder = openRecorder({ directory, command, now: this.#clock.now, keep: 1000 });
    if (this.#recorder === null) return;
    // A monitor changes nothing about what an uncaught error does.
    process.on('uncaughtExceptionMonitor', this.#onUncaught);
    process.on('exit', this.#onExit);
  }

  add({ sample, activeRequests, gcCpuShare, eventLoopDelayP99Ms, eventLoopUtilization }: SampleMessage): void {
    const { floor, ...rest } = sample;
    this.#recorder?.add({
      ...rest,
      floorTimeMs: floor?.timeMs ?? null,
      floorHeapBytes: floor?.heapBytes ?? null,
      floorExternalBytes: floor?.externalBytes ?? null,
      floorArrayBuffersBytes: floor?.arrayBuffersBytes ?? null,
      activeRequests,
      gcCpuShare,
      eventLoopDelayP99Ms,
      eventLoopUtilization,
      outOfMemoryKills: null,
      memoryGroup: null,
    });
  }

  /** The watch ends before the process: nobody will read it. */
  stop(): void {
    process.off('uncaughtExceptionMonitor', this.#onUncaught);
    process.off('exit', this.#onExit);
    this.#recorder?.close({ remove: true });
    this.#recorder = null;
  }
}
