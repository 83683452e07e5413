/**
 * One connection to one server, for one request at a time.
 *
 * Node's own client is not used, because it shares its code with the server: in a process that had only answered requests,
 * the first export made V8 throw away the compiled code of fifty functions of `OutgoingMessage`, `IncomingMessage`, the
 * parser and the streams (`--trace-deopt`), to compile them anew for two kinds of objects; in an idle one an export cost
 * twice as much. For the same reason nothing is read through a stream. (And tracers do not see these requests.)
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, isIP, type OnReadOpts, type Socket } from 'node:net';
import { quietly } from '../host/quietly.ts';
import { type HttpAnswer, readAnswer } from './http-answer.ts';

/** Where to, and with which certificates. */
export interface HttpTarget {
  url: URL;
  caFile?: string | undefined;
  keyFile?: string | undefined;
  certificateFile?: string | undefined;
}

/** What comes of a request; `connected` comes before one of the two others. */
export interface HttpOutcome {
  connected: () => void;
  answered: (answer: HttpAnswer) => void;
  failed: () => void;
}

const readBytes = 4096;

export class HttpConnection {
  readonly #connect: (onread: OnReadOpts) => Socket;
  #socket: Socket | undefined;
  #waiting: HttpOutcome | undefined;
  #received: Buffer = Buffer.alloc(0);

  /** Opens nothing yet. @throws what reading a certificate or key throws */
  constructor(target: HttpTarget) {
    this.#connect = connector(target);
  }

  /** Sends the bytes of one request; the one before must have come to its end. */
  request(bytes: Buffer, outcome: HttpOutcome): void {
    this.#waiting = outcome;
    const socket = this.#socket?.writable === true ? this.#socket : this.#open();
    if (socket.connecting) socket.once('connect', outcome.connected);
    else outcome.connected();
    socket.write(bytes);
  }

  /** Writes into the connection that is open and waits for nothing; false where none is, or it waits for an answer. */
  writeLast(bytes: Buffer): boolean {
    const socket = this.#socket;
    if (this.#waiting !== undefined || socket?.writable !== true || socket.connecting) return false;
    socket.write(bytes);
    return true;
  }

  /** Gives up the request that is under way, whose outcome is not told any more, and closes the connection. */
  close(): void {
    this.#waiting = undefined;
    this.#drop();
  }

  #open(): Socket {
    this.#drop();
    const buffer = Buffer.allocUnsafeSlow(readBytes);
    const read = quietly((length: number, ended: boolean) => {
      if (this.#socket === socket) this.#read(buffer.subarray(0, length), ended);
    });
    const socket = this.#connect({
      buffer,
      callback: (length) => {
        read(length, false);
        return true;
      },
    });
    this.#socket = socket;
    // What fails is followed by 'close'; an 'error' without a listener would end the host.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      read(0, true);
    });
    socket.unref();
    return socket;
  }

  #read(bytes: Buffer, ended: boolean): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    const outcome = this.#waiting;
    const answer = outcome === undefined ? null : readAnswer(this.#received, ended);
    if (answer === 'more') return;
    this.#waiting = undefined;
    this.#received = Buffer.alloc(0);
    if (answer?.reusable !== true) this.#drop();
    if (answer === null) outcome?.failed();
    else outcome?.answered(answer);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#received = Buffer.alloc(0);
    socket?.destroy();
  }
}

function connector({ url, caFile, keyFile, certificateFile }: HttpTarget): (onread: OnReadOpts) => Socket {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.protocol !== 'https:') {
    const port = url.port === '' ? 80 : Number(url.port);
    return (onread) => connect({ host, port, onread });
  }
  // Loaded only where it is needed.
  const tls = createRequire(import.meta.url)('node:tls') as typeof import('node:tls');
  const options = {
    host,
    port: url.port === '' ? 443 : Number(url.port),
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ALPNProtocols: ['http/1.1'],
    secureContext: tls.createSecureContext({
      ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
      ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
      ...(certificateFile === undefined ? {} : { cert: readFileSync(certificateFile) }),
    }),
  };
  let session: Buffer | undefined;
  return (onread) => {
    // `onread` is among the options of `socket.connect()`, which tls.connect() takes as well.
    const socket = tls.connect({ ...options, ...(session === undefined ? {} : { session }), ...{ onread } });
    socket.on('session', (next: Buffer) => {
      session = next;
    });
    return socket;
  };
}
