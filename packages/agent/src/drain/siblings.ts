/**
 * Gives connections straight to another worker of the same cluster, where the primary is not Ebb's to pass them on (PM2).
 *
 * Each worker that has armed a drain listens on a Unix socket in Linux' abstract namespace, which has no file and belongs to
 * the container's network. One that drains asks all other children of its parent where they listen, and passes them the
 * descriptors of its connections, one a message; each is acknowledged when the other one holds it. One that begins to drain
 * itself says so to those that give to it, and goes on taking until they have heard it. Both sides ask the kernel
 * who the other is: another child of the same parent, of the same user. The kernel's messages are the native addon's; where
 * that is not there, connections are closed after their answers.
 */
import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import { connect, createServer, Socket, type Server as NetServer } from 'node:net';
import { socketPassing, type SocketPassing } from '@ebb/capture/sockets';
import { abstractName } from '../host/abstract-name.ts';
import { fdOf } from '../host/descriptor.ts';
import { quietly } from '../host/quietly.ts';
import { letGo, resumeReading, stopReading, take, type Give } from './handover.ts';

/** What this process serves. */
export interface Serving {
  addresses(): string[];
  serverAt(address: string): NetServer | undefined;
}

interface Taker {
  through: Socket;
  fd: number;
  addresses: readonly string[];
  /** Told, in order, that a connection has arrived. */
  awaited: (() => void)[];
  /** It drains, too. */
  isLeaving: boolean;
}

const arrived = '.';
const leaving = '!';

/** A worker answers at once, or behind a collection that stops it; one that does not takes nothing. */
const answerLimitMs = 2000;
/** Nothing tells that a descriptor has come: it is looked for, while another worker drains. */
const lookEveryMs = 2;
/** What fits beside a descriptor. */
const longestAddress = 63;

/** Takes connections of siblings until it is stopped, and finds those that take this one's. */
export class Siblings {
  readonly #passing: SocketPassing;
  readonly #serving: Serving;
  readonly #listener: NetServer;
  readonly #takers: Taker[] = [];
  /** From those that give to this one. */
  readonly #givers = new Set<Socket>();
  #turn = 0;

  private constructor(passing: SocketPassing, serving: Serving) {
    this.#passing = passing;
    this.#serving = serving;
    const hear = quietly((through: Socket) => {
      this.#takeFrom(through);
    });
    this.#listener = createServer({ pauseOnConnect: true }, hear)
      .on('error', () => undefined)
      .listen({ path: nameOf(process.pid), exclusive: true })
      .unref();
  }

  /** Undefined where this cannot be: in no worker of a cluster, or without the addon. */
  static listen(serving: Serving): Siblings | undefined {
    if (!cluster.isWorker || process.platform !== 'linux') return undefined;
    const passing = socketPassing();
    return passing === undefined ? undefined : new Siblings(passing, serving);
  }

  /** Whether somebody gives to this process, and has not heard yet that it drains. */
  get isTaking(): boolean {
    return this.#givers.size > 0;
  }

  /** Tells those that give to this one to stop, and asks the others what they would take. */
  async takers(): Promise<{ give: Give; addresses: string[] }> {
    this.#leave();
    const found = await Promise.all(siblingPids().map(async (pid) => await this.#reach(pid)));
    this.#takers.push(...found.filter((taker) => taker !== null));
    return { give: this.#give.bind(this), addresses: this.#takers.flatMap(({ addresses }) => addresses) };
  }

  stop(): void {
    this.#leave();
    for (const { through } of this.#takers.splice(0)) through.destroy();
  }

  #leave(): void {
    this.#listener.close();
    for (const through of this.#givers) through.write(leaving);
  }

  #give(socket: Socket, address: string, gone: () => void): ReturnType<Give> {
    const fd = fdOf(socket);
    const able = this.#takers.filter(
      ({ through, addresses, isLeaving }) => !through.destroyed && !isLeaving && addresses.includes(address),
    );
    if (fd === undefined || able.length === 0) return 'no way';
    this.#turn += 1;
    stopReading(socket);
    for (let at = 0; at < able.length; at++) {
      const taker = able[(this.#turn + at) % able.length];
      if (taker === undefined || !this.#send(taker, fd, address)) continue;
      taker.awaited.push(gone);
      letGo(socket);
      // Only this process' hold of it: the other one's stays.
      socket.destroy();
      return 'going';
    }
    resumeReading(socket);
    return 'later';
  }

  #send({ through, fd: throughFd }: Taker, fd: number, address: string): boolean {
    try {
      return this.#passing.send(throughFd, fd, address);
    } catch {
      through.destroy();
      return false;
    }
  }

  async #reach(pid: number): Promise<Taker | null> {
    return await new Promise((resolve) => {
      const through = connect(nameOf(pid)).unref();
      const taker: Taker = { through, fd: -1, addresses: [], awaited: [], isLeaving: false };
      const overdue = setTimeout(() => through.destroy(), answerLimitMs);
      let line = '';
      const hear = quietly(
        (chunk: Buffer) => {
          if (taker.fd >= 0) {
            const told = chunk.toString();
            for (const gone of taker.awaited.splice(0, told.replaceAll(leaving, '').length)) gone();
            if (told.includes(leaving)) {
              taker.isLeaving = true;
              // It reads the end behind what was given.
              through.end();
            }
            return;
          }
          line += chunk.toString();
          // What begins to leave at once is not waited for.
          if (line.includes(leaving)) throw new Error('it drains, too');
          if (!line.endsWith('\n')) return;
          const fd = fdOf(through);
          if (fd === undefined || this.#passing.peerOf(fd) !== pid) throw new Error('another process listens there');
          const told: unknown = JSON.parse(line);
          taker.addresses = Array.isArray(told) ? told.map(String) : [];
          taker.fd = fd;
          clearTimeout(overdue);
          resolve(taker);
        },
        () => through.destroy(),
      );
      const end = (): void => {
        clearTimeout(overdue);
        for (const gone of taker.awaited.splice(0)) gone();
        resolve(null);
      };
      through.on('data', hear).on('error', () => undefined);
      through.on('close', end);
    });
  }

  #takeFrom(through: Socket): void {
    through.on('error', () => undefined).unref();
    const fd = fdOf(through);
    if (fd === undefined || !siblingPids().includes(this.#passing.peerOf(fd))) {
      through.destroy();
      return;
    }
    const addresses = this.#serving.addresses().filter((address) => Buffer.byteLength(address) <= longestAddress);
    through.write(`${JSON.stringify(addresses)}\n`);
    this.#givers.add(through);
    const look = (): void => {
      while (!through.destroyed) {
        const given = this.#passing.receive(fd);
        if (given === null) return;
        take(new Socket({ fd: given.fd, readable: true, writable: true }), this.#serving.serverAt(given.text));
        through.write(arrived);
      }
    };
    // It throws at the end, when the other one is gone.
    const looking = setInterval(
      quietly(look, () => through.destroy()),
      lookEveryMs,
    ).unref();
    through.on('close', () => {
      clearInterval(looking);
      this.#givers.delete(through);
    });
  }
}

function nameOf(pid: number): string {
  return abstractName(`ebb-drain-${pid}`);
}

/** The other children of this process' parent. */
function siblingPids(): number[] {
  try {
    const parent = process.ppid;
    const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ').map(Number);
    return children.filter((pid) => pid !== process.pid && pid > 0);
  } catch {
    return [];
  }
}
