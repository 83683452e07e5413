/**
 * The door through which a primary is told to restart its workers: a Unix socket of mode 0600, one line of JSON in, lines
 * of JSON out (a `step` for each worker, and a `report` at the end). Whoever may open the socket may restart the service,
 * and nothing else: the order names process ids and a number, no code and no command.
 */
import { chmodSync, unlinkSync } from 'node:fs';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { hearFirstLine } from '../host/first-line.ts';
import { rollWorkers, type RollOptions, type RollReport } from './roll.ts';

/** Orders are short. */
const mostOrderBytes = 16_384;

/** How a primary serves restarts. */
export interface RestartDoorOptions extends Omit<RollOptions, 'pids' | 'onStep'> {
  /** Where the socket is made. One that is left of a primary that was killed is replaced. */
  path: string;
}

/** A door that is open. */
export interface RestartDoor {
  close(): Promise<void>;
}

/**
 * Opens the door, in the primary of a cluster.
 *
 * @throws what `listen` fails with, such as EADDRINUSE where another primary serves there
 */
export async function serveRestarts(options: RestartDoorOptions): Promise<RestartDoor> {
  const { path, ...how } = options;
  const connections = new Set<Socket>();
  let running = false;
  const server = createServer((socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket)).on('error', () => undefined);
    hearFirstLine(socket, mostOrderBytes, (told) => {
      const write = (line: object): void => {
        if (socket.writable) socket.write(`${JSON.stringify(line)}\n`);
      };
      const order = told === null ? null : readOrder(told);
      const refusal =
        order === null ? 'the order cannot be read' : running ? 'workers are being restarted already' : null;
      if (order === null || refusal !== null) {
        socket.end(`${JSON.stringify({ refused: refusal })}\n`);
        return;
      }
      running = true;
      const onStep: RollOptions['onStep'] = (step) => {
        write({ step });
      };
      void rollWorkers({ ...how, ...order, onStep }).then((report: RollReport) => {
        running = false;
        write({ report });
        socket.end();
      });
    });
  });
  await listenAt(server, path);
  chmodSync(path, 0o600);
  // A primary that has nothing else to do ends.
  server.unref();
  return {
    close: async () => {
      for (const socket of connections) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function readOrder(line: string): Pick<RollOptions, 'pids' | 'leastServing'> | null {
  try {
    const told = JSON.parse(line) as { action?: unknown; pids?: unknown; leastServing?: unknown };
    const { action, pids, leastServing } = told;
    const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
    if (action !== 'restart') return null;
    if (pids !== undefined && !(Array.isArray(pids) && pids.every(isCount))) return null;
    if (leastServing !== undefined && !isCount(leastServing)) return null;
    return {
      ...(pids === undefined ? {} : { pids }),
      ...(leastServing === undefined ? {} : { leastServing }),
    };
  } catch {
    return null;
  }
}

async function listenAt(server: Server, path: string): Promise<void> {
  const listen = async (): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    });
  };
  try {
    await listen();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || (await isServed(path))) throw error;
    unlinkSync(path);
    await listen();
  }
}

async function isServed(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED');
    });
  });
}
