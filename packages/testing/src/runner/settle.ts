import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { collectGarbage } from '@ebb/capture';
import type { Floor } from './protocol.ts';

const TURNS = 3;
const PAUSE_MS = 15;

/** Lets timers, finalizers and closing connections of the workload have their turns. */
export async function takeTurns(): Promise<void> {
  for (let k = 0; k < TURNS; k++) await turn();
  await sleep(PAUSE_MS);
}

/**
 * Collects, lets the event loop turn and waits a little, `rounds` times: what a finalizer, a closing socket or a timer
 * lets go of in one round is collected in the next. Then collects and reads the floor; without a round, after one turn.
 */
export async function settle(iterations: number, rounds: number): Promise<Floor> {
  if (rounds === 0) await takeTurns();
  for (let k = 0; k < rounds; k++) {
    collectGarbage();
    await takeTurns();
  }
  const { heapBytes, externalBytes } = collectGarbage();
  return { iterations, heapBytes, externalBytes };
}

/** Settling before a snapshot is thorough: what is still on its way out would look kept. */
export async function settleThoroughly(iterations: number): Promise<void> {
  await settle(iterations, 5);
}
