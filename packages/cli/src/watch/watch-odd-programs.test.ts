import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ebb, node, program } from '../fixtures/run-ebb.ts';

const watch = (...command: string[]): string[] => ['watch', '--no-live', '--interval', '100', '--', ...command];
/** Flags that this Node.js knows: later ones are tried where they exist. */
const known = (...flags: string[]): string[] =>
  flags.filter((flag) => process.allowedNodeEnvironmentFlags.has(flag.replace(/=.*/u, '')));

describe('a program that forbids or takes the inspector is watched as any other', () => {
  test.each(
    known('--disable-sigusr1', '--no-experimental-inspect', '--inspect-port=0', '--inspect=127.0.0.1:0').map(
      (flag) => ({
        flag,
      }),
    ),
  )('$flag', async ({ flag }) => {
    const byCommand = await ebb(watch(node, flag, program('leak.mjs'), '1', '1'));
    expect(byCommand.code).toBe(0);
    expect(byCommand.stderr).toContain('ebb: watching process');
    const byEnvironment = await ebb(watch(node, program('leak.mjs'), '1', '1'), { NODE_OPTIONS: flag });
    expect(byEnvironment.code).toBe(0);
    expect(byEnvironment.stderr).toContain('ebb: watching process');
  });
});

test('a program under the permission model runs as without Ebb; it is watched where its Node.js lets the agent in, and Ebb says so where not', async () => {
  const [flag = '--experimental-permission'] = known('--permission');
  const mayRead = `--allow-fs-read=${join(program('leak.mjs'), '..', '*')}`;
  const run = await ebb(watch(node, flag, mayRead, '--no-warnings', program('leak.mjs'), '1', '1'));
  expect(run.code).toBe(spawnSync(node, [flag, mayRead, program('leak.mjs'), '0', '1']).status);
  expect(run.code).toBe(0);
  expect(run.stderr).toMatch(/ebb: watching process|permission model/u);
});

test('a program whose own built-ins are frozen is watched', async () => {
  const run = await ebb(watch(node, '--frozen-intrinsics', '--no-warnings', program('leak.mjs'), '1', '1'));
  expect(run.code).toBe(0);
  expect(run.stderr).toContain('ebb: watching process');
});

test('a program with options that its Node.js refuses ends as it would without Ebb', async () => {
  const run = await ebb(watch(node, '-e', '0'), { NODE_OPTIONS: '--no-such-option' });
  expect(run).toMatchObject({ code: 9, signal: null });
  expect(run.stderr).toContain('--no-such-option');
});

test('a program that ends at once keeps its exit code, and Ebb says that nothing was judged', async () => {
  const run = await ebb(watch(node, '-e', 'process.reallyExit(5)'));
  expect(run).toMatchObject({ code: 5, signal: null });
  expect(run.stderr).toContain('EBB_CLI_NO_NODE_PROCESS');
  expect(run.stderr).toContain('a program that ends at once');
});

test('a program whose file does not exist ends with the error of Node.js', async () => {
  const run = await ebb(watch(node, '/no/such/file.js'));
  expect(run.code).toBe(1);
  expect(run.stderr).toContain("Cannot find module '/no/such/file.js'");
});
