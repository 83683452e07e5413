import type { Judgement, MemorySample } from '@ebb/trend';
import type { EventLoop } from './event-loop.ts';
import type { HeapSpace } from './heap-spaces.ts';
import type { Histogram } from './histogram.ts';
import type { NativeMemory } from './native-memory.ts';
import type { NearerLimit } from './nearer-limit.ts';
import type { RequestSeries } from './request-durations.ts';

/** What only the main thread tells, because it is of the whole process. */
export interface ProcessMeasurement {
  rssBytes: number;
  cpuUserSeconds: number;
  cpuSystemSeconds: number;
  uptimeSeconds: number;
  /** RSS beyond the heaps and external memory of all threads that tell theirs. */
  nativeBytes: number;
  /** By kind of mapping, when that was last read; undefined where it cannot be. */
  native: NativeMemory | undefined;
  /** Worker threads that the agent hears. */
  workers: number;
}

/** All that one thread tells at one moment. Cumulative counts are since `startedMs`. */
export interface Measurement {
  timeMs: number;
  startedMs: number;
  sample: MemorySample;
  judgement: Judgement;
  /** V8's committed memory in this thread, as far as it is in RAM. */
  heapPhysicalBytes: number;
  heapSpaces: HeapSpace[];
  nearerLimit: NearerLimit;
  /** Undefined in a worker thread. */
  process: ProcessMeasurement | undefined;
  gcDurations: ReadonlyMap<string, Histogram>;
  /** Time in collections since the last measurement, divided by the time passed: 0 to 1. */
  gcShare: number;
  eventLoop: EventLoop;
  resources: ReadonlyMap<string, number>;
  requests: RequestSeries[];
  activeRequests: number;
  /** MaxListenersExceededWarnings so far. */
  listenerWarnings: number;
  /** Exports that were lost because the receiver was away. */
  droppedExports: number;
}
