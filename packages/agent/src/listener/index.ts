export {
  createAgentListener,
  type AgentListener,
  type AgentListenerEvents,
  type AgentListenerOptions,
} from './agent-listener.ts';
export { attachedAgentPath, attachExpression, type AttachAnswer } from './attach-expression.ts';
export type { CommandOptions, ConnectedAgent, ProfileRequest, SnapshotRequest } from './connected-agent.ts';
export { preloadOptions, preloadPath, type PreloadContext, type PreloadOptions } from './preload-options.ts';
