/**
 * The post-GC floor: what is left just after a full collection, and the time spent collecting.
 *
 * Node reports each collection to a PerformanceObserver, a fraction of a millisecond after it; the
 * heap statistics read there are 0 to 0.3 MB above the true floor (`field-notes.md`), by what the
 * program has allocated since.
 */
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { Histogram } from '../measure/histogram.ts';
import type { Floor } from '../protocol/index.ts';
import type { HostClock } from './clock.ts';
import { quietly } from './quietly.ts';

/** The kinds of collections as the semantic conventions call them (`v8js.gc.type`). */
const kinds: ReadonlyMap<number | undefined, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);

/** The ranges that the semantic conventions ask for, in seconds. */
const durationBounds = [0.01, 0.1, 1, 10];

/**
 * For so long a floor that Ebb has brought about stands against higher ones. V8 marks while the program runs, and keeps
 * all that was allocated meanwhile: after its own collections a busy program holds tens of megabytes that are no floor.
 */
const standsMs = 60_000;

/** Watches the collections of this thread until it is stopped. */
export class FloorWatch {
  /** The newest floor; null before the first full collection. */
  floor: Floor | null = null;
  /** How long collections took, in seconds, by kind (`major`, `minor`, `incremental`, `weakcb`, `other`). */
  readonly durations: Map<string, Histogram> = new Map();
  #noted = false;
  #notedAtMs = Number.NEGATIVE_INFINITY;
  #pauseMs = 0;
  #allPauseMs = 0;
  readonly #observer: PerformanceObserver;

  constructor(clock: HostClock) {
    this.#observer = new PerformanceObserver(
      quietly((list: { getEntries(): { duration: number }[] }) => {
        let major = false;
        for (const entry of list.getEntries() as { duration: number; detail?: { kind?: number } }[]) {
          this.#pauseMs += entry.duration;
          this.#allPauseMs += entry.duration;
          this.#record(kinds.get(entry.detail?.kind) ?? 'other', entry.duration / 1e3);
          major ||= entry.detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
        }
        if (!major) return;
        if (!this.#noted) this.#take(readFloor(clock.now()));
        this.#noted = false;
      }),
    );
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  /**
   * A floor that was read at once after a collection that Ebb has brought about. Node tells of that collection when the
   * event loop has gone on, and after a pause there is much to do first, which would stand in the floor.
   */
  note(floor: Floor): void {
    this.floor = floor;
    this.#notedAtMs = floor.timeMs;
    this.#noted = true;
  }

  /** How long this thread has stood still for collections since the last call. */
  takePauseMs(): number {
    const pauseMs = this.#pauseMs;
    this.#pauseMs = 0;
    return pauseMs;
  }

  /** How long this thread has stood still for collections since the watch began. */
  get allPauseMs(): number {
    return this.#allPauseMs;
  }

  stop(): void {
    this.#observer.disconnect();
  }

  /** After one of the program's own collections. Lower is closer to the truth, whoever has collected. */
  #take(floor: Floor): void {
    const stands = floor.timeMs - this.#notedAtMs < standsMs;
    if (stands && this.floor !== null && totalBytes(floor) > totalBytes(this.floor)) return;
    this.floor = floor;
  }

  #record(kind: string, seconds: number): void {
    let durations = this.durations.get(kind);
    if (durations === undefined) this.durations.set(kind, (durations = new Histogram(durationBounds)));
    durations.record(seconds);
  }
}

function totalBytes({ heapBytes, externalBytes }: Floor): number {
  return heapBytes + externalBytes;
}

/** What is left, read now: a floor just after a collection. */
export function readFloor(timeMs: number): Floor {
  const { used_heap_size: heapBytes, external_memory: externalBytes } = getHeapStatistics();
  const { arrayBuffers: arrayBuffersBytes } = process.memoryUsage();
  return { timeMs, heapBytes, externalBytes, arrayBuffersBytes };
}
