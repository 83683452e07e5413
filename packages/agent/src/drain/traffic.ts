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
import { addressOf, givable, isGivable, isGivenBy, isGoing, type Give } from './handover.ts';

/** Node's own mark that the connection is cut right after this answer. */
interface Answer extends ServerResponse {
  _last?: boolean;
}

/** What channels told before anybody listened for good. */
export type Early = readonly (readonly [channel: string, message: unknown])[];

/** How long a connection that was ended stays half open: a client's way to notice. */
const lingerMs = 1000;

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
  /** Answers that said `Connection: close`. */
  readonly #lasts = new WeakSet<Answer>();
  /** By weak references: whatever this keeps, a reader of a snapshot would take for what holds the host's sockets. */
  readonly #sockets: Set<WeakRef<Socket>> = new Set();
  readonly #connections = new WeakMap<Socket, Connection>();
  readonly #subscriptions: [name: string, listener: (message: unknown) => void][];
  #closing = false;
  /** Where the servers listened, by what a process that takes connections is asked for. */
  readonly #addresses = new WeakMap<NetServer, string>();
  #give: Give = () => 'no way';
  #givenAddresses: ReadonlySet<string> = new Set();
  /** Connections that are on their way to another process. */
  giving = 0;
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

  /**
   * From now on each answer says `Connection: close`, and its connection is ended behind it. Where its head was sent before,
   * the client may have sent its next request already: that one's answer says so, or the connection stays idle.
   */
  closeAfterAnswers(): void {
    this.#closing = true;
    for (const response of this.#responses) if (!this.#isGiven(response)) this.#announceClose(response);
  }

  /**
   * Connections of the servers at these addresses are given away instead, each when it is between two messages. Before
   * `closeAfterAnswers`.
   */
  giveAway({ give, addresses }: { give: Give; addresses: Iterable<string> }): void {
    this.addresses();
    this.#give = give;
    this.#givenAddresses = new Set(addresses);
  }

  /** Whether it is said where they are given. */
  get isGivenAway(): boolean {
    return this.#givenAddresses.size > 0;
  }

  /** Where servers listen, or did, whose connections can be given and taken. */
  addresses(): string[] {
    return this.servers().flatMap((server) => {
      if (!isGivenBy(server)) return [];
      const address = addressOf(server) ?? this.#addresses.get(server);
      if (address === undefined) return [];
      this.#addresses.set(server, address);
      return [address];
    });
  }

  /** The server that listens there, or did. */
  serverAt(address: string): NetServer | undefined {
    this.addresses();
    return this.servers().find((server) => this.#addresses.get(server) === address);
  }

  /** Gives away all connections that can be now. */
  giveIdle(): void {
    for (const server of this.servers())
      if (this.#isGivenOf(server)) for (const socket of givable(server)) this.#tryToGive(socket, server);
  }

  /**
   * No further connection is accepted. Not by the servers' own `close()`, which also cuts connections that are idle at this
   * moment, though a request may be under way on them.
   */
  stopListening(more: Iterable<NetServer>): void {
    for (const server of more) this.#meet(server);
    for (const server of this.servers()) if (server.listening) NetServer.prototype.close.call(server);
  }

  /** Ends connections that were idle for so long; true when none is left that has ever sent a request. */
  endIdle(idleMs: number): boolean {
    const nowMs = this.#monotonicMs();
    for (const reference of this.#sockets) {
      const socket = reference.deref();
      const connection = socket === undefined ? undefined : this.#connections.get(socket);
      if (socket === undefined || connection === undefined) {
        this.#sockets.delete(reference);
        continue;
      }
      if (isGoing(socket)) continue;
      const { requests, idleSinceMs, endedMs } = connection;
      if (endedMs === null) {
        if (requests === 0 && nowMs - idleSinceMs >= idleMs) this.#end(socket, connection);
      } else if (nowMs - endedMs >= lingerMs) socket.destroy();
    }
    return this.#sockets.size === 0 && this.giving === 0;
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
    if (this.#closing && !this.#isGivenOf(serverOf(socket))) this.#announceClose(response);
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
        if (!this.#closing || connection.requests > 0) return;
        const server = serverOf(socket);
        // What cannot be given now has a part of the next request: it is given behind that one's answer.
        if (this.#isGivenOf(server)) {
          if (isGivable(socket)) this.#tryToGive(socket, server);
        } else if (this.#lasts.has(response)) this.#end(socket, connection);
      }),
    );
  }

  #isGivenOf(server: NetServer | undefined): server is NetServer {
    const address = server === undefined ? undefined : this.#addresses.get(server);
    return address !== undefined && this.#givenAddresses.has(address);
  }

  #isGiven({ socket }: Answer): boolean {
    return socket !== null && this.#isGivenOf(serverOf(socket));
  }

  /** Where the way to others is gone, this and all that follow are ended behind their next answer, or when they were idle. */
  #tryToGive(socket: Socket, server: NetServer): void {
    const address = this.#addresses.get(server) ?? '';
    this.giving += 1;
    const gone = (): void => {
      this.giving -= 1;
    };
    const outcome = this.#give(socket, address, gone);
    if (outcome === 'going') return;
    this.giving -= 1;
    if (outcome === 'later') return;
    this.#givenAddresses = new Set();
    for (const response of this.#responses) this.#announceClose(response);
  }

  #announceClose(response: Answer): void {
    if (!response.headersSent) response.setHeader('Connection', 'close');
    // What was sent before says so where the client had asked for it.
    if (!response.headersSent || response._last === true) this.#lasts.add(response);
    // Before Node's own listener, which would cut the connection at once.
    response.prependListener('finish', () => {
      response._last = false;
    });
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

function serverOf(socket: Socket): NetServer | undefined {
  const { server } = socket as { server?: unknown };
  return server instanceof NetServer ? server : undefined;
}
