/**
 * The messages between an agent (inside the watched process) and its watcher (`ebb watch`).
 *
 * The wire is a Unix socket with one JSON object a line (UTF-8, `\n`). Both ends skip what they do
 * not know, so that an older agent and a newer watcher still understand each other.
 */
import type { AllocationProfile, ClassCount } from '@ebb/capture';

/**
 * The live set just after a full collection. External memory counts array buffers too, as
 * `process.memoryUsage().external` does. Node returns array buffers to the system on another
 * thread, so the two may read high for some milliseconds after a collection.
 */
export interface Floor {
  /** When it was read, in milliseconds since the epoch. */
  timeMs: number;
  heapBytes: number;
  externalBytes: number;
  arrayBuffersBytes: number;
}

/**
 * What one thread's memory looks like at one moment. The same shape as the `MemorySample` of
 * `@ebb/trend`, to which it is fed.
 */
export interface MemorySample {
  /** When it was taken, in milliseconds since the epoch. */
  timeMs: number;
  /** The newest post-GC floor; null before the first full collection; repeated until the next. */
  floor: Floor | null;
  heapUsedBytes: number;
  /** Of the whole process, also in a worker thread. */
  rssBytes: number;
  externalBytes: number;
  arrayBuffersBytes: number;
  /** HTTP requests that this thread has answered, cumulative; null before it has served any. */
  requests: number | null;
  /** Where this thread's heap is full: the old space's limit where it was given, else V8's `heap_size_limit`. */
  heapLimitBytes: number;
  /** The container's memory limit; null where there is none. */
  rssLimitBytes: number | null;
}

/** Cumulative requests by `'GET /users/:id'`; a bounded number of keys, the rest under `'other'`. */
export type RequestsByRoute = Record<string, number>;

/** The first message of every connection: who speaks. One agent is one thread of one process. */
export interface HelloMessage {
  type: 'hello';
  pid: number;
  ppid: number;
  /** 0 for the main thread, else the worker's `threadId`. */
  threadId: number;
  nodeVersion: string;
  execPath: string;
  argv: string[];
  cwd: string;
  heapLimitBytes: number;
  rssLimitBytes: number | null;
  /** When the thread started, in milliseconds since the epoch. */
  startedAtMs: number;
  /** Where the process has an agent that exports by itself: the `service.instance.id` of its telemetry. */
  instanceId?: string;
}

/** One sample a sampling interval. */
export interface SampleMessage {
  type: 'sample';
  pid: number;
  threadId: number;
  sample: MemorySample;
  /** Time in garbage collection since the last sample, divided by the time passed; 0 to 1. */
  gcCpuShare: number;
  /** The 99th percentile of the event loop's delay since the last sample. */
  eventLoopDelayP99Ms: number;
  /** Since the last sample; 0 (idle) to 1 (saturated). */
  eventLoopUtilization: number;
  requestsByRoute: RequestsByRoute;
  /** Requests that were started and whose response is not closed yet. */
  activeRequests: number;
  /** Messages that the agent had to drop so far because the watcher did not read them. */
  droppedMessages: number;
}

/** The answer to {@link CollectMessage}. */
export interface CollectedMessage {
  type: 'collected';
  id: number;
  ok: boolean;
  floor?: Floor;
  /** How long the thread stood still. */
  tookMs?: number;
  /** CPU time of the process meanwhile: less than `tookMs` where others wanted the CPU too. */
  cpuMs?: number;
  error?: MessageError;
}

/** How a snapshot is taken: in a child that the kernel forks, or in the thread itself. */
export type CaptureMethod = 'fork' | 'inline';

/** The answer to {@link SnapshotMessage}. */
export interface CapturedMessage {
  type: 'captured';
  id: number;
  ok: boolean;
  file?: string;
  /** How it was taken; where it failed, how it was tried last. */
  method: CaptureMethod;
  /** How long the thread stood still for it, over all attempts; also told of a capture that failed. */
  pauseMs?: number;
  /** Every try, the failed ones too. */
  attempts?: CaptureAttempt[];
  /** Why it was not forked, where it was allowed to fall back to the inline one. */
  fallback?: MessageError;
  bytes?: number;
  /** How long ago the moment was that the snapshot shows: a child writes while the program goes on. */
  ageMs?: number;
  /** Requests answered up to that moment. */
  requests?: number | null;
  requestsByRoute?: RequestsByRoute;
  error?: MessageError;
}

/** One try of a capture. */
export interface CaptureAttempt {
  method: CaptureMethod;
  /** `whole`, or what became of it (`hung`, `died`, `memory`, …: the outcomes of `@ebb/capture`). */
  outcome: string;
  /** How long the thread stood still for it. */
  pauseMs: number;
  /** From the fork to the child's end. */
  tookMs: number;
}

