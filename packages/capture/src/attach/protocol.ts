/**
 * The Chrome DevTools Protocol as far as it is needed here: commands with an answer each, and events between them.
 */
import { connectWebSocket, type WebSocketConnection, type WebSocketOptions } from './web-socket.ts';

/** An event of the inspector. Its handler may return a promise, which holds back what comes next. */
export type EventHandler = (params: Record<string, unknown>) => Promise<void> | void;

/** How long an answer is waited for. */
export interface AnswerOptions {
  /** Undefined: as long as the connection lasts. */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** The inspector answered a command with an error. */
export class ProtocolError extends Error {}

/** An answer did not come in time. The command may still be carried out later. */
export class AnswerTimeout extends Error {}

/** A session with an inspector. */
export interface ProtocolSession {
  /** @throws {ProtocolError} {AnswerTimeout} or what broke the connection */
  send(method: string, params: Record<string, unknown>, options?: AnswerOptions): Promise<Record<string, unknown>>;
  /** Sends without waiting for an answer. */
  tell(method: string, params: Record<string, unknown>): void;
  on(event: string, handler: EventHandler | null): void;
  close(): void;
  readonly ended: Promise<Error | null>;
}

interface Pending {
  resolve: (result: Record<string, unknown>) => void;
  reject: (error: Error) => void;
}

/** Opens a session. */
export async function openSession(place: Omit<WebSocketOptions, 'onText'>): Promise<ProtocolSession> {
  const pending = new Map<number, Pending>();
  const handlers = new Map<string, EventHandler>();
  let lastId = 0;
  let over: Error | null = null;

  const onText = async (text: string): Promise<void> => {
    const message = parse(text);
    if (typeof message['method'] === 'string') {
      await handlers.get(message['method'])?.(recordOf(message['params']));
      return;
    }
    const waiting = pending.get(Number(message['id']));
    if (waiting === undefined) return;
    pending.delete(Number(message['id']));
    const error = message['error'];
    if (error === undefined) waiting.resolve(recordOf(message['result']));
    else waiting.reject(new ProtocolError(String(recordOf(error)['message'])));
  };

  const connection: WebSocketConnection = await connectWebSocket({ ...place, onText });
  const ended = connection.ended.then((error) => {
    over = error ?? new Error('the connection has been closed');
    for (const { reject } of pending.values()) reject(over);
    pending.clear();
    return error;
  });
  const tell = (method: string, params: Record<string, unknown>): number => {
    connection.send(JSON.stringify({ id: ++lastId, method, params }));
    return lastId;
  };
  return {
    tell,
    on: (event, handler) => {
      if (handler === null) handlers.delete(event);
      else handlers.set(event, handler);
    },
    close: () => connection.close(),
    ended,
    send: async (method, params, options = {}) =>
      await new Promise((resolve, reject) => {
        if (over !== null) {
          reject(over);
          return;
        }
        if (options.signal?.aborted === true) {
          reject(reasonOf(options.signal));
          return;
        }
        const id = tell(method, params);
        const { timeoutMs } = options;
        const giveUp = (error: Error): void => {
          if (pending.delete(id)) settle(() => reject(error));
        };
        const timer =
          timeoutMs === undefined
            ? undefined
            : setTimeout(
                () => giveUp(new AnswerTimeout(`${method} was not answered within ${timeoutMs} ms`)),
                timeoutMs,
              );
        const onAbort = (): void => giveUp(reasonOf(options.signal));
        const settle = (run: () => void): void => {
          clearTimeout(timer);
          options.signal?.removeEventListener('abort', onAbort);
          run();
        };
        options.signal?.addEventListener('abort', onAbort);
        pending.set(id, {
          resolve: (result) => settle(() => resolve(result)),
          reject: (error) => settle(() => reject(error)),
        });
      }),
  };
}

function parse(text: string): Record<string, unknown> {
  try {
    return recordOf(JSON.parse(text));
  } catch (cause) {
    throw new Error('what came is no message of the inspector', { cause });
  }
}

/** A value as an object; an empty one where it is none. */
export function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('called off');
}
