import { randomBytes } from 'node:crypto';
import { accessSync, constants, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CliError } from '../errors/cli-error.ts';
import { printable } from '../wording/printable.ts';

/**
 * Writes a file whole or not at all: beside its place first, then renamed. What is no plain file (a pipe, /dev/stdout)
 * is written straight. Synchronous, so that it works on the way out.
 *
 * @throws {CliError} EBB_CLI_REPORT_NOT_WRITTEN
 */
export function writeReport(file: string, document: unknown): void {
  const text = `${JSON.stringify(document, null, 2)}\n`;
  const aside = join(dirname(file), `.${basename(file)}.${randomBytes(4).toString('hex')}`);
  try {
    if (statSync(file, { throwIfNoEntry: false })?.isFile() === false) {
      writeFileSync(file, text);
      return;
    }
    writeFileSync(aside, text, { mode: 0o600, flag: 'wx' });
    renameSync(aside, file);
  } catch (cause) {
    rmSync(aside, { force: true });
    throw notWritten('EBB_CLI_REPORT_NOT_WRITTEN', file, cause);
  }
}

/**
 * Finds out before the program starts whether the report can be written at its end.
 *
 * @throws {CliError} EBB_CLI_REPORT_PLACE
 */
export function checkReportPlace(file: string): void {
  try {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat?.isDirectory() === true) throw new Error('it is a folder');
    if (statSync(dirname(file), { throwIfNoEntry: false })?.isDirectory() !== true)
      throw new Error('its folder does not exist');
    accessSync(stat === undefined || stat.isFile() ? dirname(file) : file, constants.W_OK);
  } catch (cause) {
    throw notWritten('EBB_CLI_REPORT_PLACE', file, cause);
  }
}

function notWritten(
  code: 'EBB_CLI_REPORT_PLACE' | 'EBB_CLI_REPORT_NOT_WRITTEN',
  file: string,
  cause: unknown,
): CliError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CliError(code, `the report cannot be written to '${printable(file)}': ${printable(reason)}`, { cause });
}
