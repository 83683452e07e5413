import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ebb, node, program, start, startEbb, bin } from '../fixtures/run-ebb.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ebb-cli-test-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});
const report = (): Record<string, unknown> =>
  JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as Record<string, unknown>;
const watch = (options: string[], ...command: string[]): string[] => [
  'watch',
  '--no-live',
  ...options,
  '--',
  ...command,
];
const reporting = (): string[] => ['--report', join(folder, 'report.json')];

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('a watched program', () => {
  test('keeps its output and its exit code', async () => {
    const run = await ebb(watch(reporting(), node, program('talk.cjs'), 'exit', '7'));
    expect(run).toMatchObject({ code: 7, signal: null });
    expect(run.stdout.toString()).toBe('to stdout\n');
    expect(run.stderr).toContain('to stderr\n');
    expect(report()).toMatchObject({ format: 'ebb.watch/1', program: { exitCode: 7, signal: null } });
  });

  test('prints binary as it is', async () => {
    const run = await ebb(watch([], node, program('talk.cjs'), 'binary'));
    expect(run.stdout).toEqual(Buffer.from(Array.from({ length: 1024 }, (_, k) => k % 256)));
  });

  test('that is killed by a signal ends Ebb by the same signal', async () => {
    const run = await ebb(watch(reporting(), node, program('talk.cjs'), 'signal', 'SIGKILL'));
    expect(run).toMatchObject({ code: null, signal: 'SIGKILL' });
    expect(report()).toMatchObject({ program: { exitCode: null, signal: 'SIGKILL' } });
  });

  test('that aborts ends Ebb with 128 and the signal, without a second core file', async () => {
    expect(await ebb(watch([], node, program('talk.cjs'), 'signal', 'SIGABRT'))).toMatchObject({
      code: 134,
      signal: null,
    });
  });

  test('keeps its own NODE_OPTIONS', async () => {
    const own = `--max-old-space-size=123 --require ${program('own-preload.cjs')}`;
    const run = await ebb(watch(reporting(), node, program('talk.cjs'), 'limits'), { NODE_OPTIONS: own });
    const told = JSON.parse(run.stdout.toString()) as { limit: number; own: string };
    expect(told.own).toBe('here');
    expect(told.limit / 2 ** 20).toBeGreaterThan(122);
    expect(told.limit / 2 ** 20).toBeLessThan(500);
  });

  test('may be under the permission model: it runs as without Ebb, watched or not', async () => {
    const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
    const run = await ebb(watch([], node, flag, '--allow-fs-read=*', program('talk.cjs'), 'exit', '3'));
    expect(run.code).toBe(3);
    expect(run.stdout.toString()).toBe('to stdout\n');
  });

  test('that is no Node.js program runs, and Ebb says that it judged nothing', async () => {
    const run = await ebb(watch(reporting(), 'echo', 'hello'));
    expect(run.code).toBe(0);
    expect(run.stdout.toString()).toBe('hello\n');
    expect(run.stderr).toContain('no Node.js process connected');
    expect(run.stderr).toContain('EBB_CLI_NO_NODE_PROCESS');
    expect(report()).toMatchObject({ verdict: 'clean', detectedAfterMs: null, captures: [], findings: [] });
  });

  test('may have several processes and threads, each of which is judged by itself', async () => {
    const run = await ebb(watch([...reporting(), '--interval', '100'], node, program('family.cjs')));
    expect(run.code).toBe(0);
    const { processes } = report() as { processes: { pid: number; threadId: number }[] };
    expect(new Set(processes.map(({ pid }) => pid)).size).toBe(2);
    expect(processes.some(({ threadId }) => threadId > 0)).toBe(true);
  });

  test('that runs out of memory is told so, in plain words', async () => {
    const run = await ebb(
      watch(['--interval', '50'], node, '--max-old-space-size=40', program('leak.mjs'), '60', '10'),
    );
    expect(run.code).toBe(134);
    expect(run.stderr).toMatch(/OUT OF MEMORY +process \d+ .*ran out of memory: \d+ %\s+of\s+the\s+heap's\s+limit/u);
  });

  test('that does not exist is a clear error', async () => {
    const run = await ebb(watch([], 'no-such-program-here'));
    expect(run).toMatchObject({ code: 2, signal: null });
    expect(run.stderr).toBe(
      "ebb: the program 'no-such-program-here' was not found (EBB_CLI_COMMAND_NOT_FOUND)\n     check its spelling, or give its path\n",
    );
  });

  test('that may not be executed is a clear error', async () => {
    const file = join(folder, 'script.js');
    writeFileSync(file, '', { mode: 0o644 });
    const run = await ebb(watch([], file));
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('EBB_CLI_COMMAND_NOT_EXECUTABLE');
  });
});

describe('a signal to Ebb', () => {
  test.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)(
    '%s is passed on once; the program ends as it likes, then the report is written',
    async (signal) => {
      const run = startEbb(watch([...reporting(), '--interval', '100'], node, program('service.mjs')));
      await run.says(/ready/u);
      await run.says(/watching process/u, 'stderr');
      run.child.kill(signal);
      const ended = await run.ended;
      expect(ended).toMatchObject({ code: 7, signal: null });
      expect(ended.stdout.toString()).toContain(`got ${signal}\n`);
      expect(ended.stderr).toContain('ended with exit code 7');
      expect(report()).toMatchObject({ program: { exitCode: 7 } });
    },
  );

  test('that comes three times ends a program that ignores signals', async () => {
    const run = startEbb(watch(reporting(), node, program('service.mjs'), 'stubborn'));
    const pid = Number((await run.says(/ready (\d+)/u))[1]);
    run.child.kill('SIGINT');
    await run.says(/ignores SIGINT/u);
    run.child.kill('SIGINT');
    await run.says(/ignores SIGTERM/u);
    run.child.kill('SIGINT');
    expect(await run.ended).toMatchObject({ code: null, signal: 'SIGKILL' });
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(report()).toMatchObject({ program: { signal: 'SIGKILL' } });
  });

  test('also ends the processes behind a shell that does not pass it on', async () => {
    const run = startEbb(watch(['--interval', '100'], 'sh', '-c', `'${node}' '${program('service.mjs')}'; true`));
    const pid = Number((await run.says(/ready (\d+)/u))[1]);
    await run.says(/watching process/u, 'stderr');
    run.child.kill('SIGTERM');
    expect(await run.ended).toMatchObject({ code: null, signal: 'SIGTERM' });
    // Its exit is under way: nobody of ours is its parent, so that only its end can be watched for.
    await expect.poll(() => isAlive(pid), { timeout: 3000 }).toBe(false);
  });

  test('leaves no temporary file behind', async () => {
    const run = startEbb(watch([], node, program('service.mjs')), { TMPDIR: folder });
    await run.says(/ready/u);
    run.child.kill('SIGTERM');
    await run.ended;
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('at a terminal', () => {
  /**
   * Runs Ebb at a pseudo-terminal, by `script` of util-linux. The shell in it says how Ebb ended: the exit code of
   * `script` itself is now and then another's (its waitpid() takes "still running" for an end).
   */
  const atTerminal = (args: string[]): ReturnType<typeof start> => {
    const command = [node, bin, ...args].map((arg) => `'${arg}'`).join(' ');
    const line = `stty rows 30 cols 90; trap : INT; ${command}; echo "shell saw $?"`;
    const run = start('script', ['-qfc', line, '/dev/null'], {
      TERM: 'xterm-256color',
      CI: undefined,
    });
    return run;
  };

  test('the program has its terminal, and Ebb gives back the rows that it took', async () => {
    const run = await atTerminal(['watch', '--', node, program('talk.cjs'), 'tty']).ended;
    const screen = run.stdout.toString();
    expect(screen).toContain('tty true,true,true');
    expect(screen).toContain('\u001b[1;21r'); // rows above the panel
    const released = screen.lastIndexOf('\u001b[r');
    expect(released).toBeGreaterThan(screen.lastIndexOf('\u001b[1;21r'));
    expect(screen).toContain('shell saw 0');
  });

  test('Ctrl-C reaches the program once, and ends with a summary', async () => {
    const run = atTerminal(['watch', '--interval', '100', '--', node, program('service.mjs')]);
    await run.says(/ready/u);
    await run.says(/RSS/u);
    run.child.stdin?.write('\u0003');
    const ended = await run.ended;
    const screen = ended.stdout.toString();
    expect(screen).toMatch(/got SIGINT\r?\n/u);
    expect(screen).toContain('ended with exit code 7');
    expect(screen).toContain('shell saw 7');
  });

  test('plain lines are printed where they are asked for', async () => {
    const run = await atTerminal(['watch', '--no-live', '--', node, program('talk.cjs'), 'tty']).ended;
    expect(run.stdout.toString()).not.toContain('\u001b[1;21r');
  });
});

describe('places that cannot be used', () => {
  test('a report in a folder that does not exist is refused before the program starts', async () => {
    const run = await ebb(
      watch(['--report', join(folder, 'no', 'report.json')], node, program('talk.cjs'), 'exit', '0'),
    );
    expect(run.code).toBe(2);
    expect(run.stdout.toString()).toBe('');
    expect(run.stderr).toContain('EBB_CLI_REPORT_PLACE');
  });

  test('a report that can no longer be written at the end fails the watch, not the program', async () => {
    const place = join(folder, 'gone');
    mkdirSync(place);
    const remove = `require('fs').rmSync(${JSON.stringify(place)}, { recursive: true })`;
    const run = await ebb(watch(['--report', join(place, 'report.json')], node, '-e', remove));
    expect(run.code).toBe(3);
    expect(run.stderr).toContain('EBB_CLI_REPORT_NOT_WRITTEN');
  });

  test('a folder for snapshots that is a file is refused', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const run = await ebb(watch(['--keep-snapshots', file], node, program('talk.cjs'), 'exit', '0'));
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('EBB_CLI_SNAPSHOT_DIRECTORY');
  });
});
