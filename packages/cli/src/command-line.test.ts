import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ebbCommand } from './command-line.ts';
import { ebb } from './fixtures/run-ebb.ts';

test('the version is the package’s', async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
    version: string;
  };
  expect(await ebb(['--version'])).toMatchObject({ code: 0, stdout: Buffer.from(`${version}\n`) });
});

test('help lists every command with one line', async () => {
  const run = await ebb(['--help']);
  expect(run.code).toBe(0);
  for (const command of ebbCommand(() => undefined).commands) {
    expect(run.stdout.toString()).toContain(command.name());
    expect(command.summary()).toMatch(/^[a-z].{10,70}$/u);
  }
});

test('a command’s help shows usage, options, exit codes and examples', async () => {
  const run = await ebb(['watch', '--help']);
  expect(run.code).toBe(0);
  for (const part of ['Usage: ebb watch [options] -- COMMAND…', '--report <FILE>', 'Exit codes:', 'Examples:'])
    expect(run.stdout.toString()).toContain(part);
});

test('no command at all shows the help as an error', async () => {
  const run = await ebb([]);
  expect(run.code).toBe(2);
  expect(run.stdout.toString()).toBe('');
  expect(run.stderr).toContain('Usage: ebb COMMAND');
});

describe('a command line that is wrong ends with 2 and says what, with a code and what to do', () => {
  test.each([
    [['wach'], 'EBB_CLI_UNKNOWN_COMMAND', "unknown command 'wach' (Did you mean watch?)"],
    [
      ['watch', '--reprot', 'x', '--', 'node'],
      'EBB_CLI_UNKNOWN_OPTION',
      "unknown option '--reprot' (Did you mean --report?)",
    ],
    [['watch'], 'EBB_CLI_MISSING_ARGUMENT', 'no program was given'],
    [['watch', '--report'], 'EBB_CLI_MISSING_ARGUMENT', "option '--report <FILE>' argument missing"],
    [
      ['watch', '--interval', 'often', '--', 'node'],
      'EBB_CLI_BAD_VALUE',
      "option '--interval <MS>' argument 'often' is invalid. It is a whole number",
    ],
    [['analyze'], 'EBB_CLI_MISSING_ARGUMENT', "missing required argument 'SNAPSHOT'"],
    [['--nonsense'], 'EBB_CLI_UNKNOWN_OPTION', "unknown option '--nonsense'"],
    [['analyze', '--json\u001b[2J'], 'EBB_CLI_UNKNOWN_OPTION', 'json\\x1b[2J'],
  ])('%j', async (args, code, message) => {
    const run = await ebb(args);
    expect(run.code).toBe(2);
    expect(run.stdout.toString()).toBe('');
    expect(run.stderr).toContain(message);
    expect(run.stderr).toContain(code);
    expect(run.stderr.trim().split('\n')).toHaveLength(2);
  });
});
