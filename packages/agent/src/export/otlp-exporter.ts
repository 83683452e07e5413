/**
 * Sends exports by OTLP/HTTP, one after the other, and is never the host's business:
 *
 * - What waits is bounded; the oldest is dropped, and counted.
 * - An answer 429, 502, 503 or 504, and a connection that fails, is tried again after a while: `Retry-After` where the
 *   receiver says it, else twice as long each time, up to a minute, with jitter. Any other answer is final (OTLP
 *   specification, "Failures").
 * - Timers and sockets are unref'ed. What holds a process for a moment all the same is a connection that is just being
 *   made: it is given up after `timeoutMs`, at most five seconds.
 * - `ClientRequest` is called itself and not `http.request`, which tracers replace.
 */
import type { Agent as HttpAgent, ClientRequest, ClientRequestArgs, IncomingMessage } from 'node:http';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { gzip, gzipSync } from 'node:zlib';
import type { HostClock } from '../host/clock.ts';
import { quietly } from '../host/quietly.ts';
import { retryAfterMs } from './retry-after.ts';
import type { OtlpSettings } from './settings.ts';

// An import of node:http reads all that it exports, WebSocket included, for which Node 22 and later load all of undici.
const load = createRequire(import.meta.url);
const http = load('node:http') as typeof import('node:http');

const maxQueuedExports = 60;
const maxQueuedBytes = 2 * 2 ** 20;
const maxAnswerBytes = 16 * 1024;
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

export class OtlpExporter {
  /** Exports that were lost: dropped because too many waited, or refused for good. */
  dropped = 0;
  /** Exports that the receiver took. */
  taken = 0;
  readonly #options: OtlpExporterOptions;
  readonly #agent: HttpAgent;
  readonly #random: () => number;
  /** What is to be packed, one at a time: the threads that do it may end in any order. */
  #unpacked: string[] = [];
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #sending = false;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #request: ClientRequest | undefined;
  #socket: Socket | undefined;
  #stopped = false;

