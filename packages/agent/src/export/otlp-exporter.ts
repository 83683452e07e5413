/**
 * Sends exports by OTLP/HTTP, one after the other, and is never the host's business:
 *
 * - What waits is bounded; the oldest is dropped, and counted.
 * - An answer 429, 502, 503 or 504, and a connection that fails, is tried again after a while: `Retry-After` where the
 *   receiver says it, else twice as long each time, up to a minute, with jitter. Any other answer is final (OTLP
 *   specification, "Failures").
 * - Timers and sockets are unref'ed. What holds a process for a moment all the same is a connection that is just being
 *   made: it is given up after `timeoutMs`, at most five seconds.
 */
import { gzipSync } from 'node:zlib';
import type { HostClock } from '../host/clock.ts';
import { quietly } from '../host/quietly.ts';
import type { HttpAnswer } from './http-answer.ts';
import { HttpConnection } from './http-connection.ts';
import { retryAfterMs } from './retry-after.ts';
import type { OtlpSettings } from './settings.ts';

const maxQueuedExports = 60;
const maxQueuedBytes = 2 * 2 ** 20;
const maxConnectMs = 5000;
const firstRetryMs = 1000;
const longestRetryMs = 60_000;
const retryable = new Set([429, 502, 503, 504]);

/** What an exporter needs from the agent. */
export interface OtlpExporterOptions {
  settings: OtlpSettings;
  clock: HostClock;
  /** Something that a person should know once: what is refused, and why. */
  onProblem: (sentence: string) => void;
  /** 0 to 1; passed in by tests. */
  random?: () => number;
}

/** What came of one try to send an export. */
interface Outcome {
  taken: boolean;
  again: boolean;
  afterMs?: number | undefined;
}

export class OtlpExporter {
  /** Exports that were lost: dropped because too many waited, or refused for good. */
  dropped = 0;
  /** Exports that the receiver took. */
  taken = 0;
  readonly #options: OtlpExporterOptions;
  readonly #connection: HttpConnection;
  /** Those that each request has. */
  readonly #headers: Readonly<Record<string, string>>;
  readonly #random: () => number;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #sending = false;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @throws what reading a certificate or key throws, and where the URL's user or password is not percent-encoded */
  constructor(options: OtlpExporterOptions) {
    this.#options = options;
    this.#connection = new HttpConnection(options.settings);
    this.#headers = headersOf(options.settings);
    this.#random = options.random ?? Math.random;
  }

  /** How many exports wait, the one under way included. */
  get queued(): number {
    return this.#queue.length;
  }

