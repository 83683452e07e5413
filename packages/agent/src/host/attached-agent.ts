/**
 * The agent in a process that was started without it: it comes when `ebb watch --pid` has attached, and goes with the
 * watcher, however that ends. Nothing of it runs afterwards; its modules stay loaded, because Node.js unloads none.
 *
 * Only the main thread can be attached to. Worker threads stay unseen.
 */
import { rm } from 'node:fs';
import { basename } from 'node:path';
import { clearInterval, clearTimeout, setInterval, setTimeout } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { getEnvironmentData, setEnvironmentData, threadId } from 'node:worker_threads';
import type { HostClock } from './clock.ts';
import { startAgent } from './start.ts';

/** What the watcher tells of itself. */
export interface AttachedAgentOptions {
  /** Where it listens. */
  socketPath: string;
  /** Its temporary folder, which holds snapshots; removed from here when it is killed before it could. */
  folder: string;
  intervalMs: number;
}

/** `watched`: another watcher has its agent in this process; `failed`: the agent could not start. */
export type AttachedStart = 'started' | 'watched' | 'failed';

/** In the environment data of the threads, because there is one such place in a process, whichever Ebb has come. */
const attachedKey = 'ebb.agent.attached';

/** How long it is waited that the agent of a watcher which was killed notices, and goes. */
const patienceMs = 1000;

/** Starts the agent in this thread unless another watcher has one here. */
export async function startAttachedAgent(options: AttachedAgentOptions): Promise<AttachedStart> {
  const { socketPath, folder, intervalMs } = options;
  for (let waitedMs = 0; isWatched(); waitedMs += 20) {
    if (waitedMs >= patienceMs) return 'watched';
    await sleep(20);
  }
  setEnvironmentData(attachedKey, threadId);
  const agent = startAgent(socketPath, hostClock(), {
    intervalMs,
    retryDelaysMs: [],
    onStopped: (how) => {
      setEnvironmentData(attachedKey, undefined);
      if (how === 'lost' && basename(folder).startsWith('ebb-watch-')) {
        // Again, should a snapshot that is being called off still leave something there.
        rm(folder, { recursive: true, force: true, maxRetries: 5 }, () => undefined);
      }
    },
  });
  if (agent !== undefined) return 'started';
  setEnvironmentData(attachedKey, undefined);
  return 'failed';
}

/** By an agent that came as this one does, or by one that `ebb watch` has started the program with (`prepare.cts`). */
function isWatched(): boolean {
  const preloaded = getEnvironmentData('ebb.agent.thread') === threadId;
  return (
    getEnvironmentData(attachedKey) === threadId || (preloaded && getEnvironmentData('ebb.agent.socket') !== undefined)
  );
}

/**
 * From the modules and not from the globals, which the program may have replaced. Not from `node:process`, though:
 * importing that reads all of its properties, and so opens the program's standard streams.
 */
function hostClock(): HostClock {
  const { now } = Date;
  const { hrtime } = process;
  const monotonicMs = (): number => {
    const [seconds, nanoseconds] = hrtime();
    return seconds * 1e3 + nanoseconds / 1e6;
  };
  return { now, monotonicMs, setTimeout, clearTimeout, setInterval, clearInterval };
}
