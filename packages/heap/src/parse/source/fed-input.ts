import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { HeapError } from '../../errors/heap-error.ts';
import type { ByteSource } from './byte-source.ts';
import { compressions } from './compression.ts';
import type { FeedFailure, FeedInput } from './feed.ts';
import { RingReader, ringMemory } from './ring.ts';

/** What {@link FedInput} reads. */
export interface FedInputOptions {
  /** What messages call it. */
  name: string;
  /** A path, or undefined for standard input. */
  path: string | undefined;
  mostBytes: number;
  inputBytes: number | undefined;
}

/** A thread takes a while to start on a busy machine, but not so long. */
const LONGEST_START_SECONDS = 60;

/** An input that another thread reads and unpacks, while this one parses. Holds about 6 MB whatever its size. */
export class FedInput implements ByteSource {
  readonly name: string;
  readonly mostBytes: number;
  readonly inputBytes: number | undefined;
  readonly #ring: RingReader;
  readonly #port: MessagePort;
  readonly #worker: Worker;

  constructor({ name, path, mostBytes, inputBytes }: FedInputOptions) {
    this.name = name;
    this.mostBytes = mostBytes;
    this.inputBytes = inputBytes;
    const memory = ringMemory();
    const { port1, port2 } = new MessageChannel();
    this.#ring = new RingReader(memory);
    this.#port = port1;
    const workerData: FeedInput = { memory, port: port2, path, name };
    // The source's own ending: tests run it as TypeScript.
    this.#worker = new Worker(new URL(`./feed${import.meta.url.slice(-3)}`, import.meta.url), {
      workerData,
      transferList: [port2],
      execArgv: [],
      env: {}, // what is preloaded into this process has no business there
    });
    this.#worker.unref();
    port1.unref();
  }

  get isDecompressed(): boolean {
    return this.#ring.kind > compressions.indexOf('none');
  }

  get inputBytesRead(): number {
    return this.#ring.inputBytes;
  }

  read(into: Uint8Array): number {
    for (let seconds = 0; ; seconds++) {
      const length = this.#ring.read(into);
      if (typeof length === 'number') return length;
      if (length === 'ended') return 0;
      if (length === 'failed') throw this.#failure();
      if (seconds >= LONGEST_START_SECONDS) {
        throw new HeapError('EBB_HEAP_WORKER_FAILED', `The thread that reads ${this.name} did not start. Try again.`);
      }
    }
  }

  #failure(): HeapError {
    const received = receiveMessageOnPort(this.#port) as { message: FeedFailure } | undefined;
    if (received) return new HeapError(received.message.code, received.message.message);
    return new HeapError(
      'EBB_HEAP_WORKER_FAILED',
      `The thread that reads ${this.name} ended without an answer. With very large snapshots this is want of memory; otherwise please report it.`,
    );
  }

  close(): void {
    this.#port.close();
    void this.#worker.terminate();
  }
}
