import { randomBytes } from 'node:crypto';
import { accessSync, constants, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CliError } from '../errors/cli-error.ts';
import { printable } from '../wording/printable.ts';

/** Writes a document as JSON; see {@link writeWhole}. */
export function writeReport(file: string, document: unknown): void {
  writeWhole(file, `${JSON.stringify(document, null, 2)}\n`);
}

/**
 * Writes a file whole or not at all: beside its place first, then renamed; for its owner's eyes only. What is no plain
 * file (a pipe, /dev/stdout) is written straight. Synchronous, so that it works on the way out.
 *
 * @throws {CliError} EBB_CLI_REPORT_NOT_WRITTEN
 */
export function writeWhole(file: string, text: string): void {
  const aside = asideOf(file);
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
 * Finds out before the work begins whether the report can be written at its end, by making the file that it would be
 * written to first, and removing it.
 *
 * @throws {CliError} EBB_CLI_REPORT_PLACE
 */
export function checkReportPlace(file: string): void {
  try {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat?.isDirectory() === true) throw new Error('it is a folder');
    if (statSync(dirname(file), { throwIfNoEntry: false })?.isDirectory() !== true)
      throw new Error('its folder does not exist');
    if (stat?.isFile() === false) {
      accessSync(file, constants.W_OK);
      return;
    }
    const aside = asideOf(file);
    writeFileSync(aside, '', { mode: 0o600, flag: 'wx' });
    rmSync(aside);
  } catch (cause) {
    throw notWritten('EBB_CLI_REPORT_PLACE', file, cause);
  }
}

/** A name beside the file that nothing else has. */
function asideOf(file: string): string {
  return join(dirname(file), `.${basename(file)}.${randomBytes(4).toString('hex')}`);
}

function notWritten(
  code: 'EBB_CLI_REPORT_PLACE' | 'EBB_CLI_REPORT_NOT_WRITTEN',
  file: string,
  cause: unknown,
): CliError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CliError(code, `the report cannot be written to '${printable(file)}': ${printable(reason)}`, { cause });
}
