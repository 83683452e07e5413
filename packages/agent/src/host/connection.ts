/**
 * The agent's line to its watcher. It must never be what keeps the host alive or makes it grow:
 *
 * - The socket and all timers are unref'ed. A write that the kernel cannot take is not covered by
 *   that (libuv waits for it), so no more is written than fits into the socket's buffer: the
 *   watcher says how many lines it has received, and what is not yet received is bounded. Should a
 *   write hang all the same, the connection is given up at the second look.
 * - What cannot be written waits in a bounded queue; the oldest is dropped, and counted.
 * - When the watcher is away, a few tries, then silence for good.
 */
import { createConnection, type Socket } from 'node:net';
import { type AgentMessage, isWatcherMessage, LineSplitter, type WatcherMessage } from '../protocol/index.ts';
import type { HostClock } from './clock.ts';
import { quietly } from './quietly.ts';

/** Messages that wait; a sample is about 1 KB. */
const maxQueuedMessages = 256;
const maxQueuedBytes = 512 * 1024;
/** Written but not yet received; a Unix socket on Linux takes about 200 KB. */
const maxUnreceivedBytes = 64 * 1024;
/** What a small message costs in the kernel beyond its bytes. */
const overheadBytes = 1024;
const maxMessageBytes = maxUnreceivedBytes - overheadBytes;

/** What a connection needs from the agent. */
export interface ConnectionOptions {
  socketPath: string;
  clock: HostClock;
  /** The first message of each connection. */
  hello: () => AgentMessage;
  onMessage: (message: WatcherMessage) => void;
  /** The watcher is away for good. Called once. */
  onGiveUp: () => void;
  /** How long to wait before each further try; none: the first end of the connection is the last. */
  retryDelaysMs?: readonly number[] | undefined;
}

export class WatcherConnection {
  /** Messages that were lost because the watcher was away or did not read. */
  droppedMessages = 0;
  readonly #options: ConnectionOptions;
  readonly #retryDelaysMs: readonly number[];
  #queue: string[] = [];
  #queuedBytes = 0;
  #unreceived: number[] = [];
  #unreceivedBytes = 0;
  #receivedLines = 0;
  #socket: Socket | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #writeWasPending = false;
  #stopped = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#retryDelaysMs = options.retryDelaysMs ?? [100, 400, 1600];
    this.#connect();
  }

  /** How many messages wait. */
  get queuedMessages(): number {
    return this.#queue.length;
  }

  /** Sends, or queues, or drops. */
  send(message: AgentMessage): void {
    if (this.#stopped) return;
    const line = `${JSON.stringify(message)}\n`;
    if (Buffer.byteLength(line) > maxMessageBytes) {
      this.droppedMessages += 1;
      return;
    }
    this.#queue.push(line);
    this.#queuedBytes += line.length;
    this.#flush();
    while (this.#queue.length > maxQueuedMessages || this.#queuedBytes > maxQueuedBytes) {
      this.#queuedBytes -= this.#queue.shift()?.length ?? 0;
      this.droppedMessages += 1;
    }
  }

  /** Gives a connection up that has not got rid of its bytes since the last call. */
  dropWhenStuck(): void {
    const pending = (this.#socket?.writableLength ?? 0) > 0;
    if (pending && this.#writeWasPending) this.#socket?.destroy();
    this.#writeWasPending = pending;
  }

  /** Ends the connection after what has been written already; nothing is sent after this. */
  stop(): void {
    this.#stopped = true;
    this.#options.clock.clearTimeout(this.#retry);
    this.#queue = [];
    // Not `end`: a watcher that is stopped would never close its side.
    this.#socket?.destroySoon();
  }

  #connect(): void {
    const socket = createConnection({ path: this.#options.socketPath });
    const lines = new LineSplitter(
      maxUnreceivedBytes,
      quietly((line) => {
        this.#receive(line);
      }),
    );
    socket.unref();
    // Errors are told by 'close', which follows; an 'error' without a listener would end the host.
    socket.on('error', () => undefined);
    socket.on(
      'connect',
      quietly(() => {
        if (this.#stopped) {
          socket.destroy();
          return;
        }
        socket.unref();
        this.#socket = socket;
        this.#failures = 0;
        this.#unreceived = [];
        this.#unreceivedBytes = 0;
        this.#receivedLines = 0;
        this.#write(`${JSON.stringify(this.#options.hello())}\n`);
        this.#flush();
      }),
    );
    socket.on(
      'data',
      quietly((chunk: Buffer) => {
        lines.push(chunk);
      }),
    );
    socket.on(
      'close',
      quietly(() => {
        this.#socket = undefined;
        this.#connectAgain();
      }),
    );
  }

  #connectAgain(): void {
    if (this.#stopped) return;
    const delayMs = this.#retryDelaysMs[this.#failures];
    this.#failures += 1;
    if (delayMs === undefined) {
      this.stop();
      this.#options.onGiveUp();
      return;
    }
    this.#retry = this.#options.clock.setTimeout(
      quietly(() => {
        this.#connect();
      }),
      delayMs,
    );
    this.#retry.unref();
  }

  #receive(line: string): void {
    const message: unknown = JSON.parse(line);
    if (!isWatcherMessage(message)) return;
    if (message.type !== 'received') {
      this.#options.onMessage(message);
      return;
    }
    while (this.#receivedLines < message.lines && this.#unreceived.length > 0) {
      this.#unreceivedBytes -= this.#unreceived.shift() ?? 0;
      this.#receivedLines += 1;
    }
    this.#flush();
  }

  #flush(): void {
    while (this.#socket !== undefined && this.#queue.length > 0) {
      const line = this.#queue[0];
      const cost = Buffer.byteLength(line) + overheadBytes;
      if (this.#unreceivedBytes + cost > maxUnreceivedBytes) return;
      this.#queue.shift();
      this.#queuedBytes -= line.length;
      this.#write(line);
    }
  }

  #write(line: string): void {
    const cost = Buffer.byteLength(line) + overheadBytes;
    this.#unreceived.push(cost);
    this.#unreceivedBytes += cost;
    this.#socket?.write(line);
  }
}
