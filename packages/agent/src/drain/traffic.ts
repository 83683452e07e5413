/**
 * What this thread's HTTP servers are doing: which ones listen, which requests are in flight, which connections are open.
 * By Node's own diagnostics channels alone, and nothing is subscribed to before a drain is armed. Connections that have not
 * sent a request yet are known to their server only, as a number.
 *
 * A connection is ended in stages, as RFC 9112 (9.6) asks for: our side first, nothing more is read, and only a while later
 * the whole. A client that has sent the next request already thus sees the end, and not a reset that could also take the
 * last answer from it; and what is not read is not done, so that it can be sent again.
 */
import diagnosticsChannel from 'node:diagnostics_channel';
import { Server as HttpServer, type ServerResponse } from 'node:http';
import { Server as TlsServer } from 'node:https';
import { Server as NetServer, type Socket } from 'node:net';
import { quietly } from '../host/quietly.ts';

/** Node's own mark that the connection is cut right after this answer. */
interface Answer extends ServerResponse {
  _last?: boolean;
}

/** What channels told before anybody listened for good. */
export type Early = readonly (readonly [channel: string, message: unknown])[];

/** How long a connection that was ended stays half open: a client's way to notice. */
const lingerMs = 250;

interface Connection {
  requests: number;
  /** When its last request was over. */
  idleSinceMs: number;
  endedMs: number | null;
}

/** Follows servers, requests and connections until it is stopped. */
export class Traffic {
  readonly #monotonicMs: () => number;
  readonly #servers: Set<WeakRef<NetServer>> = new Set();
  readonly #responses = new Set<Answer>();
  /** By weak references: whatever this keeps, a reader of a snapshot would take for what holds the host's sockets. */
  readonly #sockets: Set<WeakRef<Socket>> = new Set();
  readonly #connections = new WeakMap<Socket, Connection>();
  readonly #subscriptions: [name: string, listener: (message: unknown) => void][];
  #closing = false;
  /** Requests that have begun since the drain was armed. */
  begun = 0;

  constructor(monotonicMs: () => number, early: Early) {
    this.#monotonicMs = monotonicMs;
    const server = (message: unknown): void => {
      this.#meet((message as { server?: unknown }).server);
    };
    const listeners: [name: string, listener: (message: unknown) => void][] = [
      // Not on Node 20: there a server is met with its first connection.
      ['tracing:net.server.listen:asyncStart', server],
      [
        'net.server.socket',
        (message) => {
          server((message as { socket: object }).socket);
        },
      ],
      [
        'http.server.request.start',
        (message) => {
          server(message);
          const { response, socket } = message as { response: Answer; socket: Socket };
          this.#begin(response, socket);
        },
      ],
    ];
    this.#subscriptions = listeners.map(([name, listener]) => [name, quietly(listener)]);
    for (const [name, message] of early) for (const [own, hear] of this.#subscriptions) if (own === name) hear(message);
    for (const [name, listener] of this.#subscriptions) diagnosticsChannel.subscribe(name, listener);
  }

  /** Requests whose response is not closed. */
  get inFlight(): number {
    return this.#responses.size;
  }

  /** From now on each answer says `Connection: close`, as far as its head is not sent yet, and its connection is ended. */
  closeAfterAnswers(): void {
    this.#closing = true;
    for (const response of this.#responses) announceClose(response);
  }

  /**
   * No further connection is accepted. Not by the servers' own `close()`, which also cuts connections that are idle at this
   * moment, though a request may be under way on them.
   */
  stopListening(more: Iterable<NetServer>): void {
    for (const server of more) this.#meet(server);
    for (const server of this.servers()) if (server.listening) NetServer.prototype.close.call(server);
  }

  /** Ends connections that were idle for so long; true when no connection is left that has ever sent a request. */
  endIdle(idleMs: number): boolean {
    const nowMs = this.#monotonicMs();
    for (const reference of this.#sockets) {
      const socket = reference.deref();
      const connection = socket === undefined ? undefined : this.#connections.get(socket);
      if (socket === undefined || connection === undefined) {
        this.#sockets.delete(reference);
        continue;
      }
      const { requests, idleSinceMs, endedMs } = connection;
      if (endedMs === null) {
        if (requests === 0 && nowMs - idleSinceMs >= idleMs) this.#end(socket, connection);
      } else if (nowMs - endedMs >= lingerMs) socket.destroy();
    }
    return this.#sockets.size === 0;
  }

  /** How many connections the servers have, those that never sent a request included. */
  async countConnections(): Promise<number> {
    const counts = this.servers().map(
      async (server) =>
        await new Promise<number>((resolve) => {
          server.getConnections((error, count) => {
            resolve(error === null ? count : 0);
          });
        }),
    );
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  /** Those that are known and still there. */
  servers(): NetServer[] {
    return [...this.#servers].flatMap((reference) => reference.deref() ?? []);
  }

  stop(): void {
    for (const [name, listener] of this.#subscriptions) diagnosticsChannel.unsubscribe(name, listener);
  }

  #meet(told: unknown): void {
    // A socket that a server accepted names it.
    const server = told instanceof NetServer ? told : (told as { server?: unknown } | undefined)?.server;
    if (!(server instanceof HttpServer || server instanceof TlsServer)) return;
    let known = false;
    for (const reference of this.#servers) {
      const other = reference.deref();
      if (other === undefined) this.#servers.delete(reference);
      known ||= other === server;
    }
    if (!known) this.#servers.add(new WeakRef<NetServer>(server));
    // It has come after the others were told: a cluster's primary may still hand connections over.
    if (this.#closing && !known && server.listening) NetServer.prototype.close.call(server);
  }

  #begin(response: Answer, socket: Socket): void {
    // Heard of late: it is over already.
    if (response.closed || response.destroyed) return;
    if (this.#closing) announceClose(response);
    this.#responses.add(response);
    this.begun += 1;
    const connection = this.#connectionOf(socket);
    connection.requests += 1;
    response.on(
      'close',
      quietly(() => {
        this.#responses.delete(response);
        connection.requests -= 1;
        connection.idleSinceMs = this.#monotonicMs();
        // Requests that were sent ahead (pipelining) are answered first.
        if (this.#closing && connection.requests === 0) this.#end(socket, connection);
      }),
    );
  }

  /** Half of it: the rest by `endIdle`, when the client had time to notice. */
  #end(socket: Socket, connection: Connection): void {
    connection.endedMs = this.#monotonicMs();
    socket.end();
    socket.pause();
  }

  #connectionOf(socket: Socket): Connection {
    let connection = this.#connections.get(socket);
    if (connection === undefined) {
      connection = { requests: 0, idleSinceMs: this.#monotonicMs(), endedMs: null };
      this.#connections.set(socket, connection);
      const reference = new WeakRef(socket);
      this.#sockets.add(reference);
      socket.on(
        'close',
        quietly(() => {
          this.#sockets.delete(reference);
          this.#connections.delete(socket);
        }),
      );
    }
    return connection;
  }
}

function announceClose(response: Answer): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
  // Before Node's own listener, which would cut the connection at once.
  response.prependListener('finish', () => {
    response._last = false;
  });
}
