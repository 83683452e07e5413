/**
 * Gives back what malloc keeps of freed memory, when somebody of this process' own user asks for it: buffers and what else
 * is allocated outside V8's heap leaves malloc's arenas fragmented, and glibc returns their pages to the kernel only from
 * the end of an arena, or when it is told to (`malloc_trim(3)`). Nothing that is in use is touched, a leak least of all.
 *
 * The door is a Unix socket in Linux' abstract namespace, which has no file and belongs to the container's network; the
 * kernel is asked who is at its other end, and only a process of the same user is heard. One line of JSON in,
 * `{"action":"trim"}`, one out: `{"trimmed":{…}}` or `{"refused":"…"}`.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { mallocTrim, type MallocTrim } from '@ebb/capture/malloc';
import { socketPassing } from '@ebb/capture/sockets';
import { abstractName } from '../host/abstract-name.ts';
import { fdOf } from '../host/descriptor.ts';
import { hearFirstLine } from '../host/first-line.ts';
import { quietly } from '../host/quietly.ts';

/** What a trim gave. */
export interface Trimmed {
  /** Resident set before and after, in bytes. */
  beforeBytes: number;
  afterBytes: number;
  tookMs: number;
}

/** A trim that is armed. */
export interface Trimmer {
  /** Why nobody can ask for it, in one sentence; null where somebody can. */
  readonly unavailable: string | null;
  /** Nobody is heard any more. */
  stop(): void;
}

/** Who connects and says nothing is not waited for. */
const orderLimitMs = 2000;
const mostOrderBytes = 256;
const mostConnections = 4;

/** Where a process hears of it. */
export function trimDoorOf(pid: number): string {
  return abstractName(`ebb-trim-${pid}`);
}

/** Arms it. Linux with glibc and the native addon of `@ebb/capture`; elsewhere `unavailable` says what is missing. */
export function armTrim(): Trimmer {
  const found = mallocTrim();
  if ('missing' in found) return { unavailable: found.missing, stop: () => undefined };
  const passing = socketPassing();
  if (passing === undefined) return { unavailable: 'the native addon is older', stop: () => undefined };
  return new ArmedTrim(found, (fd) => passing.peerOf(fd) > 0);
}

class ArmedTrim implements Trimmer {
  readonly #malloc: MallocTrim;
  readonly #server: Server;
  #unavailable: string | null = null;
  #trims = false;

  constructor(malloc: MallocTrim, isOwn: (fd: number) => boolean) {
    this.#malloc = malloc;
    const hear = quietly((socket: Socket) => {
      const fd = fdOf(socket);
      socket.on('error', () => undefined).unref();
      if (fd === undefined || !isOwn(fd)) socket.destroy();
      else this.#hear(socket);
    });
    this.#server = createServer(hear)
      .on('error', ({ message }) => {
        this.#unavailable = message;
      })
      .listen({ path: trimDoorOf(process.pid), exclusive: true })
      .unref();
    this.#server.maxConnections = mostConnections;
  }

  get unavailable(): string | null {
    return this.#unavailable;
  }

  stop(): void {
    this.#unavailable ??= 'it was stopped';
    this.#server.close();
  }

  #hear(socket: Socket): void {
    const overdue = setTimeout(() => socket.destroy(), orderLimitMs).unref();
    hearFirstLine(socket, mostOrderBytes, (line) => {
      clearTimeout(overdue);
      void this.#obey(line ?? '').then((answer) => socket.end(`${JSON.stringify(answer)}\n`));
    });
    socket.on('close', () => {
      clearTimeout(overdue);
    });
  }

  async #obey(line: string): Promise<{ trimmed: Trimmed } | { refused: string }> {
    if (!isOrder(line)) return { refused: 'the order cannot be read' };
    if (this.#trims) return { refused: 'memory is being given back already' };
    this.#trims = true;
    try {
      const beforeBytes = process.memoryUsage.rss();
      const startedMs = performance.now();
      if (!(await this.#malloc.trim())) return { refused: 'a snapshot is being taken, or no thread can be started' };
      const tookMs = performance.now() - startedMs;
      return { trimmed: { beforeBytes, afterBytes: process.memoryUsage.rss(), tookMs } };
    } catch (error) {
      return { refused: error instanceof Error ? error.message : String(error) };
    } finally {
      this.#trims = false;
    }
  }
}

function isOrder(line: string): boolean {
  try {
    return (JSON.parse(line) as { action?: unknown } | null)?.action === 'trim';
  } catch {
    return false;
  }
}
