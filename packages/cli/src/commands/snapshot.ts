import { Command, Option } from 'commander';
import { CliError } from '../errors/cli-error.ts';
import { printable } from '../wording/printable.ts';
import { processId } from './process-id.ts';

/** `ebb snapshot --pid PID [-o FILE]`: takes a heap snapshot of a live process; `--scrub` takes contents out of one. */
export function snapshotCommand(finish: (exitCode: number) => void): Command {
  return new Command('snapshot')
    .summary('take a heap snapshot of a running process with the shortest pause')
    .description(
      'Takes a heap snapshot of a Node.js process that was started without Ebb, in a forked child of it: the process\n' +
        'stands still for milliseconds. Its inspector is opened by SIGUSR1 for that, and closed again.\n\n' +
        'A snapshot holds whatever the program holds, passwords too. --scrub takes the contents of strings out of it.',
    )
    .usage('--pid PID [options]\n       ebb snapshot --scrub IN.heapsnapshot -o OUT.heapsnapshot')
    .argument('[IN]', 'with --scrub and without --pid: a snapshot that exists')
    .addOption(
      new Option('--pid <PID>', 'the process; of this user, or any when Ebb runs as root').argParser(processId),
    )
    .option('-o, --output <FILE>', 'the file to make; it must not exist (default: node-PID-TIME.heapsnapshot)')
    .option('--scrub', 'take the contents of strings out; analysis still works')
    .addOption(
      new Option(
        '--method <METHOD>',
        'fork: without a pause or not at all; auto: with a pause of seconds or minutes where there is no other way; inline: with that pause',
      )
        .choices(['fork', 'auto', 'inline'])
        .default('fork'),
    )
    .option('--json', 'print what was done as one JSON document (ebb.snapshot/1)')
    .addHelpText(
      'after',
      `
Exit codes: 0 taken; 2 used wrongly, or the process cannot be attached to; 3 Ebb could not finish.

Examples:
  ebb snapshot --pid 4711
  ebb snapshot --pid 4711 --scrub -o evidence.heapsnapshot
  ebb snapshot --scrub before.heapsnapshot -o after.heapsnapshot`,
    )
    .action(async (input: string | undefined, flags: Flags) => {
      await snapshot(input, flags);
      finish(0);
    });
}

interface Flags {
  readonly pid?: number;
  readonly output?: string;
  readonly scrub?: boolean;
  readonly method: 'fork' | 'auto' | 'inline';
  readonly json?: boolean;
}

async function snapshot(input: string | undefined, flags: Flags): Promise<void> {
  const { pid, output, json = false } = flags;
  if (pid !== undefined) {
    if (input !== undefined) {
      throw new CliError(
        'EBB_CLI_USAGE',
        `a process and the file '${printable(input)}' were given, and one can be taken`,
        {
          next: 'leave one of them out; the file to make is given with -o',
        },
      );
    }
    const { snapshotOfProcess } = await import('../snapshot/of-process.ts');
    await snapshotOfProcess({ pid, output: output ?? null, scrub: flags.scrub ?? false, method: flags.method, json });
    return;
  }
  if (input === undefined || flags.scrub !== true) {
    throw new CliError('EBB_CLI_MISSING_ARGUMENT', 'no process was named', {
      next: 'name one with --pid PID; to scrub a file: `ebb snapshot --scrub IN -o OUT`',
    });
  }
  if (output === undefined) {
    throw new CliError('EBB_CLI_MISSING_ARGUMENT', 'no file was named for the scrubbed copy', {
      next: 'name one with -o',
    });
  }
  const { scrubFile } = await import('../snapshot/scrub-file.ts');
  await scrubFile({ input, output, json });
}
