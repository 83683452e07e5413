/** Who this thread is to those who read its telemetry, and how its process's threads know each other. */
import { hostname } from 'node:os';
import { getEnvironmentData, setEnvironmentData, threadId } from 'node:worker_threads';
import { readText } from '../identity/read-text.ts';
import { identify, type ResourceAttributes } from '../identity/resource.ts';
import { ThreadBoard } from '../measure/thread-board.ts';

const instanceKey = 'ebb.agent.instance';
const tellingKey = 'ebb.agent.telling';
const boardKey = 'ebb.agent.board';

/** The resource that this thread's telemetry is of. */
export function identity(env: Readonly<Record<string, string | undefined>>): ResourceAttributes {
  return identify({
    env,
    script: process.argv[1],
    cwd: currentDirectory(),
    hostName: hostname(),
    pid: process.pid,
    nodeVersion: process.versions.node,
    executable: process.execPath,
    threadId,
    instanceId: instanceId(),
    read: readText,
  });
}

/** One for a process; its worker threads are numbered below it. */
function instanceId(): string {
  const known: unknown = getEnvironmentData(instanceKey);
  if (typeof known === 'string') return known;
  // The thread was started by something that the agent has not seen. (node:crypto would cost 5 ms and 2 MB.)
  return `${process.pid}-${Math.random().toString(16).slice(2)}`;
}

/** From now on the process's telemetry goes out by itself, under the name that its resource has. */
export function tellsByItself(resource: ResourceAttributes): void {
  setEnvironmentData(tellingKey, String(resource['service.instance.id']));
}

/** The name under which the process's telemetry goes out by itself; undefined where it does not. */
export function tellingInstance(): string | undefined {
  const known: unknown = getEnvironmentData(tellingKey);
  return typeof known === 'string' ? known : undefined;
}

/** The process's one board: made before the program started, and inherited by its workers. */
export function threadBoard(forgetAfterMs: number): ThreadBoard | undefined {
  const memory: unknown = getEnvironmentData(boardKey);
  return memory instanceof SharedArrayBuffer ? new ThreadBoard(memory, forgetAfterMs) : undefined;
}

function currentDirectory(): string {
  try {
    return process.cwd();
  } catch {
    // The directory has been removed.
    return '/';
  }
}
