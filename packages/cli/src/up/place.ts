/** Where the server's data is, as the command line says. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Option, type Command } from 'commander';

/** What `--data` and `--database` say. */
export interface PlaceFlags {
  data?: string;
  database?: string;
}

/** Adds `--data` and `--database`. */
export function addPlaceOptions(command: Command): Command {
  return command
    .option('--data <DIR>', 'the folder of the SQLite database (default: ebb in $XDG_DATA_HOME, or ~/.local/share)')
    .addOption(
      new Option('--database <URL>', 'a PostgreSQL database instead, like postgres://user@host/ebb').conflicts('data'),
    );
}

/** The place that the flags name. */
export function placeOf({ data, database }: PlaceFlags): { directory: string } | { url: string } {
  return database === undefined ? { directory: data ?? usualDirectory() } : { url: database };
}

function usualDirectory(): string {
  const { XDG_DATA_HOME: told } = process.env;
  return join(told === undefined || told === '' ? join(homedir(), '.local/share') : told, 'ebb');
}
