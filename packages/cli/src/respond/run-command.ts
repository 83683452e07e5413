import { spawn } from 'node:child_process';

/** What is kept of what a command prints: the end of it. */
const keptBytes = 4000;
/** A command that was asked to end gets so long before it is killed. */
const graceMs = 2000;

/** How a command ended. */
export interface Ran {
  /** Null where it could not be started, or was ended by a signal. */
  readonly code: number | null;
  /** It took too long, or was called off, and was killed with all that it had started. */
  readonly cut: 'limit' | 'called off' | null;
  /** Why it could not be started. */
  readonly error: string | null;
  /** The end of what it printed, standard error included. */
  readonly output: string;
  /** The whole of standard output, up to `mostBytes`. */
  readonly stdout: string;
}

/** Runs a command within a limit, and keeps the end of what it prints. Never throws. */
export async function runCommand(
  command: readonly string[],
  {
    env,
    limitMs,
    signal,
    mostBytes = 0,
  }: { env?: NodeJS.ProcessEnv; limitMs: number; signal: AbortSignal; mostBytes?: number },
): Promise<Ran> {
  const [file = '', ...args] = command;
  let output = '';
  let stdout = '';
  let cut: Ran['cut'] = null;
  return await new Promise((resolve) => {
    // A group of its own, so that what it starts ends with it.
    const child = spawn(file, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const kill = (name: NodeJS.Signals): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name);
      } catch {
        // All have ended.
      }
    };
    const end = (why: Ran['cut']): void => {
      cut ??= why;
      kill('SIGTERM');
      killing ??= setTimeout(() => {
        kill('SIGKILL');
      }, graceMs);
    };
    let killing: NodeJS.Timeout | undefined;
    const limit = setTimeout(() => {
      end('limit');
    }, limitMs);
    const onAbort = (): void => {
      end('called off');
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const settle = (code: number | null, error: string | null): void => {
      clearTimeout(limit);
      clearTimeout(killing);
      signal.removeEventListener('abort', onAbort);
      // Whatever holds on to its pipes is of no interest any more.
      if (cut !== null) kill('SIGKILL');
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ code: cut === null ? code : null, cut, error, output: output.trim(), stdout });
    };
    const keep = (chunk: string): void => {
      output = (output + chunk).slice(-keptBytes);
    };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      keep(chunk);
      if (stdout.length < mostBytes) stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', keep);
    child.once('error', (error) => {
      settle(null, error.message);
    });
    // Not `close`: a process that it leaves in the background may hold the pipes for ever.
    child.once('exit', (code) => {
      setTimeout(() => {
        settle(code, null);
      }, 50);
    });
  });
}
