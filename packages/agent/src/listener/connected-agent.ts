import type { Socket } from 'node:net';
import { AgentError, type AgentErrorCode } from '../error.ts';
import type {
  CapturedMessage,
  CaptureMethod,
  CollectedMessage,
  HelloMessage,
  ProfiledMessage,
  ProfileMessage,
  SourceMappedMessage,
  WatcherMessage,
} from '../protocol/index.ts';

type Answer = CollectedMessage | CapturedMessage | ProfiledMessage | SourceMappedMessage;

interface PendingAnswer {
  type: Answer['type'];
  timer: NodeJS.Timeout;
  resolve(answer: Answer): void;
}

/** How long to wait for an answer; a blocked thread answers late or never. */
export interface CommandOptions {
  /** Default: 30 s for a collection or a profile, 10 min for a snapshot. */
  timeoutMs?: number;
}

/** How a snapshot is asked for. */
export interface SnapshotRequest extends CommandOptions {
  /**
   * `fork` (default): without a pause, or not at all; `inline`: in the thread, which stands still for seconds; `auto`:
   * forked where that is possible, else inline.
   */
  method?: CaptureMethod | 'auto';
  /** How far the child that writes it stands back where the CPU is short: 0 to 19 (default). */
  niceness?: number;
}

/** How a profile is asked for. */
export interface ProfileRequest extends CommandOptions {
  /** Count the live objects by class with it, which stops the thread for seconds; then the time to wait is two minutes. */
  classes?: boolean;
}

/** One agent (one thread of one process) that has said hello, seen from the watcher. */
export interface ConnectedAgent {
  /** Unique while the listener lives, also when a process id is used again. */
  readonly key: string;
  readonly hello: HelloMessage;
  /** False once the connection has ended. */
  readonly connected: boolean;
  /**
   * Asks for a full collection. Resolves always; with `ok: false` and a coded error when the agent
   * could not do it, went away (`EBB_AGENT_GONE`) or did not answer (`EBB_AGENT_TIMEOUT`).
   */
  collect(options?: CommandOptions): Promise<CollectedMessage>;
  /**
   * Asks for a heap snapshot of the agent's thread into `file`. Resolves always, as `collect`. One at a time: while
   * another is being taken the answer is `EBB_CAPTURE_BUSY`. The agent calls it off when the time is over.
   */
  snapshot(file: string, options?: SnapshotRequest): Promise<CapturedMessage>;
  /**
   * Starts to sample the thread's allocations, takes a profile of them (which collects garbage), or stops. Resolves
   * always, as `collect`.
   */
  profile(action: ProfileMessage['action'], options?: ProfileRequest): Promise<ProfiledMessage>;
  /**
   * Asks for the source maps that are on no disk, below `folder` (see `SourceMapsMessage`). Resolves always, as `collect`.
   */
  sourceMaps(folder: string, options?: CommandOptions): Promise<SourceMappedMessage>;
  /** Sets the agent's sampling interval. */
  setInterval(ms: number): void;
  /** Has the process keep its last minutes in a ring file in a folder; see `RecordMessage`. */
  record(directory: string): void;
  /** The watch is over and the program runs on: the agent ends all that it has begun and goes. A `bye` follows. */
  leave(): void;
}

/** The listener's side of {@link ConnectedAgent}: it also feeds the answers in. */
export class AgentConnection implements ConnectedAgent {
  readonly key: string;
  readonly hello: HelloMessage;
  readonly #socket: Socket;
  readonly #pending = new Map<number, PendingAnswer>();
  #nextId = 1;
  #connected = true;

  constructor(key: string, hello: HelloMessage, socket: Socket) {
    this.key = key;
    this.hello = hello;
    this.#socket = socket;
  }

  get connected(): boolean {
    return this.#connected;
  }

  collect(options: CommandOptions = {}): Promise<CollectedMessage> {
    const id = this.#nextId++;
    const timeoutMs = options.timeoutMs ?? 30_000;
    return this.#ask({ type: 'collect', id }, 'collected', timeoutMs) as Promise<CollectedMessage>;
  }

  snapshot(file: string, options: SnapshotRequest = {}): Promise<CapturedMessage> {
    const id = this.#nextId++;
    const { timeoutMs = 600_000, method = 'fork', niceness = 19 } = options;
    const command: WatcherMessage = { type: 'snapshot', id, file, method, niceness, timeoutMs };
    return this.#ask(command, 'captured', timeoutMs) as Promise<CapturedMessage>;
  }

  profile(action: ProfileMessage['action'], options: ProfileRequest = {}): Promise<ProfiledMessage> {
    const id = this.#nextId++;
    const { classes = false, timeoutMs = classes ? 120_000 : 30_000 } = options;
    const command: WatcherMessage = { type: 'profile', id, action, ...(classes ? { classes } : {}) };
    return this.#ask(command, 'profiled', timeoutMs) as Promise<ProfiledMessage>;
  }

  sourceMaps(folder: string, { timeoutMs = 30_000 }: CommandOptions = {}): Promise<SourceMappedMessage> {
    const id = this.#nextId++;
    return this.#ask({ type: 'source-maps', id, folder }, 'source-mapped', timeoutMs) as Promise<SourceMappedMessage>;
  }

  setInterval(ms: number): void {
    this.#send({ type: 'interval', ms });
  }

  record(directory: string): void {
    this.#send({ type: 'record', directory });
  }

  leave(): void {
    this.#send({ type: 'leave' });
  }

  /** Takes an answer that came over the wire; false when nobody waits for it (any more). */
  settle(answer: Answer): boolean {
    const pending = this.#pending.get(answer.id);
    if (pending?.type !== answer.type) return false;
    this.#pending.delete(answer.id);
    clearTimeout(pending.timer);
    pending.resolve(answer);
    return true;
  }

  /** The connection has ended: everyone who still waits is told so. */
  end(): void {
    this.#connected = false;
    for (const [id, { type }] of [...this.#pending]) {
      const text = `Process ${String(this.hello.pid)} went away before it answered.`;
      this.settle(failure(type, id, 'EBB_AGENT_GONE', text));
    }
  }

  #ask(
    command: { type: 'collect' | 'snapshot' | 'profile' | 'source-maps'; id: number } & WatcherMessage,
    type: PendingAnswer['type'],
    timeoutMs: number,
  ): Promise<Answer> {
    const { id } = command;
    const who = `Process ${String(this.hello.pid)}, thread ${String(this.hello.threadId)},`;
    if (!this.#connected) {
      const text = `${who} is not connected any more.`;
      return Promise.resolve(failure(type, id, 'EBB_AGENT_GONE', text));
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        const text = `${who} did not answer within ${String(timeoutMs)} ms; it may be blocked.`;
        this.settle(failure(type, id, 'EBB_AGENT_TIMEOUT', text));
      }, timeoutMs);
      timer.unref();
      this.#pending.set(id, { type, timer, resolve });
      this.#send(command);
    });
  }

  #send(command: WatcherMessage): void {
    if (this.#connected) this.#socket.write(`${JSON.stringify(command)}\n`);
  }
}

function failure(type: PendingAnswer['type'], id: number, code: AgentErrorCode, text: string): Answer {
  const { message } = new AgentError(code, text);
  const error = { code, message };
  if (type === 'captured') return { type, id, ok: false, method: 'fork', error };
  return { type, id, ok: false, error };
}
