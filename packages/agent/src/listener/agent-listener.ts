import { EventEmitter } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentError } from '../error.ts';
import {
  type ByeMessage,
  type CapturedMessage,
  type CollectedMessage,
  type HelloMessage,
  isAgentMessage,
  LineSplitter,
  type ProfiledMessage,
  type SampleMessage,
  type SourceMappedMessage,
  type WarningMessage,
  type WatcherMessage,
} from '../protocol/index.ts';
import { AgentConnection, type ConnectedAgent } from './connected-agent.ts';

/**
 * What a listener emits. Each agent's events come in order: one `hello`, then the others, and one
 * `bye` at the end, also when the program was killed; nothing of that agent after it.
 */
export interface AgentListenerEvents {
  /** An agent has connected. */
  hello: [agent: ConnectedAgent, message: HelloMessage];
  sample: [agent: ConnectedAgent, message: SampleMessage];
  /** The answer to a `collect`, also when its promise has given up waiting. */
  collected: [agent: ConnectedAgent, message: CollectedMessage];
  /** The answer to a `snapshot`, also when its promise has given up waiting. */
  captured: [agent: ConnectedAgent, message: CapturedMessage];
  /** The answer to a `profile`, also when its promise has given up waiting. */
  profiled: [agent: ConnectedAgent, message: ProfiledMessage];
  warning: [agent: ConnectedAgent, message: WarningMessage];
  /** The agent is gone; `reason` is its own word, or `'disconnected'`. */
  bye: [agent: ConnectedAgent, message: ByeMessage];
  /** Something that is not a message was skipped; it is counted in `skipped`, too. */
  skipped: [why: string];
}

/** How a listener is made. */
export interface AgentListenerOptions {
  /** Where the socket's directory is made; default: the system's directory for temporary files. */
  parentDirectory?: string;
  /** The longest line that is read; longer ones are skipped. Default 1 MiB. */
  maxLineBytes?: number;
  /** How many agents may be connected at once; more are turned away. Default 1024. */
  maxConnections?: number;
  /** The number that whoever connects has here; told instead of its own, which is another in a PID namespace of its own. */
  pid?: number;
}

/** The watcher's end of the protocol; made by {@link createAgentListener}. */
export interface AgentListener extends EventEmitter<AgentListenerEvents> {
  /** What the watched program must find in its environment as `EBB_AGENT_SOCKET`. */
  readonly socketPath: string;
  /** The agents that are connected now, by their `key`, in order of their hello. */
  readonly agents: ReadonlyMap<string, ConnectedAgent>;
  /** How many lines were skipped because they were no messages or too long. */
  readonly skipped: number;
  /** Ends all connections (a `bye` for each), and removes the socket and its directory. */
  stop(): Promise<void>;
}

/** A Unix socket's path has 107 bytes on Linux and 103 on macOS, whatever the file system allows. */
const maxSocketPathBytes = 103;

/**
 * Opens the watcher's end: a Unix socket in a fresh directory that only this user can enter.
 * Whatever comes in over it, the listener survives; memory is bounded by connections × line.
 *
 * @throws {AgentError} EBB_AGENT_LISTEN when the socket cannot be opened
 */
export async function createAgentListener(options: AgentListenerOptions = {}): Promise<AgentListener> {
  const directory = makeDirectory(options.parentDirectory ?? tmpdir());
  const socketPath = join(directory, 's');
  const server = createServer();
  server.maxConnections = options.maxConnections ?? 1024;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socketPath, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (cause) {
    rmSync(directory, { recursive: true, force: true });
    throw new AgentError(
      'EBB_AGENT_LISTEN',
      `The socket ${socketPath} could not be opened (${reasonOf(cause)}). ` +
        'Set TMPDIR to a directory of the local file system that you may write to.',
      { cause },
    );
  }
  return new SocketListener(server, directory, socketPath, options);
}

class SocketListener extends EventEmitter<AgentListenerEvents> implements AgentListener {
  readonly socketPath: string;
  readonly #agents = new Map<string, AgentConnection>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  readonly #directory: string;
  readonly #maxLineBytes: number;
  readonly #pid: number | undefined;
  #skipped = 0;
  #connections = 0;

