import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Argument, Command } from 'commander';
import { CliError } from '../errors/cli-error.ts';

/** `ebb demo OUTAGE`: the two outages that Ebb was made for, played live. */
export function demoCommand(finish: (exitCode: number) => void): Command {
  return new Command('demo')
    .summary('play one of the two outages that Ebb was made for')
    .description(
      'Starts the storefront of Ebb\u2019s repository as a cluster with customers, and a server; deploys a release that leaks,\nand does what somebody on call does with Ebb: from the page to the proof of recovery and the postmortem. It takes\nsome five minutes, needs Node.js 22.13 or later, and nothing leaves this machine.',
    )
    .addArgument(new Argument('<OUTAGE>', 'which of them').choices(['outage-1', 'outage-2']))
    .argument('[FILE]', 'where the postmortem is written (default: postmortem-OUTAGE.md)')
    .addHelpText(
      'after',
      `
Exit codes: 0 the service stayed up, and all was told; 1 it was not; 2 the storefront is not here; 130 interrupted.

Example:
  ebb demo outage-1`,
    )
    .action(async (outage: string, file: string | undefined) => {
      const words = [findScript(), outage, ...(file === undefined ? [] : [file])];
      const child = spawn(process.execPath, words, { stdio: 'inherit' });
      // Ctrl-C is told to the child by the terminal, and a signal by this; it ends what it has started.
      const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
      const ignore = (): void => undefined;
      process.on('SIGTERM', pass).on('SIGHUP', pass).on('SIGINT', ignore);
      const code = await new Promise<number>((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (exitCode) => resolve(exitCode ?? 1));
      });
      process.off('SIGTERM', pass).off('SIGHUP', pass).off('SIGINT', ignore);
      finish(code);
    });
}

/** The script of the storefront, in a folder where packages are found from here. */
function findScript(): string {
  const folders = createRequire(import.meta.url).resolve.paths('@ebb-examples/storefront') ?? [];
  const script = folders
    .map((folder) => join(folder, '@ebb-examples/storefront/dist/outages.js'))
    .find((path) => existsSync(path));
  if (script !== undefined) return script;
  throw new CliError('EBB_CLI_DEMO_MISSING', 'the storefront, which the outages are played with, is not installed');
}
