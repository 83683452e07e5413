/**
 * A WebSocket client for one purpose, the inspector of Node.js: text messages, no extensions, no proxies, no TLS.
 * Node.js 20 has no WebSocket of its own, and this package no dependencies.
 */
import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { encodeFrame, FrameError, FrameReader, opcode } from './frames.ts';

/** What accepts the key of a client (RFC 6455, section 1.3). */
const magic = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Where to connect, and what comes in. */
export interface WebSocketOptions {
  host: string;
  port: number;
  path: string;
  /** For the handshake. */
  timeoutMs: number;
  /** Of one message. */
  mostBytes?: number;
  /** Gets each text message. While its promise is open nothing more is read, so that the sender has to wait. */
  onText: (text: string) => Promise<void> | void;
  signal?: AbortSignal | undefined;
}

/** An open connection. */
export interface WebSocketConnection {
  /** Sends a text message. Nothing happens after the end. */
  send(text: string): void;
  /** Says goodbye, and closes whether or not the peer answers. */
  close(): void;
  /** Settles when the connection has ended: null when it was closed in order, otherwise why it broke. */
  readonly ended: Promise<Error | null>;
}

/** Connects. Rejects with an ordinary error when there is no WebSocket server, or it does not answer in time. */
export async function connectWebSocket(options: WebSocketOptions): Promise<WebSocketConnection> {
  const key = randomBytes(16).toString('base64');
  const { socket, head } = await shakeHands(options, key);
  const reader = new FrameReader(options.mostBytes ?? 256 * 2 ** 20);
  const write = (code: number, payload: Buffer): void => {
    if (socket.writable) socket.write(encodeFrame(code, payload));
  };
  const close = (status: number): void => {
    const reason = Buffer.alloc(2);
    reason.writeUInt16BE(status);
    write(opcode.close, reason);
    socket.end();
    // Whoever does not answer is not waited for.
    setTimeout(() => socket.destroy(), 1000).unref();
  };
  const read = async (): Promise<Error | null> => {
    try {
      socket.unshift(head);
      for await (const bytes of socket as AsyncIterable<Buffer>) {
        for (const { opcode: code, payload } of reader.push(bytes)) {
          if (code === opcode.text) await options.onText(payload.toString('utf8'));
          else if (code === opcode.ping) write(opcode.pong, payload);
          else if (code === opcode.close) {
            close(1000);
            return null;
          } else if (code === opcode.binary) throw new FrameError(1003, 'a message is not text');
        }
      }
      return new Error('the connection was cut');
    } catch (error) {
      if (error instanceof FrameError) close(error.status);
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      socket.destroy();
    }
  };
  let closing = false;
  // A connection that breaks is told by `ended`, and the loop above has read it.
  socket.on('error', () => undefined);
  return {
    send: (text) => {
      write(opcode.text, Buffer.from(text, 'utf8'));
    },
    close: () => {
      if (closing) return;
      closing = true;
      close(1000);
    },
    ended: read().then((error) => (closing ? null : error)),
  };
}

async function shakeHands(options: WebSocketOptions, key: string): Promise<{ socket: Socket; head: Buffer }> {
  const { host, port, path, timeoutMs, signal } = options;
  return await new Promise((resolve, reject) => {
    const asked = request({
      host,
      port,
      path,
      agent: false,
      signal:
        signal === undefined
          ? AbortSignal.timeout(timeoutMs)
          : AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': key },
    });
    asked.on('upgrade', (response, socket: Socket, head: Buffer) => {
      const accept = createHash('sha1')
        .update(key + magic)
        .digest('base64');
      const extensions = response.headers['sec-websocket-extensions'];
      if (response.headers['sec-websocket-accept'] === accept && extensions === undefined) {
        resolve({ socket, head });
        return;
      }
      socket.destroy();
      reject(new Error('the answer to the WebSocket handshake is wrong'));
    });
    asked.on('response', (response) => {
      response.resume();
      reject(new Error(`the answer to the WebSocket handshake is HTTP ${response.statusCode ?? 0}`));
      asked.destroy();
    });
    asked.on('error', reject);
    asked.end();
  });
}
