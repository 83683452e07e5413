import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { COMMANDS } from './commands/registry.ts';
import { CliError } from './errors/cli-error.ts';
import type { CliErrorCode } from './errors/registry.ts';

/**
 * Reads the command line and runs the command. Resolves with the exit code; a command that ends the process in its own
 * way (by a signal) does not resolve.
 *
 * @throws {CliError} when the command line is wrong; and whatever the command throws
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = ebbCommand((code) => {
    exitCode = code;
  });
  try {
    if (args.length === 0) {
      program.outputHelp({ error: true });
      return 2;
    }
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0; // --help, --version
    throw usageError(error);
  }
}

/** The whole command line: `ebb` with its commands. */
export function ebbCommand(finish: (exitCode: number) => void): Command {
  const program = new Command('ebb')
    .description('Ebb keeps Node.js services from going down by memory leaks.')
    .usage('COMMAND [options]')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: false })
    .addHelpText('after', '\n`ebb COMMAND --help` tells more about a command.')
    .enablePositionalOptions();
  for (const make of COMMANDS) program.addCommand(make(finish));
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
    command.exitOverride().configureOutput({ writeErr: () => undefined, outputError: () => undefined });
    if (command !== program) command.helpOption('-h, --help', 'print help');
  }
  program.configureOutput({ writeErr: (text) => process.stderr.write(text), outputError: () => undefined });
  return program;
}

const CODES: Readonly<Record<string, CliErrorCode>> = {
  'commander.unknownCommand': 'EBB_CLI_UNKNOWN_COMMAND',
  'commander.unknownOption': 'EBB_CLI_UNKNOWN_OPTION',
  'commander.missingArgument': 'EBB_CLI_MISSING_ARGUMENT',
  'commander.optionMissingArgument': 'EBB_CLI_MISSING_ARGUMENT',
  'commander.missingMandatoryOptionValue': 'EBB_CLI_MISSING_ARGUMENT',
  'commander.invalidArgument': 'EBB_CLI_BAD_VALUE',
};

/** Commander's own errors in Ebb's terms; its suggestion (“Did you mean …?”) stays. */
function usageError(error: CommanderError): CliError {
  const message = error.message
    .replace(/^error: /u, '')
    .replace(/\n\s*/gu, ' ')
    .trim();
  return new CliError(CODES[error.code] ?? 'EBB_CLI_USAGE', message, { cause: error });
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
