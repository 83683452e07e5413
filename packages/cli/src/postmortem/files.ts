/** A postmortem to files, and from a file. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CliError } from '../errors/cli-error.ts';

/** Writes text, and the figures that it names beside it. Returns the paths. */
export function writePostmortem(file: string, text: string, figures: Readonly<Record<string, string>>): string[] {
  const all = [[file, text], ...Object.entries(figures).map(([name, svg]) => [join(dirname(file), name), svg])];
  return all.map(([path = '', content = '']) => {
    try {
      writeFileSync(path, content);
    } catch (error) {
      throw new CliError('EBB_CLI_REPORT_NOT_WRITTEN', `${path} cannot be written: ${(error as Error).message}`, {
        cause: error,
      });
    }
    return path;
  });
}

/** The text of a file; `-` is standard input. */
export function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new CliError('EBB_CLI_BAD_VALUE', `${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** The JSON of a file; `-` is standard input. */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readText(file));
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError('EBB_CLI_BAD_VALUE', `${file} is no JSON: ${(error as Error).message}`, { cause: error });
  }
}