/** The answer to {@link ProfileMessage}. */
export interface ProfiledMessage {
  type: 'profiled';
  id: number;
  ok: boolean;
  /** How long the thread stood still. */
  pauseMs?: number;
  /** With `take`: CPU time of the process meanwhile. */
  cpuMs?: number;
  /** With `take`: what is left after the collection that it brings, and the profile. */
  floor?: Floor;
  profile?: AllocationProfile;
  /** Live objects by class where they were asked for, the most numerous first; or why they were not counted. */
  classes?: ClassCount[];
  uncounted?: MessageError;
  error?: MessageError;
}

/** The answer to {@link SourceMapsMessage}. */
export interface SourceMappedMessage {
  type: 'source-mapped';
  id: number;
  ok: boolean;
  /** How many maps stand in the folder now, and how many were left out. */
  maps?: number;
  left?: number;
  /** How long the thread stood still. */
  pauseMs?: number;
  error?: MessageError;
}

/** Why a command failed: a stable code (`EBB_CAPTURE_…`, `EBB_AGENT_…`) and a sentence. */
export interface MessageError {
  code: string;
  message: string;
}

/**
 * Something worth telling a person: a warning that Node emitted in the host and that speaks of
 * memory (`MaxListenersExceededWarning`), or something that the agent could not do (`EBB_AGENT_…`).
 */
export interface WarningMessage {
  type: 'warning';
  code: string;
  message: string;
}

/**
 * The agent leaves. An agent says so only when it stops of its own accord: it installs no exit
 * handler, so a program's end is told by the connection's end. The listener emits a `bye` in
 * either case, with the reason `'disconnected'` when the agent did not say one.
 */
export interface ByeMessage {
  type: 'bye';
  pid: number;
  threadId: number;
  reason: string;
}

/** All that an agent says. */
export type AgentMessage =
  | HelloMessage
  | SampleMessage
  | CollectedMessage
  | CapturedMessage
  | ProfiledMessage
  | SourceMappedMessage
  | WarningMessage
  | ByeMessage;

/** Take a full collection now. For programs that Ebb itself started, and where their owner consents to the pause. */
export interface CollectMessage {
  type: 'collect';
  id: number;
}

/** Write a heap snapshot of the agent's thread to `file` (absolute, must not exist). One at a time. */
export interface SnapshotMessage {
  type: 'snapshot';
  id: number;
  file: string;
  /**
   * `fork` (default): without a pause, or not at all. `inline`: in the thread, which stands still for seconds. `auto`:
   * forked where that is possible, else inline; whoever says so consents to the pause.
   */
  method?: CaptureMethod | 'auto';
  /** How far the child that writes it stands back where the CPU is short: 0 to 19 (default). */
  niceness?: number;
  /** It is called off after so long. */
  timeoutMs?: number;
}

/**
 * Start to sample the allocations of the agent's thread, take a profile of what is alive of them, or stop. Taking one
 * collects all garbage first. The agent samples no allocations unless asked, and stops with its watcher.
 */
export interface ProfileMessage {
  type: 'profile';
  id: number;
  action: 'start' | 'take' | 'stop';
  /**
   * With `take`: count the live objects by class, too. That stops the thread for seconds, so that only whoever consents
   * to it asks for it.
   */
  classes?: boolean;
}

/**
 * Write the source maps that scripts of the agent's thread bring along in themselves into `folder` (absolute): what a
 * loader makes of TypeScript in memory is on no disk.
 */
export interface SourceMapsMessage {
  type: 'source-maps';
  id: number;
  folder: string;
}

/** Sample every `ms` milliseconds from now on; clamped to 10 ms … 10 min. */
export interface IntervalMessage {
  type: 'interval';
  ms: number;
}

/**
 * Keep the last minutes of this process in a ring file in `directory` (absolute), for the case that it dies; the file is
 * left there when the process ends, and removed when the agent goes before.
 */
export interface RecordMessage {
  type: 'record';
  directory: string;
}

/**
 * The watch is over and the program runs on: the agent ends all that it has begun, says `bye`, and goes. An agent whose
 * watcher goes without a word ends itself, too.
 */
export interface LeaveMessage {
  type: 'leave';
}

/**
 * The watcher has received so many lines of this connection so far. The agent writes only as much
 * ahead as surely fits into the socket's buffer, because a write that waits for a stalled watcher
 * would keep the host alive. The listener sends it by itself.
 */
export interface ReceivedMessage {
  type: 'received';
  lines: number;
}

/** All that a watcher says. */
export type WatcherMessage =
  | CollectMessage
  | SnapshotMessage
  | ProfileMessage
  | SourceMapsMessage
  | IntervalMessage
  | LeaveMessage
  | RecordMessage
  | ReceivedMessage;
