/**
 * `@ebb/agent`: the part of Ebb that lives inside the watched process, and the watcher's end of
 * its line. A program gets the agent by {@link preloadOptions}, or by `--import @ebb/agent`; the watcher hears it
 * through {@link createAgentListener}.
 */
import './preloaded.ts';

export { AgentError, agentErrorCodes, type AgentErrorCode } from './error.ts';
export { requestOfWatched, resourceOfWatched, type WatchedMoment } from './export/told-by-watcher.ts';
export type { ResourceAttributes } from './identity/resource.ts';
export {
  attachedAgentPath,
  attachExpression,
  createAgentListener,
  preloadOptions,
  preloadPath,
  type AgentListener,
  type AgentListenerEvents,
  type AgentListenerOptions,
  type AttachAnswer,
  type CommandOptions,
  type ConnectedAgent,
  type PreloadContext,
  type PreloadOptions,
  type ProfileRequest,
  type SnapshotRequest,
} from './listener/index.ts';
export type {
  AgentMessage,
  ByeMessage,
  CaptureAttempt,
  CapturedMessage,
  CaptureMethod,
  CollectedMessage,
  CollectMessage,
  Floor,
  HelloMessage,
  IntervalMessage,
  LeaveMessage,
  MemorySample,
  MessageError,
  ProfiledMessage,
  ProfileMessage,
  ReceivedMessage,
  RecordMessage,
  RequestsByRoute,
  SampleMessage,
  SnapshotMessage,
  WarningMessage,
  WatcherMessage,
} from './protocol/index.ts';
export {
  openRecorder,
  readRecord,
  tellEnd,
  type EndCause,
  type ProcessEnd,
  type ProcessRecord,
  type RecordedSample,
  type Recorder,
  type RecorderOptions,
  type ToldEnd,
} from './record/index.ts';
