import { spawn, type ChildProcess } from 'node:child_process';
import { CliError } from '../errors/cli-error.ts';
import { printable } from '../wording/printable.ts';

/** How a program ended: with an exit code, or by a signal. */
export type ProgramEnd =
  { readonly code: number; readonly signal: null } | { readonly code: null; readonly signal: NodeJS.Signals };

/** The watched program: started with the terminal, files and pipes that Ebb itself was given, so that nothing about it changes. */
export interface Program {
  readonly pid: number;
  /** Settles when the program has ended. */
  readonly ended: Promise<ProgramEnd>;
  /** Null while it runs. */
  readonly end: ProgramEnd | null;
  /** Sends a signal; nothing happens when the program has ended. */
  signal(signal: NodeJS.Signals): void;
}

/**
 * Starts a program with inherited stdio, in Ebb's own process group (so that Ctrl-C reaches it from the terminal).
 * Where standard output is Ebb's own, for a report, the program's goes to standard error.
 *
 * @throws {CliError} EBB_CLI_COMMAND_NOT_FOUND, EBB_CLI_COMMAND_NOT_EXECUTABLE or EBB_CLI_COMMAND_NOT_STARTED
 */
export async function startProgram(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  { outputTo = 'stdout' }: { readonly outputTo?: 'stdout' | 'stderr' } = {},
): Promise<Program> {
  const [file = '', ...args] = command;
  let child: ChildProcess;
  try {
    child = spawn(file, args, { stdio: ['inherit', outputTo === 'stdout' ? 'inherit' : 2, 'inherit'], env });
  } catch (error) {
    throw notStarted(file, error); // an empty name, or a null byte in an argument
  }
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => {
      reject(notStarted(file, error));
    });
  });
  let end: ProgramEnd | null = null;
  const ended = new Promise<ProgramEnd>((resolve) => {
    child.once('exit', (code, signal) => {
      end = signal === null ? { code: code ?? 0, signal: null } : { code: null, signal };
      resolve(end);
    });
  });
  child.on('error', () => undefined); // a signal that could not be sent: the program is gone, 'exit' follows
  return {
    pid: child.pid ?? 0,
    ended,
    get end() {
      return end;
    },
    signal(signal) {
      if (end === null) child.kill(signal);
    },
  };
}

function notStarted(file: string, cause: unknown): CliError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const name = `'${printable(file)}'`;
  if (code === 'ENOENT')
    return new CliError('EBB_CLI_COMMAND_NOT_FOUND', `the program ${name} was not found`, { cause });
  if (code === 'EACCES')
    return new CliError('EBB_CLI_COMMAND_NOT_EXECUTABLE', `the program ${name} may not be executed`, { cause });
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CliError('EBB_CLI_COMMAND_NOT_STARTED', `the program ${name} could not be started: ${printable(reason)}`, {
    cause,
  });
}
