/** Ebb's commands, as somebody at a shell would call them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { findEbbCommand } from '../demo/ebb-command.ts';

/** What a command came to. */
export interface Called {
  readonly exitCode: number | null;
  readonly output: string;
}

/** Calls `ebb` with these words, and waits for its end. */
export async function callEbb(words: readonly string[], environment: NodeJS.ProcessEnv): Promise<Called> {
  const child = spawn(process.execPath, [findEbbCommand(), ...words], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => {
      resolve({ exitCode, output });
    });
  });
}

/** A program that goes on. */
export interface Running {
  readonly child: ChildProcess;
  /** What the pattern found in its output. */
  readonly found: RegExpExecArray;
  /** Ends it, gently first. */
  stop(): Promise<void>;
}

const farewellMs = 10_000;

/**
 * Starts a program, and waits until its output fits a pattern.
 *
 * @throws {Error} with its output, when it ends before
 */
export async function startProgram(
  words: readonly string[],
  environment: NodeJS.ProcessEnv,
  pattern: RegExp,
): Promise<Running> {
  const child = spawn(process.execPath, words, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', resolve));
  const found = await new Promise<RegExpExecArray>((resolve, reject) => {
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        // All of it is read, so that the program never waits; what is looked at is bounded.
        if (output.length > 100_000) return;
        output += chunk;
        const match = pattern.exec(output);
        if (match !== null) resolve(match);
      });
    }
    void ended.then(() => {
      reject(new Error(`${words.join(' ')} ended before it was ready:\n${output}`));
    });
  });
  return {
    child,
    found,
    async stop(): Promise<void> {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), farewellMs);
      await ended;
      clearTimeout(late);
    },
  };
}

/** Starts a command of `ebb` that goes on. */
export async function startEbb(
  words: readonly string[],
  environment: NodeJS.ProcessEnv,
  pattern: RegExp,
): Promise<Running> {
  return await startProgram([findEbbCommand(), ...words], environment, pattern);
}
