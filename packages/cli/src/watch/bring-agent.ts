/** Brings the agent into a process that was started without Ebb. */
import { chownSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  attachedAgentPath,
  attachExpression,
  type AgentListener,
  type AttachAnswer,
  type HelloMessage,
} from '@ebb/agent';
import { attach, type AttachedProcess } from '@ebb/capture/attach';
import { CliError } from '../errors/cli-error.ts';
import { printable } from '../wording/printable.ts';
import type { WatchPlace } from './place.ts';

/** A process with the agent in it. */
export interface WatchedProcess {
  /** What it was started with, as it says itself. */
  readonly command: readonly string[];
  /** Whether it is still there, and no other with its number. */
  isThere(): boolean;
  /** What of attaching has stayed in it against Ebb's will, in words. */
  readonly left: readonly string[];
}

/** The agent's own promise. */
const LEAST_NODE = 20;
/** How long the agent may take from its start to its first word. */
const HELLO_MS = 10_000;

/**
 * Attaches, has the agent loaded and started, and closes the inspector again.
 *
 * @throws {CaptureError} those of `attach`
 * @throws {CliError} EBB_CLI_NOT_WATCHED, EBB_CLI_WATCHED_ALREADY, EBB_CLI_USAGE
 */
export async function bringAgent(
  { folder, listener, store }: WatchPlace,
  options: { pid: number; intervalMs: number; keepSnapshots: string | null; signal: AbortSignal },
): Promise<WatchedProcess> {
  const { pid, intervalMs, signal } = options;
  const attached = await attach(pid, { signal });
  let left: string[];
  try {
    requireNode(attached);
    giveFolder(attached, folder.path, listener.socketPath, options.keepSnapshots !== null);
    for (const path of [attachedAgentPath, listener.socketPath, store.directory]) requireSeen(attached, path);
    const expression = attachExpression({ socketPath: listener.socketPath, folder: folder.path, intervalMs });
    const answer = JSON.parse(String(await attached.evaluate(expression, { signal }))) as AttachAnswer;
    requireStarted(pid, answer);
  } finally {
    ({ left } = await attached.close());
  }
  const { argv } = await firstHello(listener, pid, signal);
  return { command: argv.length > 0 ? argv : ['node'], isThere: () => attached.isThere(), left };
}

function requireNode({ pid, nodeVersion }: AttachedProcess): void {
  if (Number(/^v(\d+)\./u.exec(nodeVersion)?.[1]) >= LEAST_NODE) return;
  throw notWatched(
    `process ${pid} runs Node.js ${printable(nodeVersion)}, and Ebb's agent needs version ${LEAST_NODE} or later`,
    'take a snapshot of it: `ebb snapshot --pid PID`',
  );
}

/** Only root can attach to other users' processes, and those can enter only what is theirs. */
function giveFolder({ pid, uid, gid }: AttachedProcess, folder: string, socketPath: string, kept: boolean): void {
  if (uid === process.geteuid?.()) return;
  if (kept) {
    throw new CliError(
      'EBB_CLI_USAGE',
      `process ${pid} is another user's, and cannot write snapshots where --keep-snapshots says`,
      {
        next: 'leave --keep-snapshots out, or run Ebb as the user of the process',
      },
    );
  }
  for (const path of [socketPath, dirname(socketPath), folder]) chownSync(path, uid, gid);
}

function requireSeen(attached: AttachedProcess, path: string): void {
  if (attached.sees(path)) return;
  throw notWatched(
    `process ${attached.pid} does not see ${printable(path)} as Ebb does: it runs in a container, or with another root`,
    'the process has to see the files of Ebb, and the folder for temporary files (TMPDIR), at the same paths: on a volume that both have',
  );
}

function requireStarted(pid: number, answer: AttachAnswer): void {
  switch (answer.started) {
    case 'started':
      return;
    case 'watched':
      throw new CliError('EBB_CLI_WATCHED_ALREADY', `process ${pid} is being watched by another \`ebb watch\``);
    case 'failed':
      throw notWatched(`the agent could not start in process ${pid}`);
    case 'unloadable':
      throw notWatched(`process ${pid} could not load Ebb's agent (${printable(answer.reason)})`);
  }
}

async function firstHello(listener: AgentListener, pid: number, signal: AbortSignal): Promise<HelloMessage> {
  const [connected] = listener.agents.values();
  if (connected !== undefined) return connected.hello;
  return await new Promise((resolve, reject) => {
    const fail = (): void => {
      reject(notWatched(`the agent was started in process ${pid}, and did not connect`));
    };
    const timer = setTimeout(fail, HELLO_MS);
    signal.addEventListener('abort', fail, { once: true });
    listener.once('hello', ({ hello }) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', fail);
      resolve(hello);
    });
  });
}

function notWatched(message: string, next?: string): CliError {
  return new CliError('EBB_CLI_NOT_WATCHED', message, next === undefined ? {} : { next });
}
