import { Command, InvalidArgumentError, Option } from 'commander';

/** `ebb mcp`: the analyser for coding agents, by the Model Context Protocol. */
export function mcpCommand(finish: (exitCode: number) => void): Command {
  return new Command('mcp')
    .summary('let a coding agent ask heap snapshots, by the Model Context Protocol')
    .description(
      'Serves the analyser to a coding agent by the Model Context Protocol, on standard input and output: what leaks,\nwhat holds it, what came since an earlier snapshot, and the lines of code. Ends when standard input does.',
    )
    .addOption(
      new Option(
        '--root <DIR>',
        'read only snapshots and sources below DIR; may be given several times (default: the working directory)',
      ).argParser((folder: string, before: string[] | undefined) => [...(before ?? []), folder]),
    )
    .option(
      '--allow-strings',
      'tell contents of strings and keys, too (they hold whatever your program holds, passwords too)',
    )
    .option('--source-maps <DIR>', 'source maps that are kept apart from the scripts')
    .addOption(
      new Option('--max-open <N>', 'snapshots open at once; the one that was asked longest ago is closed')
        .default(3)
        .argParser(wholeNumber(1, 20)),
    )
    .addOption(
      new Option('--memory <MB>', 'megabytes of memory for open snapshots, which take two to three times their files')
        .default(4000)
        .argParser(wholeNumber(1, 1_000_000)),
    )
    .addHelpText(
      'after',
      `
Exit codes: 0 standard input ended; 2 the command was used wrongly; 3 Ebb could not finish.

In a client's configuration:
  { "mcpServers": { "ebb": { "command": "ebb", "args": ["mcp", "--root", "/path/to/project"] } } }`,
    )
    .action(async (options: McpFlags) => {
      // Loaded when it is needed: help and errors come at once.
      const [first = process.cwd(), ...more] = options.root ?? [];
      const { serveMcp } = await import('../mcp/serve.ts');
      await serveMcp({
        roots: [first, ...more],
        allowStrings: options.allowStrings ?? false,
        sourceMaps: options.sourceMaps,
        mostOpen: options.maxOpen,
        mostBytes: options.memory * 1e6,
      });
      finish(0);
    });
}

interface McpFlags {
  root?: string[];
  allowStrings?: boolean;
  sourceMaps?: string;
  maxOpen: number;
  memory: number;
}

function wholeNumber(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!Number.isInteger(number) || number < least || number > most)
      throw new InvalidArgumentError(`It is a whole number from ${String(least)} to ${String(most)}.`);
    return number;
  };
}
