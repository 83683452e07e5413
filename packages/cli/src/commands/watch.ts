import { Command, InvalidArgumentError, Option } from 'commander';
import { endAs, exitCodeOf } from '../program/end-as.ts';

/** `ebb watch [options] -- COMMAND…`: runs a program with the agent in it, judges it live, and finds the culprit when it leaks. */
export function watchCommand(finish: (exitCode: number) => void): Command {
  return new Command('watch')
    .summary('run a Node.js program, judge its memory live, and find what leaks')
    .description(
      'Runs COMMAND with the Ebb agent in every Node.js process of it, judges its memory while it works,\nand when it leaks finds what holds the memory and where in the code.\n\n' +
        "The program keeps its own output, signals and exit code. Ebb's words go to standard error.",
    )
    .usage('[options] -- COMMAND…')
    .argument('<COMMAND...>', 'the program with its arguments: node server.js, npm start, …')
    .passThroughOptions()
    .option('--report <FILE>', 'write the report (JSON, ebb.watch/1) at the end, also after Ctrl-C')
    .option('--fail-on-leak', 'end with exit code 1 when a leak was confirmed')
    .option('--stop-on-finding', 'end the program once a leak is confirmed and told')
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
    .option('--no-collect', 'never ask the program for a garbage collection')
    .addHelpText(
      'after',
      `
Exit codes: the program's own (128 + n after signal n); with --fail-on-leak 1 when it leaked;
            2 when the command was used wrongly or the program does not exist; 3 when Ebb could not finish.

Examples:
  ebb watch -- node server.js
  ebb watch --report report.json --fail-on-leak -- npm start`,
    )
    .action(async (command: string[], options: WatchFlags) => {
      // Loaded when it is needed: help and errors come at once.
      const { watchProgram } = await import('../watch/session.ts');
      const outcome = await watchProgram({
        command,
        reportFile: options.report ?? null,
        failOnLeak: options.failOnLeak ?? false,
        stopOnFinding: options.stopOnFinding ?? false,
        live: options.live,
        intervalMs: options.interval,
        keepSnapshots: options.keepSnapshots ?? null,
        mayCollect: options.collect,
      });
      if (outcome.leaked && options.failOnLeak === true) finish(1);
      else if (outcome.failed && exitCodeOf(outcome.end) === 0) finish(3);
      else if (outcome.stopped && outcome.end.signal !== null) finish(0);
      else endAs(outcome.end);
    });
}

interface WatchFlags {
  report?: string;
  failOnLeak?: boolean;
  stopOnFinding?: boolean;
  live: boolean;
  interval: number;
  keepSnapshots?: string;
  collect: boolean;
}

function interval(value: string): number {
  const ms = Number(value);
  if (!Number.isInteger(ms) || ms < 20 || ms > 60_000)
    throw new InvalidArgumentError('It is a whole number of milliseconds from 20 to 60000.');
  return ms;
}
