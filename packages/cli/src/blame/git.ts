/** git, as a child process: arguments only, never a shell, no pager, no programs that a configuration names. */
import { execFile } from 'node:child_process';
import { CliError } from '../errors/cli-error.ts';
import { printable } from '../wording/printable.ts';

/** A history of a hundred thousand commits is walked in seconds; longer is a hang. */
const limitMs = 120_000;
const mostBytes = 1 << 28;

/** How git ended. */
export interface Ran {
  /** 0 where it did what it was asked. */
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs git in a folder. Names that come from elsewhere belong behind `--` or `--end-of-options`, where git takes none of
 * them for an option.
 *
 * @throws {CliError} EBB_CLI_BLAME_GIT where git is not installed, cannot be started, or takes too long
 */
export async function runGit(folder: string, args: readonly string[]): Promise<Ran> {
  const env = { ...process.env, LC_ALL: 'C', GIT_PAGER: 'cat', GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0' };
  // What a configuration says about the look of things would change what is read here.
  const plain = ['-c', 'core.quotePath=off', '-c', 'log.showSignature=false', '-c', 'diff.renames=true'];
  return await new Promise((resolve, reject) => {
    execFile(
      'git',
      [...plain, ...args],
      { cwd: folder, env, encoding: 'utf8', maxBuffer: mostBytes, timeout: limitMs, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        if (error === null) resolve({ code: 0, stdout, stderr });
        else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
        else reject(gitError(error, args));
      },
    );
  });
}

/** What git prints, or null where it fails. */
export async function askGit(folder: string, args: readonly string[]): Promise<string | null> {
  const { code, stdout } = await runGit(folder, args);
  return code === 0 ? stdout : null;
}

function gitError(error: Error & { code?: unknown; killed?: boolean }, args: readonly string[]): CliError {
  const what =
    error.code === 'ENOENT'
      ? 'git was not found'
      : error.killed === true
        ? `git ${args[0] ?? ''} took longer than ${limitMs / 1000} s`
        : `git ${args[0] ?? ''} could not be run: ${printable(error.message.slice(0, 200))}`;
  return new CliError('EBB_CLI_BLAME_GIT', what, { cause: error });
}
