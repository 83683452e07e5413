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
  MemorySample,
  MessageError,
  ProfiledMessage,
  ProfileMessage,
  ReceivedMessage,
  RequestsByRoute,
  SampleMessage,
  SnapshotMessage,
  WarningMessage,
  WatcherMessage,
} from './messages.ts';
export { LineSplitter } from './lines.ts';
export { isAgentMessage, isWatcherMessage } from './shape.ts';
