/** What a fleet is told, what it answers, and how to tell it. */
import { connect } from 'node:net';
import { isRelease, type Release } from '../release.ts';

/** How many workers serve. */
export const workers = 2;

/** An order: run this release from now on, or replace one worker. */
export type FleetOrder = { action: 'deploy'; version: Release } | { action: 'restart'; pid: number };

/** What came of an order. */
export interface FleetAnswer {
  readonly ok: boolean;
  readonly text: string;
}

/** An order from a line; null when it is none. */
export function readOrder(line: string): FleetOrder | null {
  let told: { action?: unknown; version?: unknown; pid?: unknown } | null;
  try {
    told = JSON.parse(line) as typeof told;
  } catch {
    return null;
  }
  if (told?.action === 'restart' && Number.isSafeInteger(told.pid))
    return { action: 'restart', pid: told.pid as number };
  if (told?.action === 'deploy' && typeof told.version === 'string' && isRelease(told.version))
    return { action: 'deploy', version: told.version };
  return null;
}

/** Tells the fleet behind a socket, and waits for what comes of it. */
export async function tellFleet(socketPath: string, order: FleetOrder): Promise<FleetAnswer> {
  return await new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(socketPath, () => socket.write(`${JSON.stringify(order)}\n`));
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.once('error', reject);
    socket.once('end', () => {
      if (text === '') reject(new Error('the fleet ended before it answered'));
      else resolve(JSON.parse(text) as FleetAnswer);
    });
  });
}