  /** @param agent keeps the connection; made by {@link createOtlpExporter} */
  constructor(options: OtlpExporterOptions, agent: HttpAgent) {
    this.#options = options;
    this.#agent = agent;
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
    if (this.#stopped) return;
    const text = JSON.stringify(body);
    if (!this.#options.settings.gzip) {
      this.#push(Buffer.from(text));
      return;
    }
    this.#unpacked.push(text);
    if (this.#unpacked.length === 1) this.#packNext();
    else if (this.#unpacked.length > maxQueuedExports) {
      // The first is being packed.
      this.#unpacked.splice(1, 1);
      this.dropped += 1;
    }
  }

  /**
   * Writes one last export into the connection that is open from the one before, if there is one, and waits for nothing:
   * for the moment before the process exits, when no answer can be received any more.
   */
  sendLast(body: object): void {
    const socket = this.#socket;
    if (this.#stopped || this.#sending || socket === undefined || !socket.writable) return;
    const { url, headers, gzip: packs } = this.#options.settings;
    const text = JSON.stringify(body);
    const bytes = packs ? gzipSync(text, { level: 1 }) : Buffer.from(text);
    const fields = { host: url.host, ...headers, ...this.#headers(bytes), connection: 'close' };
    const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(
      Buffer.concat([Buffer.from(`POST ${url.pathname}${url.search} HTTP/1.1\r\n${head.join('')}\r\n`), bytes]),
    );
    this.#stopped = true;
  }

  /** Sends nothing more, and lets go of everything. */
  stop(): void {
    this.#stopped = true;
    this.#options.clock.clearTimeout(this.#retry);
    this.#request?.destroy();
    this.#agent.destroy();
    this.#unpacked = [];
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #packNext(): void {
    const [text] = this.#unpacked;
    if (text === undefined) return;
    gzip(
      text,
      { level: 6 },
      quietly((error: Error | null, packed: Buffer) => {
        this.#unpacked.shift();
        this.#packNext();
        if (error === null) this.#push(packed);
        else this.dropped += 1;
      }),
    );
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
    const settle = (outcome: { taken: boolean; again: boolean; afterMs?: number | undefined }): void => {
      if (settled) return;
      settled = true;
      this.#options.clock.clearTimeout(deadline);
      this.#sending = false;
      this.#request = undefined;
      this.#settle(body, outcome);
    };
    const give = quietly(() => {
      this.#request?.destroy();
      settle({ taken: false, again: true });
    });
    const { timeoutMs } = this.#options.settings;
    let deadline = this.#later(give, Math.min(timeoutMs, maxConnectMs));
    const extend = (): void => {
      if (settled) return;
      this.#options.clock.clearTimeout(deadline);
      deadline = this.#later(give, timeoutMs);
    };
    try {
      this.#request = this.#post(body, extend, settle);
    } catch {
      // A certificate that cannot be read, a header that cannot be sent: trying again would not help.
      settle({ taken: false, again: false });
    }
  }

  #post(
    body: Buffer,
    onConnected: () => void,
    settle: (outcome: { taken: boolean; again: boolean; afterMs?: number | undefined }) => void,
  ): ClientRequest {
    const { url, headers } = this.#options.settings;
    const options: ClientRequestArgs = {
      agent: this.#agent,
      protocol: url.protocol,
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port,
      path: `${url.pathname}${url.search}`,
      method: 'POST',
      headers: { ...headers, ...this.#headers(body) },
      ...(url.username === ''
        ? {}
        : { auth: `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}` }),
    };
    const request = new http.ClientRequest(options);
    request.on(
      'socket',
      quietly((socket: Socket) => {
        // A socket that comes from the pool has been ref'ed again.
        socket.unref();
        this.#socket = socket;
        if (!socket.connecting) onConnected();
        else socket.once('connect', onConnected);
      }),
    );
    // An 'error' without a listener would end the host.
    request.on(
      'error',
      quietly(() => {
        settle({ taken: false, again: true });
      }),
    );
    request.on(
      'response',
      quietly((response: IncomingMessage) => {
        this.#read(response, settle);
      }),
    );
    request.end(body);
    return request;
  }

  #read(
    response: IncomingMessage,
    settle: (outcome: { taken: boolean; again: boolean; afterMs?: number | undefined }) => void,
  ): void {
    const status = response.statusCode ?? 0;
    const parts: Buffer[] = [];
    let bytes = 0;
    response.on(
      'data',
      quietly((part: Buffer) => {
        bytes += part.length;
        if (bytes <= maxAnswerBytes) parts.push(part);
        // Whoever answers so much is no receiver of metrics.
        else response.destroy();
      }),
    );
    response.on('error', () => undefined);
    response.on(
      'close',
      quietly(() => {
        if (status >= 200 && status < 300) {
          this.#tellRejected(Buffer.concat(parts).toString());
          settle({ taken: true, again: false });
        } else if (retryable.has(status)) {
          const afterMs = retryAfterMs(response.headers['retry-after'], this.#options.clock.now());
          settle({ taken: false, again: true, afterMs });
        } else {
          this.#options.onProblem(`The OTLP receiver refuses exports with status ${status}.`);
          settle({ taken: false, again: false });
        }
      }),
    );
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

  #settle(
    body: Buffer,
    { taken, again, afterMs }: { taken: boolean; again: boolean; afterMs?: number | undefined },
  ): void {
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

  #headers(body: Buffer): Record<string, string> {
    return {
      'content-type': 'application/json',
      ...(this.#options.settings.gzip ? { 'content-encoding': 'gzip' } : {}),
      'content-length': String(body.length),
      'user-agent': 'ebb-agent',
    };
  }

  #later(callback: () => void, delayMs: number): NodeJS.Timeout {
    return this.#options.clock.setTimeout(callback, delayMs).unref();
  }
}

/**
 * An exporter with its own pool of one connection; TLS is loaded only where it is needed.
 *
 * @throws what reading a certificate or key throws
 */
export function createOtlpExporter(options: OtlpExporterOptions): OtlpExporter {
  const { url, caFile, keyFile, certificateFile } = options.settings;
  const kept = { keepAlive: true, maxSockets: 1, maxFreeSockets: 1 };
  if (url.protocol !== 'https:') return new OtlpExporter(options, new http.Agent(kept));
  const { Agent: HttpsAgent } = load('node:https') as typeof import('node:https');
  const files = { ...file('ca', caFile), ...file('key', keyFile), ...file('cert', certificateFile) };
  return new OtlpExporter(options, new HttpsAgent({ ...kept, ...files }));
}

function file<Key extends string>(key: Key, path: string | undefined): Partial<Record<Key, Buffer>> {
  return path === undefined ? {} : ({ [key]: readFileSync(path) } as Record<Key, Buffer>);
}
