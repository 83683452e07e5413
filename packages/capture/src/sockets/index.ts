/**
 * `@ebb/capture/sockets`: open sockets from one process of a user to another, for the agent's drain. It is here because the
 * native addon is; where that is not, there is none.
 */
import { constants } from 'node:os';
import { findAddon, type Addon } from '../fork/addon.ts';

/** Gives and takes sockets through a connected Unix socket, which nobody reads from meanwhile. */
export interface SocketPassing {
  /** The process at the other end, as this one sees it, if it is of the same user; else 0. */
  peerOf(through: number): number;
  /** False where there is no room for it now. The socket stays open here, too. Throws where the other end is gone. */
  send(through: number, fd: number, text: string): boolean;
  /** Null where none has come. Throws at the end. */
  receive(through: number): { fd: number; text: string } | null;
}

/** Undefined where the addon is not there, or older. */
export function socketPassing(): SocketPassing | undefined {
  const found = findAddon();
  if (!('addon' in found) || typeof (found.addon as Partial<Addon>).sendSocket !== 'function') return undefined;
  const { addon } = found;
  const { EAGAIN } = constants.errno;
  return {
    peerOf: (through) => addon.peerOf(through),
    send: (through, fd, text) => {
      const errno = addon.sendSocket(through, fd, text);
      if (errno !== 0 && errno !== EAGAIN) throw new Error(`a socket could not be given: errno ${errno}`);
      return errno === 0;
    },
    receive: (through) => {
      const into = { text: '' };
      const fd = addon.receiveSocket(through, into);
      if (fd >= 0) return { fd, text: into.text };
      if (fd !== -EAGAIN) throw new Error(`no socket could be taken: errno ${-fd}`);
      return null;
    },
  };
}
