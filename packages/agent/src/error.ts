/**
 * Every code that an {@link AgentError} can have, with what it means. The one registry of this
 * package; codes never change their meaning.
 */
export const agentErrorCodes = {
  /** The watcher's socket could not be opened. */
  EBB_AGENT_LISTEN: 'the socket for agents could not be opened',
  /** The agent went away, or the watcher stopped, before a command was answered. */
  EBB_AGENT_GONE: 'the agent went away before it answered',
  /** The agent did not answer a command in time (its thread may be blocked). */
  EBB_AGENT_TIMEOUT: 'the agent did not answer in time',
  /** A command could not be carried out for a reason that the agent did not foresee. */
  EBB_AGENT_COMMAND: 'the agent could not carry out a command',
  /** The agent could not observe something, and goes on without it. */
  EBB_AGENT_DEGRADED: 'the agent cannot observe something',
  /** The value of an environment variable makes no sense; the agent goes on without it. */
  EBB_AGENT_SETTING: 'a setting of the agent cannot be used',
  /** The receiver of metrics does not take them. */
  EBB_AGENT_EXPORT: 'metrics cannot be exported',
  /** The port for Prometheus cannot be opened. */
  EBB_AGENT_PROMETHEUS: 'Prometheus cannot be served',
  /** The process leaks: memory goes on growing in step with time or requests. */
  EBB_AGENT_LEAK: 'the process leaks memory',
  /** The process before this one ended without saying goodbye: out of memory, or killed. */
  EBB_AGENT_LAST_END: 'the process before this one ended without saying goodbye',
  /** An error was not caught that says that memory ran out, or that comes while memory is short. */
  EBB_AGENT_OUT_OF_MEMORY: 'an uncaught error for want of memory',
  /** A drain reached its limit before every request was answered. */
  EBB_AGENT_DRAIN: 'requests were cut off by a drain',
  /** The folder that was given for the recorder cannot be used. */
  EBB_AGENT_RECORD: 'the last minutes cannot be recorded',
} as const;

/** A stable code of this package's errors. */
export type AgentErrorCode = keyof typeof agentErrorCodes;

/** What `@ebb/agent` throws and rejects with; `code` is stable. */
export class AgentError extends Error {
  readonly code: AgentErrorCode;

  constructor(code: AgentErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AgentError';
    this.code = code;
  }
}