  constructor(server: Server, directory: string, socketPath: string, options: AgentListenerOptions) {
    super();
    this.socketPath = socketPath;
    this.#server = server;
    this.#directory = directory;
    this.#maxLineBytes = options.maxLineBytes ?? 2 ** 20;
    this.#pid = options.pid;
    server.on('connection', (socket) => {
      this.#accept(socket);
    });
    // Nothing that happens to the listening socket later (EMFILE on accept) may end the watcher.
    server.on('error', (error) => {
      this.#skip(`the socket reported: ${error.message}`);
    });
  }

  get agents(): ReadonlyMap<string, ConnectedAgent> {
    return this.#agents;
  }

  get skipped(): number {
    return this.#skipped;
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    const connectionId = (this.#connections += 1);
    let agent: AgentConnection | undefined;
    let bye: ByeMessage | undefined;
    const lines = new LineSplitter(this.#maxLineBytes, (line) => {
      if (bye !== undefined) return;
      const message = parse(line);
      if (!isAgentMessage(message)) {
        this.#skip('a line that is not a message');
      } else if (agent === undefined) {
        if (message.type !== 'hello') {
          this.#skip(`a ${message.type} before any hello`);
          return;
        }
        const hello = this.#pid === undefined ? message : { ...message, pid: this.#pid };
        const key = `${String(hello.pid)}:${String(hello.threadId)}:${String(connectionId)}`;
        agent = new AgentConnection(key, hello, socket);
        this.#agents.set(key, agent);
        this.emit('hello', agent, hello);
      } else if (message.type === 'bye') {
        // Told when the connection has ended, so that it is the last event in any case.
        bye = message;
        socket.end();
      } else {
        this.#dispatch(agent, message);
      }
    });
    socket.on('data', (chunk) => {
      const before = lines.skippedLines;
      const linesBefore = lines.lines;
      lines.push(chunk);
      if (lines.lines > linesBefore) {
        const received: WatcherMessage = { type: 'received', lines: lines.lines };
        if (socket.writable) socket.write(`${JSON.stringify(received)}\n`);
      }
      for (let i = before; i < lines.skippedLines; i++) this.#skip('a line that is too long');
    });
    // A reset connection is an ordinary end here: 'close' follows.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (agent === undefined) return;
      this.#agents.delete(agent.key);
      agent.end();
      const { pid, threadId } = agent.hello;
      this.emit('bye', agent, bye ?? { type: 'bye', pid, threadId, reason: 'disconnected' });
    });
  }

  #dispatch(
    agent: AgentConnection,
    message:
      | HelloMessage
      | SampleMessage
      | CollectedMessage
      | CapturedMessage
      | ProfiledMessage
      | SourceMappedMessage
      | WarningMessage,
  ): void {
    switch (message.type) {
      case 'hello':
        this.#skip('a second hello');
        return;
      case 'sample':
        this.emit('sample', agent, message);
        return;
      case 'warning':
        this.emit('warning', agent, message);
        return;
      case 'collected':
        agent.settle(message);
        this.emit('collected', agent, message);
        return;
      case 'captured':
        agent.settle(message);
        this.emit('captured', agent, message);
        return;
      case 'profiled':
        agent.settle(message);
        this.emit('profiled', agent, message);
        return;
      case 'source-mapped':
        agent.settle(message);
    }
  }

  #skip(why: string): void {
    this.#skipped += 1;
    this.emit('skipped', why);
  }
}

function makeDirectory(parent: string): string {
  // mkdtemp makes the directory with mode 0700; the umask can only take away from that.
  const tooLong = Buffer.byteLength(join(parent, 'ebb-XXXXXX', 's')) > maxSocketPathBytes;
  const base = tooLong ? '/tmp' : parent;
  try {
    const directory = mkdtempSync(join(base, 'ebb-'));
    chmodSync(directory, 0o700);
    return directory;
  } catch (cause) {
    throw new AgentError(
      'EBB_AGENT_LISTEN',
      `No directory for the agents' socket could be made in ${base} (${reasonOf(cause)}). ` +
        'Set TMPDIR to a directory that you may write to.',
      { cause },
    );
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
