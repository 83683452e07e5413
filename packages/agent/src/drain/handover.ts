/**
 * Gives connections that a process keeps alive to another process that serves the same address, and takes them.
 *
 * Whoever closes a connection between two requests races its client: a request that is under way is lost, and a client that
 * never pauses, or takes no notice of `Connection: close`, always has one under way. A connection that is given away is not
 * closed: the kernel keeps what has arrived meanwhile, and who takes it reads it there. It can be given only between two
 * messages, and only where all of its state is the kernel's: not TLS, not what was upgraded, not while Node's parser has
 * seen a part of a request.
 */
import { Server as HttpServer } from 'node:http';
import { Server as TlsServer } from 'node:https';
import { Socket, type Server as NetServer } from 'node:net';

/** Gives a connection of the server at this address away, and says when another process holds it. */
export type Give = (socket: Socket, address: string, gone: () => void) => 'going' | 'later' | 'no way';

/** What is told beside a connection, from the one that gives it through the primary to the one that takes it. */
export interface Handover {
  type: 'ebb:connection';
  /** Of the server that it belongs to, as {@link addressOf} has it. */
  address: string;
}

/** As far as they are used; Node documents none of it. */
interface Parser {
  socket?: HttpSocket | null;
}
interface HttpSocket extends Socket {
  server?: unknown;
  parser?: Parser | null;
  _httpMessage?: unknown;
  _handle?: { fd?: number; readStop?: () => number; readStart?: () => number; reading?: boolean } | null;
}
interface ConnectionsList {
  all(): Parser[];
  idle(): Parser[];
}

/** Where a server listens, the same in every worker of a cluster; null where it does not. */
export function addressOf(server: NetServer): string | null {
  const address = server.address();
  return address === null ? null : typeof address === 'string' ? address : String(address.port);
}

/** Whether its connections can be given and taken at all: not those of TLS, nor where this Node does not tell of them. */
export function isGivenBy(server: NetServer): boolean {
  return connectionsOf(server) !== undefined;
}

/** The connections of a server that could be given away now. Costs a look at each of them. */
export function givable(server: NetServer): Socket[] {
  const list = connectionsOf(server);
  if (list === undefined) return [];
  const idle = new Set(list.idle());
  return list.all().flatMap((parser) => {
    const { socket } = parser;
    return socket instanceof Socket && socket.server === server && canBeGiven(socket, parser, idle) ? [socket] : [];
  });
}

/** Whether this one could be given away now. */
export function isGivable(socket: Socket): boolean {
  const { server, parser } = socket as HttpSocket;
  if (!(server instanceof HttpServer) || parser === null || parser === undefined) return false;
  return canBeGiven(socket, parser, new Set(connectionsOf(server)?.idle()));
}

/** Before the first byte of the first message, or behind the last byte of the last one's answer. */
function canBeGiven(socket: HttpSocket, parser: Parser, idle: ReadonlySet<Parser>): boolean {
  const { _httpMessage: answer, _handle: handle } = socket;
  if ((answer !== null && answer !== undefined) || typeof handle?.readStop !== 'function') return false;
  if (!socket.writable || !socket.readable || socket.writableLength > 0 || socket.readableLength > 0) return false;
  return socket.parser === parser && (socket.bytesRead === 0 || idle.has(parser));
}

/** Node's own list of a server's connections; undefined for TLS, and where this Node has none by that name. */
function connectionsOf(server: NetServer): ConnectionsList | undefined {
  if (!(server instanceof HttpServer) || server instanceof TlsServer) return undefined;
  const name = Object.getOwnPropertySymbols(server).find(
    ({ description }) => description === 'http.server.connections',
  );
  const list = name === undefined ? undefined : (Reflect.get(server, name) as Partial<ConnectionsList> | undefined);
  return typeof list?.all === 'function' && typeof list.idle === 'function' ? (list as ConnectionsList) : undefined;
}

/** Nothing more is read from it by this process: what arrives from now on is for the one who takes it. */
export function stopReading(socket: Socket): void {
  const handle = (socket as HttpSocket)._handle;
  if (handle === null || handle === undefined) return;
  handle.reading = false;
  handle.readStop?.();
}

/** It could not be given yet. */
export function resumeReading(socket: Socket): void {
  const handle = (socket as HttpSocket)._handle;
  if (handle === null || handle === undefined) return;
  handle.reading = true;
  handle.readStart?.();
}

/** Marks it as on its way: neither its server nor Node's own timer for idle connections does anything with it any more. */
export function letGo(socket: Socket): void {
  socket.setTimeout(0);
  Reflect.set(socket, 'server', null);
}

/** Whether it is on its way to another process. */
export function isGoing(socket: Socket): boolean {
  return (socket as HttpSocket).server === null;
}

/** Gives through the parent, which passes it on (`roll.ts`). */
export const giveToParent: Give = (socket, address, gone) => {
  if (process.send === undefined || !process.connected) return 'no way';
  stopReading(socket);
  // Node waits until those are read that were given before. (And where the socket names its server, Node would ask the
  // parent how many connections that has, which counts those that it has passed on.)
  letGo(socket);
  const told: Handover = { type: 'ebb:connection', address };
  process.send(told, socket, {}, () => {
    socket.destroy();
    // Whoever exits before the parent has said that it holds the connection, loses it. Node keeps a message back until then.
    process.send?.({ type: 'ebb:gave' }, undefined, {}, gone);
  });
  return 'going';
};

/** Goes on with a connection that was given: the server sees a new one. */
export function take(socket: Socket, server: NetServer | undefined): void {
  if (server === undefined) socket.destroy();
  else server.emit('connection', socket);
}

/** What came beside a message, if that tells of a connection. */
export function handoverOf(message: unknown, handle: unknown): { told: Handover; socket: Socket } | null {
  const told = message as Partial<Handover> | null;
  if (told?.type !== 'ebb:connection' || typeof told.address !== 'string' || !(handle instanceof Socket)) return null;
  return { told: told as Handover, socket: handle };
}
