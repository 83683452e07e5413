/** One client that follows: its stream, which is bounded, so that a slow one costs nobody anything. */
import { Readable } from 'node:stream';
import { encodeEvent, type LiveEvent } from './live-event.ts';

/** What may wait for a client, in bytes; the socket's own buffers come on top. */
const mostWaitingBytes = 256 * 1024;
/** A comment so often keeps proxies from closing a connection on which nothing happens. */
const heartbeatMs = 15_000;
/** What clients wait before they come back. */
const comeBackMs = 3000;
/** Who does not take the last event within so long is cut off. */
const lastEventMs = 5000;

/** Why a stream was ended by the server: an error's code and message. */
export interface EndReason {
  code: string;
  message: string;
}

/** A stream of events to one client. */
export class EventStream extends Readable {
  readonly #heartbeat: NodeJS.Timeout;
  #ended = false;

  constructor() {
    super({ highWaterMark: mostWaitingBytes });
    this.#heartbeat = setInterval(() => this.#write(':\n\n'), heartbeatMs).unref();
    this.#write(`retry: ${comeBackMs}\n\n`);
  }

  /** Sends an event; a client for which too much waits is let go. */
  send(event: LiveEvent): void {
    this.#write(encodeEvent(event));
  }

  /** Ends the stream, and says why in a last event. */
  finish({ code, message }: EndReason): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#heartbeat);
    this.push(encodeEvent({ id: null, name: 'end', data: { code, message } }));
    this.push(null);
    setTimeout(() => this.destroy(), lastEventMs).unref();
  }

  /** Nothing is made for being asked. */
  override _read(): void {}

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#ended = true;
    clearInterval(this.#heartbeat);
    callback(error);
  }

  #write(text: string): void {
    if (this.#ended) return;
    this.push(text);
    if (this.readableLength > mostWaitingBytes)
      this.finish({ code: 'EBB_SERVER_BUSY', message: 'the client reads too slowly: come back with Last-Event-ID' });
  }
}
