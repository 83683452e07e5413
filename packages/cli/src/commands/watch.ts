import { Command, InvalidArgumentError, Option } from 'commander';
import { CliError } from '../errors/cli-error.ts';
import type { ServerClient } from '../remote/server-client.ts';
import { endAs, exitCodeOf } from '../program/end-as.ts';
import { processId } from './process-id.ts';

/**
 * `ebb watch [options] -- COMMAND…`: runs a program with the agent in it, judges it live, and finds the culprit when it
 * leaks; with `--pid PID` a process that runs already.
 */
export function watchCommand(finish: (exitCode: number) => void): Command {
  return new Command('watch')
    .summary('watch a Node.js program, new or running, and find what it leaks')
    .description(
      'Runs COMMAND with the Ebb agent in every Node.js process of it, judges its memory while it works,\nand when it leaks finds what holds the memory and where in the code.\n\n' +
        "The program keeps its own output, signals and exit code. Ebb's words go to standard error.\n\n" +
        'With --pid a process that was started without Ebb is watched: its main thread, until it ends or Ctrl-C.\n' +
        'It is attached to by SIGUSR1 and the inspector, for a moment, and runs on afterwards as it was found.',
    )
    .usage('[options] -- COMMAND…\n       ebb watch --pid PID [options]')
    .argument('[COMMAND...]', 'the program with its arguments: node server.js, npm start, …')
    .passThroughOptions()
    .addOption(
      new Option('--pid <PID>', 'watch this process; of this user, or any when Ebb runs as root').argParser(processId),
    )
    .option('--report <FILE>', 'write the report (JSON, ebb.watch/1) at the end, also after Ctrl-C')
    .option('--fail-on-leak', 'end with exit code 1 when a leak was confirmed')
    .option('--stop-on-finding', 'end the program (with --pid: the watch alone) once a leak is confirmed and told')
    .option(
      '--allow-pause',
      'with --pid: the process may be stopped for seconds, for a snapshot where none can be forked and for collections',
    )
    .option(
      '--suspected',
      'an alert says that it leaks: gather evidence at once, instead of when this watch has seen it grow by itself',
    )
    .option('--no-live', 'plain lines instead of the live panel')
    .addOption(
      new Option(
        '--interval <MS>',
        'how often each process is sampled; the pace of evidence follows (five to ten intervals between two snapshots, by what they cost)',
      )
        .default(1000)
        .argParser(interval),
    )
    .option(
      '--keep-snapshots <DIR>',
      'keep the heap snapshots in DIR (they hold whatever your program holds, passwords too)',
    )
    .option(
      '--server <URL>',
      'tell this server of `ebb up`: memory and verdict of each process, and what was found (with the token in EBB_TOKEN)',
    )
    .option('--token-file <FILE>', 'with --server: a file with the token instead')
    .option('--no-collect', 'never ask the program for a garbage collection')
    .addHelpText(
      'after',
      `
Exit codes: the program's own (128 + n after signal n); with --fail-on-leak 1 when it leaked;
            2 when the command was used wrongly or the program does not exist; 3 when Ebb could not finish.
            With --pid: 0; with --fail-on-leak 1 when it leaked; 2 when the process may not be attached to; 3.

Examples:
  ebb watch -- node server.js
  ebb watch --report report.json --fail-on-leak -- npm start
  ebb watch --pid 4711 --suspected --stop-on-finding --server https://ebb.example.com`,
    )
    .action(async (command: string[], flags: WatchFlags) => {
      if (flags.pid === undefined) await watchCommandLine(command, flags, finish);
      else await watchPid(flags.pid, command, flags, finish);
    });
}

interface WatchFlags {
  pid?: number;
  report?: string;
  failOnLeak?: boolean;
  stopOnFinding?: boolean;
  allowPause?: boolean;
  suspected?: true;
  live: boolean;
  interval: number;
  keepSnapshots?: string;
  collect: boolean;
  server?: string;
  tokenFile?: string;
}

async function watchCommandLine(command: string[], flags: WatchFlags, finish: (code: number) => void): Promise<void> {
  if (command.length === 0) {
    throw new CliError('EBB_CLI_MISSING_ARGUMENT', 'no program was given', {
      next: 'give one, `ebb watch -- node server.js`, or a process that runs: `ebb watch --pid PID`',
    });
  }
  if (flags.allowPause === true) {
    throw new CliError('EBB_CLI_USAGE', '--allow-pause is for --pid', {
      next: 'leave it out: a program that Ebb starts may be paused anyway',
    });
  }
  // Loaded when it is needed: help and errors come at once.
  const { watchProgram } = await import('../watch/watch-program.ts');
  const outcome = await watchProgram({ command, mayCollect: flags.collect, ...(await watchOptions(flags)) });
  if (outcome.leaked && flags.failOnLeak === true) finish(1);
  else if (outcome.failed && exitCodeOf(outcome.end) === 0) finish(3);
  else if (outcome.stopped && outcome.end.signal !== null) finish(0);
  else endAs(outcome.end);
}

async function watchPid(
  pid: number,
  command: string[],
  flags: WatchFlags,
  finish: (code: number) => void,
): Promise<void> {
  if (command.length > 0) {
    throw new CliError('EBB_CLI_USAGE', 'a process and a program were given, and one can be watched', {
      next: 'leave one of them out',
    });
  }
  const { watchProcess } = await import('../watch/watch-process.ts');
  const { collect: mayCollect, allowPause = false } = flags;
  const { leaked, failed } = await watchProcess({ pid, mayCollect, allowPause, ...(await watchOptions(flags)) });
  finish(leaked && flags.failOnLeak === true ? 1 : failed ? 3 : 0);
}

async function watchOptions(flags: WatchFlags): Promise<{
  reportFile: string | null;
  stopOnFinding: boolean;
  live: boolean;
  intervalMs: number;
  keepSnapshots: string | null;
  suspected: boolean;
  server: ServerClient | null;
}> {
  return {
    reportFile: flags.report ?? null,
    stopOnFinding: flags.stopOnFinding ?? false,
    live: flags.live,
    intervalMs: flags.interval,
    keepSnapshots: flags.keepSnapshots ?? null,
    suspected: flags.suspected ?? false,
    server: await toldServer(flags),
  };
}

/** Nobody is told unless asked: a server in the environment alone is for other commands. */
async function toldServer({ server, tokenFile }: WatchFlags): Promise<ServerClient | null> {
  if (server === undefined) {
    if (tokenFile === undefined) return null;
    throw new CliError('EBB_CLI_USAGE', '--token-file is for --server', { next: 'name the server that is to be told' });
  }
  const { serverOf } = await import('../remote/server-flags.ts');
  return serverOf({ server, ...(tokenFile === undefined ? {} : { tokenFile }) });
}

function interval(value: string): number {
  const ms = Number(value);
  if (!Number.isInteger(ms) || ms < 20 || ms > 60_000)
    throw new InvalidArgumentError('It is a whole number of milliseconds from 20 to 60000.');
  return ms;
}
