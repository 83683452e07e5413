/**
 * The thread of one open snapshot, and the line of queries before it. One query is with the thread at a time, so what is
 * called off while it waits never begins, and what is under way is told by a flag that both threads see.
 */
import { HeapError } from '../errors/heap-error.ts';
import { buffersOf } from '../query/census.ts';
import type { Queries, QueryName } from '../query/queries.ts';
import type { OpeningInput } from '../query/serve.ts';
import type { AnalyzeProgress } from './analyze-snapshots.ts';
import type { QueryMessage, QueryWorkerInput, QueryWorkerMessage } from './messages.ts';
import { type StartedWorker, startWorker } from './start-worker.ts';

/** How a query is watched and called off. */
export interface QueryOptions {
  /** Calls the query off: it rejects with EBB_HEAP_ABORTED at once, and those behind it are served. */
  signal?: AbortSignal;
  onProgress?: (progress: AnalyzeProgress) => void;
}

interface Waiting {
  number: number;
  /** Undefined for the opening itself. */
  message: QueryMessage | undefined;
  onProgress: QueryOptions['onProgress'];
  /** Undefined once the caller has its answer or its error. */
  settle: { resolve: (answer: unknown) => void; reject: (error: HeapError) => void } | undefined;
  forgetSignal: () => void;
}

/** An open snapshot's census is made for one comparison, and goes where that is made. */
function movedWith(message: QueryMessage): ArrayBuffer[] {
  return message.name === 'compare' && typeof message.input.with !== 'string' ? buffersOf(message.input.with) : [];
}

/** Serves queries about one snapshot, in the order in which they are asked. */
export class QueryThread {
  readonly #file: string;
  readonly #worker: StartedWorker;
  readonly #calledOff = new SharedArrayBuffer(4);
  readonly #line: Waiting[] = [];
  /** With the thread now. */
  #current: Waiting | undefined;
  #asked = 0;
  /** Why nothing is served any more. */
  #over: HeapError | undefined;

  /** Starts the thread and the opening. */
  constructor(input: OpeningInput, maxScriptHeapMb: number | undefined) {
    this.#file = input.file;
    const workerData: QueryWorkerInput = { ...input, calledOff: this.#calledOff };
    this.#worker = startWorker<QueryWorkerMessage>(new URL('./query-worker.js', import.meta.url), {
      workerData,
      work: `The thread that has ${input.file} open`,
      ...(maxScriptHeapMb === undefined ? {} : { limits: { maxOldGenerationSizeMb: maxScriptHeapMb } }),
      onMessage: (message) => this.#hear(message),
      onEnd: (error) => this.#end(error),
    });
    this.#worker.unref();
  }

  /** Resolves when the snapshot is open; calling it off leaves a thread that must be closed. Ask for it once. */
  async opened(options: QueryOptions): Promise<void> {
    await this.#queue(0, undefined, options);
  }

  /** Asks; see the queries for what they answer and reject with. */
  async ask<Name extends QueryName>(
    name: Name,
    input: Queries[Name]['input'],
    options: QueryOptions,
  ): Promise<Queries[Name]['answer']> {
    const number = ++this.#asked;
    const message = { type: 'query', number, name, input } as QueryMessage;
    return (await this.#queue(number, message, options)) as Queries[Name]['answer'];
  }

  /** Ends the thread; what waits rejects with EBB_HEAP_CLOSED. */
  async close(): Promise<void> {
    this.#end(new HeapError('EBB_HEAP_CLOSED', `${this.#file} was closed. Open it again to ask more.`));
    await this.#worker.stop();
  }

  #queue(number: number, message: QueryMessage | undefined, { signal, onProgress }: QueryOptions): Promise<unknown> {
    if (this.#over) return Promise.reject(this.#over);
    const aborted = (): HeapError =>
      new HeapError('EBB_HEAP_ABORTED', 'The query was called off before it ended.', { cause: signal?.reason });
    if (signal?.aborted) return Promise.reject(aborted());
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        if (this.#current === entry) Atomics.store(new Int32Array(this.#calledOff), 0, number);
        else this.#line.splice(this.#line.indexOf(entry), 1);
        this.#settle(entry, (caller) => caller.reject(aborted()));
        this.#keepAlive();
      };
      const entry: Waiting = {
        number,
        message,
        onProgress,
        settle: { resolve, reject },
        forgetSignal: () => signal?.removeEventListener('abort', onAbort),
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#line.push(entry);
      this.#next();
    });
  }

  #next(): void {
    if (this.#current === undefined) {
      this.#current = this.#line.shift();
      const message = this.#current?.message;
      if (message) this.#worker.post(message, movedWith(message));
    }
    this.#keepAlive();
  }

  #hear(message: QueryWorkerMessage): void {
    const entry = this.#current;
    const number = message.type === 'opened' ? 0 : message.number;
    if (entry?.number !== number) return;
    if (message.type === 'progress') {
      const { phase, file, fraction } = message;
      if (entry.settle) entry.onProgress?.({ phase, file, fraction });
      return;
    }
    this.#current = undefined;
    this.#settle(entry, (caller) => {
      if (message.type === 'error') caller.reject(new HeapError(message.code, message.message));
      else caller.resolve(message.type === 'answer' ? message.answer : undefined);
    });
    this.#next();
  }

  #settle(entry: Waiting, how: (caller: NonNullable<Waiting['settle']>) => void): void {
    const caller = entry.settle;
    entry.settle = undefined;
    entry.forgetSignal();
    if (caller) how(caller);
  }

  /** A process waits for answers, not for threads. */
  #keepAlive(): void {
    const isAwaited = this.#current?.settle !== undefined || this.#line.length > 0;
    if (isAwaited) this.#worker.ref();
    else this.#worker.unref();
  }

  #end(error: HeapError): void {
    this.#over ??= error;
    const left = [...(this.#current ? [this.#current] : []), ...this.#line.splice(0)];
    this.#current = undefined;
    for (const entry of left) this.#settle(entry, (caller) => caller.reject(error));
  }
}
