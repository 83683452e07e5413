import { spawn, type ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { TestError } from '../errors/test-error.ts';
import { LineReader, type Message, type Phase, type Request } from '../runner/protocol.ts';
import { endedEarly, failedCall, placeOf, stalled, type LastWords } from './failure.ts';
import { nodeFlags } from './node-flags.ts';

/** How a workload's process is run. */
export interface ProcessOptions {
  /** As its reader named it; for messages. */
  readonly name: string;
  readonly cwd: string;
  readonly timeLimitMs: number;
  readonly stallLimitMs: number;
  /** Takes what the workload prints, on either stream. */
  readonly onOutput: (chunk: Buffer) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The answer to a request. */
type Answer = Extract<
  Message,
  { type: 'started' | 'noIterate' | 'warm' | 'stepped' | 'captured' | 'noSnapshot' | 'ended' }
>;

const ANSWERS = new Set<Message['type']>([
  'started',
  'noIterate',
  'warm',
  'stepped',
  'captured',
  'noSnapshot',
  'ended',
]);
/** What runs in the process: compiled, or as it is written where this file is too (in tests). */
const RUNNER = fileURLToPath(
  import.meta.url.endsWith('.ts')
    ? new URL('../runner/main.ts', import.meta.url)
    : new URL('../runner/main.js', import.meta.url),
);
const KEPT_OUTPUT_BYTES = 16_384;
const CHECK_MS = 100;
/** No heartbeat for so long: the event loop stands still. They come every 250 ms. */
const SILENCE_MS = 2000;
/** How long the pipe may take to deliver the last words after the end. */
const LAST_WORDS_MS = 1000;

/** The parent's end of the process that a workload runs in. Whatever happens, `stop()` ends it and all it started. */
export class WorkloadProcess {
  readonly #options: ProcessOptions;
  readonly #child: ChildProcess;
  readonly #startMs: number = performance.now();
  readonly #check: NodeJS.Timeout;
  #failure: TestError | null = null;
  #waiting: { resolve: (answer: Answer) => void; reject: (error: TestError) => void } | null = null;
  #place: { phase: Phase; iteration: number } = { phase: 'start', iteration: 0 };
  #placeSinceMs: number = performance.now();
  #heardMs: number = performance.now();
  #words: Pick<LastWords, 'uncaught' | 'ranDry' | 'exit'> = { uncaught: null, ranDry: null, exit: null };
  #output: Buffer = Buffer.alloc(0);

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.#child = spawn(process.execPath, [...nodeFlags(process.execArgv), RUNNER], {
      cwd: options.cwd,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
      detached: true, // its own group, so that what it starts can be ended with it
    });
    this.#child.on('error', (cause) => {
      this.#fail(
        new TestError(
          'EBB_TEST_NOT_STARTED',
          `the process for '${options.name}' could not be started: ${cause.message}`,
          { cause },
        ),
      );
    });
    this.#listen();
    this.#check = setInterval(() => {
      this.#checkLimits();
    }, CHECK_MS);
    options.signal?.addEventListener('abort', this.#abort, { once: true });
    if (options.signal?.aborted === true) this.#abort();
    process.on('exit', this.#kill);
  }

  /**
   * Asks for one thing and waits until it is done.
   *
   * @throws {TestError} when the workload fails, hangs, ends or is called off
   */
  ask(request: Request): Promise<Answer> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    this.#placeSinceMs = performance.now();
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      (this.#child.stdio[4] as Duplex).write(`${JSON.stringify(request)}\n`);
    });
  }

  /** Ends the process and everything in its group, at once. Repeatable. */
  stop(): void {
    clearInterval(this.#check);
    this.#options.signal?.removeEventListener('abort', this.#abort);
    process.off('exit', this.#kill);
    this.#kill();
    for (const stream of this.#child.stdio) stream?.destroy();
  }

  #listen(): void {
    const child = this.#child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output = Buffer.concat([this.#output, chunk]).subarray(-KEPT_OUTPUT_BYTES);
        this.#options.onOutput(chunk);
      });
    }
    const said = child.stdio[3] as Duplex;
    const reader = new LineReader<Message>();
    said.setEncoding('utf8');
    said.on('data', (chunk: string) => {
      for (const message of reader.push(chunk)) this.#hear(message);
    });
    for (const pipe of [said, child.stdio[4] as Duplex]) pipe.on('error', () => undefined); // its end is told by `exit`
    child.on('exit', (exitCode, signal) => {
      void this.#lastWords().then(() => {
        const output = this.#output.toString('latin1');
        this.#fail(endedEarly(this.#options.name, { ...this.#words, lastSeen: this.#place, exitCode, signal, output }));
      });
    });
  }

  /** Waits until the pipes have delivered what was said before the end; a grandchild may hold them open. */
  async #lastWords(): Promise<void> {
    const ends = this.#child.stdio
      .slice(1, 4)
      .map((stream) => new Promise((resolve) => stream?.once('end', resolve).once('close', resolve)));
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([Promise.all(ends), new Promise((resolve) => (timer = setTimeout(resolve, LAST_WORDS_MS)))]);
    clearTimeout(timer);
  }

  #hear(message: Message): void {
    this.#heardMs = performance.now();
    if (message.type === 'at') this.#moveTo(message);
    else if (message.type === 'failed') this.#fail(failedCall(this.#options.name, message));
    else if (message.type === 'uncaught' || message.type === 'ranDry' || message.type === 'exit') {
      this.#words = { ...this.#words, [message.type]: message };
    } else if (ANSWERS.has(message.type)) {
      this.#waiting?.resolve(message);
      this.#waiting = null;
    }
  }

  #moveTo({ phase, iteration }: { phase: Phase; iteration: number }): void {
    if (phase !== this.#place.phase || iteration !== this.#place.iteration) this.#placeSinceMs = performance.now();
    this.#place = { phase, iteration };
  }

  #checkLimits(): void {
    const now = performance.now();
    const { name, stallLimitMs, timeLimitMs } = this.#options;
    if (now - this.#startMs > timeLimitMs) {
      const seconds = String(timeLimitMs / 1000);
      this.#fail(
        new TestError('EBB_TEST_TIME_LIMIT', `'${name}' was not finished after ${seconds} s${placeOf(this.#place)}`),
      );
    } else if (this.#waiting !== null && this.#place.phase !== 'snapshot' && now - this.#placeSinceMs > stallLimitMs) {
      const answers = now - this.#heardMs < SILENCE_MS;
      this.#fail(stalled(name, this.#place.phase, this.#place.iteration, stallLimitMs, answers));
    }
  }

  readonly #abort = (): void => {
    this.#fail(new TestError('EBB_TEST_ABORTED', `the test of '${this.#options.name}' was called off`));
  };

  readonly #kill = (): void => {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Gone already, with all it started.
    }
  };

  #fail(error: TestError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    this.#kill();
    this.#waiting?.reject(error);
    this.#waiting = null;
  }
}
