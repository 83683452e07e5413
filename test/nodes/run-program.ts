/** Runs small programs with and without the agent, for the tests in this folder. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createAgentListener,
  preloadOptions,
  type AgentListener,
  type AgentMessage,
  type ConnectedAgent,
  type PreloadContext,
} from '@ebb/agent';

/** A program as text; `name` decides how Node reads it (`.cjs`, `.mjs`, `.ts`). */
export interface Program {
  name: string;
  text: string;
  /** Further files beside it, by name. */
  files?: Record<string, string>;
  nodeFlags?: readonly string[];
  env?: Record<string, string>;
  /**
   * What it reads from standard input, which is then closed: at once without the agent, and once
   * the agent has sent a sample with it. A program that waits for the end of its input thus has
   * the agent in it from then on, without any waiting time to guess.
   */
  input?: string;
}

/** How a program ended and what it wrote; process ids in warnings are replaced. */
export interface Outcome {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** One message of one agent, in order of arrival. */
export interface Heard {
  agent: ConnectedAgent;
  message: AgentMessage;
}

/** What a test does with a program while it runs under the agent. */
export interface Conversation {
  child: ChildProcessWithoutNullStreams;
  listener: AgentListener;
  heard: Heard[];
  /** Waits for a message that has come or will come; the test's own timeout bounds it. */
  until(wanted: (heard: Heard) => boolean): Promise<Heard>;
}

/** A directory for one test's programs. Call `remove` at the end. */
export interface Workplace {
  directory: string;
  remove(): void;
}

export function makeWorkplace(): Workplace {
  sweepAbandoned();
  const directory = mkdtempSync(join(tmpdir(), `ebb-nodes-${process.pid}-`));
  return {
    directory,
    remove: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

let swept = false;

/** Those of test runs that were killed, which leave everything as it was. Once in a process. */
function sweepAbandoned(): void {
  if (swept) return;
  swept = true;
  for (const name of readdirSync(tmpdir())) {
    const pid = /^ebb-nodes-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** Runs a program as it is. */
export async function runPlain(node: string, program: Program, place: Workplace): Promise<Outcome> {
  const child = start(commandOf(node, program, place), environment(program), place);
  return await outcome(child, program);
}

/**
 * Runs a program with the agent in it. With `converse`, standard input stays open for it, and is
 * closed after it; without, it gets `program.input` and is closed after the first sample.
 */
export async function runWatched(
  node: string,
  program: Program,
  place: Workplace,
  converse?: (conversation: Conversation) => Promise<void>,
  context: PreloadContext = {},
): Promise<Outcome & { heard: Heard[]; reason: string | undefined }> {
  const listener = await createAgentListener();
  const heard: Heard[] = [];
  const waiting = new Set<(heard: Heard) => void>();
  for (const type of ['hello', 'sample', 'collected', 'captured', 'warning', 'bye'] as const) {
    listener.on(type, (agent: ConnectedAgent, message: AgentMessage) => {
      heard.push({ agent, message });
      for (const tell of [...waiting]) tell({ agent, message });
    });
  }
  listener.on('hello', (agent) => {
    agent.setInterval(20);
  });
  const until = (wanted: (heard: Heard) => boolean): Promise<Heard> => {
    const past = heard.find(wanted);
    if (past !== undefined) return Promise.resolve(past);
    return new Promise((resolve) => {
      const tell = (next: Heard): void => {
        if (!wanted(next)) return;
        waiting.delete(tell);
        resolve(next);
      };
      waiting.add(tell);
    });
  };
  const env = environment(program);
  const plan = preloadOptions(commandOf(node, program, place), env, context);
  const child = start(
    plan.command,
    {
      ...env,
      ...(plan.nodeOptions === undefined ? {} : { NODE_OPTIONS: plan.nodeOptions }),
      EBB_AGENT_SOCKET: listener.socketPath,
    },
    place,
  );
  try {
    const ended = outcome(child, program, true);
    if (converse !== undefined) {
      const early = ended.then(({ code, signal, stderr }) => {
        throw new Error(`the program ended early: ${String(code ?? signal)}\n${stderr}`);
      });
      await Promise.race([converse({ child, listener, heard, until }), early]);
      child.stdin.end();
      early.catch(() => undefined);
    } else {
      const sampled = plan.attached ? until(({ message }) => message.type === 'sample') : Promise.resolve();
      await Promise.race([sampled, ended]);
      child.stdin.end(program.input ?? '');
    }
    const result = await ended;
    // What the program wrote last is still on its way through the socket.
    while (listener.agents.size > 0) await new Promise((resolve) => listener.once('bye', resolve));
    return { ...result, heard, reason: plan.reason };
  } finally {
    child.kill('SIGKILL');
    await listener.stop();
  }
}

function commandOf(node: string, program: Program, place: Workplace): string[] {
  for (const [name, text] of Object.entries({ ...program.files, [program.name]: program.text })) {
    writeFileSync(join(place.directory, name), text);
  }
  return [node, ...(program.nodeFlags ?? []), join(place.directory, program.name)];
}

/** Little of this machine's environment: a test must not depend on a developer's own settings. */
function environment(program: Program): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', TMPDIR: tmpdir(), ...program.env };
}

function start(command: string[], env: Record<string, string>, place: Workplace): ChildProcessWithoutNullStreams {
  const [executable = '', ...args] = command;
  const child = spawn(executable, args, { cwd: place.directory, env, stdio: 'pipe' });
  // A program that ends without reading its input closes the pipe.
  child.stdin.on('error', () => undefined);
  return child;
}

async function outcome(
  child: ChildProcessWithoutNullStreams,
  program: Program,
  keepInputOpen = false,
): Promise<Outcome> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  if (!keepInputOpen) child.stdin.end(program.input ?? '');
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...ended) => {
      resolve(ended);
    });
  });
  // latin1 keeps every byte as it was.
  const text = Buffer.concat(stderr).toString('latin1');
  return {
    code,
    signal,
    stdout: Buffer.concat(stdout).toString('latin1'),
    stderr: text.replace(/\(node:\d+\)/g, '(node:PID)'),
  };
}