  /** How many bytes wait. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Sends a request's body when those before it are through. */
  send(body: object): void {
    if (!this.#stopped) this.#push(this.#packed(body));
  }

  /**
   * Writes one last export into the connection that is open from the one before, if there is one, and waits for nothing:
   * for the moment before the process exits, when no answer can be received any more.
   */
  sendLast(body: object): void {
    if (this.#stopped || this.#sending) return;
    this.#stopped = this.#connection.writeLast(this.#request(this.#packed(body), { connection: 'close' }));
  }

  /** Sends nothing more, and lets go of everything. */
  stop(): void {
    this.#stopped = true;
    this.#options.clock.clearTimeout(this.#retry);
    this.#connection.close();
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  /**
   * Packed in this thread, the fast way: 20 KB take 0.2 ms. Node's threads would have it done by streams, which cost the
   * host more than that (see `http-connection.ts`).
   */
  #packed(body: object): Buffer {
    const text = JSON.stringify(body);
    return this.#options.settings.gzip ? gzipSync(text, { level: 1 }) : Buffer.from(text);
  }

  #push(body: Buffer): void {
    if (this.#stopped) return;
    this.#queue.push(body);
    this.#queuedBytes += body.length;
    // The first is under way: what is dropped is the oldest that is not.
    const oldest = this.#sending ? 1 : 0;
    while (
      this.#queue.length > oldest + 1 &&
      (this.#queue.length > maxQueuedExports || this.#queuedBytes > maxQueuedBytes)
    ) {
      const [lost] = this.#queue.splice(oldest, 1);
      this.#queuedBytes -= lost.length;
      this.dropped += 1;
    }
    if (this.#retry === undefined) this.#sendNext();
  }

  #sendNext(): void {
    if (this.#sending || this.#stopped) return;
    const [body] = this.#queue;
    if (body === undefined) return;
    this.#sending = true;
    let settled = false;
    const settle = (outcome: Outcome): void => {
      if (settled) return;
      settled = true;
      this.#options.clock.clearTimeout(deadline);
      this.#sending = false;
      this.#settle(body, outcome);
    };
    const { timeoutMs } = this.#options.settings;
    const giveUp = quietly(() => {
      this.#connection.close();
      settle({ taken: false, again: true });
    });
    let deadline = this.#later(giveUp, Math.min(timeoutMs, maxConnectMs));
    this.#connection.request(this.#request(body), {
      connected: quietly(() => {
        if (settled) return;
        this.#options.clock.clearTimeout(deadline);
        deadline = this.#later(giveUp, timeoutMs);
      }),
      answered: quietly((answer: HttpAnswer) => {
        settle(this.#judge(answer));
      }),
      failed: quietly(() => {
        settle({ taken: false, again: true });
      }),
    });
  }

  #judge({ status, retryAfter, body }: HttpAnswer): Outcome {
    if (status >= 200 && status < 300) {
      this.#tellRejected(body);
      return { taken: true, again: false };
    }
    if (retryable.has(status)) {
      return { taken: false, again: true, afterMs: retryAfterMs(retryAfter, this.#options.clock.now()) };
    }
    this.#options.onProblem(`The OTLP receiver refuses exports with status ${status}.`);
    return { taken: false, again: false };
  }

  /** A partial success is not tried again; what was rejected is told. */
  #tellRejected(answer: string): void {
    let rejected: unknown;
    try {
      const { partialSuccess } = JSON.parse(answer) as { partialSuccess?: { rejectedDataPoints?: unknown } };
      rejected = partialSuccess?.rejectedDataPoints;
    } catch {
      // Protobuf, or nothing: the status said that it was taken.
      return;
    }
    const count = Number(rejected ?? 0);
    if (count > 0) this.#options.onProblem(`The OTLP receiver took an export but rejected ${count} of its points.`);
  }

  #settle(body: Buffer, { taken, again, afterMs }: Outcome): void {
    if (this.#stopped) return;
    if (!again) {
      if (this.#queue[0] === body) {
        this.#queue.shift();
        this.#queuedBytes -= body.length;
      }
      if (taken) this.taken += 1;
      else this.dropped += 1;
      this.#failures = 0;
      this.#sendNext();
      return;
    }
    const backoffMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    // Between half and the whole of it: a thousand agents must not come back at one moment.
    const delayMs = Math.min(longestRetryMs * 10, afterMs ?? 0) || backoffMs * (0.5 + this.#random() / 2);
    this.#retry = this.#later(
      quietly(() => {
        this.#retry = undefined;
        this.#sendNext();
      }),
      delayMs,
    );
  }

  /** A request as it stands on the wire. */
  #request(body: Buffer, more: Record<string, string> = {}): Buffer {
    const { pathname, search } = this.#options.settings.url;
    const fields = { ...this.#headers, 'content-length': String(body.length), ...more };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `POST ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n`;
    return Buffer.concat([Buffer.from(head, 'latin1'), body]);
  }

  #later(callback: () => void, delayMs: number): NodeJS.Timeout {
    return this.#options.clock.setTimeout(callback, delayMs).unref();
  }
}

function headersOf({ url, headers, gzip }: OtlpSettings): Record<string, string> {
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return {
    host: url.host,
    ...(url.username === '' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
    ...headers,
    'content-type': 'application/json',
    ...(gzip ? { 'content-encoding': 'gzip' } : {}),
    'user-agent': 'ebb-agent',
  };
}
