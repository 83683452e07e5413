/** The primary's part when a worker gives its connections away: who takes them, and the way there. */
import type { Worker } from 'node:cluster';
import { handoverOf, stopReading } from './handover.ts';

/** Workers that take connections over. */
export interface Takers {
  /** Of servers that at least one of them has, too. */
  addresses: string[];
  /** Passes a connection on, one taker after the other, if the message tells of one. */
  passOn(message: unknown, handle: unknown): void;
}

/**
 * A worker that has armed a drain answers at once, or behind a collection that stops it; without an answer it takes none,
 * and what cannot be given is ended.
 */
const answerLimitMs = 2000;

/** Asks them what they would take. */
export async function takersOf(workers: readonly Worker[]): Promise<Takers> {
  const takers = await Promise.all(workers.map(async (worker) => ({ worker, takes: await addressesOf(worker) })));
  let turn = 0;
  return {
    addresses: [...new Set(takers.flatMap(({ takes }) => takes))],
    passOn: (message, handle) => {
      const given = handoverOf(message, handle);
      if (given === null) return;
      const { told, socket } = given;
      // It may have to wait for those before it.
      stopReading(socket);
      const able = takers.filter(({ worker, takes }) => worker.isConnected() && takes.includes(told.address));
      const taker = able[turn++ % Math.max(1, able.length)];
      if (taker === undefined) socket.destroy();
      else
        taker.worker.send(told, socket, {}, () => {
          socket.destroy();
        });
    },
  };
}

async function addressesOf(worker: Worker): Promise<string[]> {
  return await new Promise((resolve) => {
    const settle = (addresses: string[]): void => {
      clearTimeout(overdue);
      worker.off('message', hear);
      resolve(addresses);
    };
    const hear = (message: unknown): void => {
      const { type, addresses } = (message ?? {}) as { type?: unknown; addresses?: unknown };
      if (type === 'ebb:takes' && Array.isArray(addresses)) settle(addresses.map(String));
    };
    const overdue = setTimeout(settle, answerLimitMs, []);
    worker.on('message', hear);
    worker.send({ type: 'ebb:takes' }, undefined, () => undefined);
  });
}
