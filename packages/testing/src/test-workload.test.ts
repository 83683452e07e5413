import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { testWorkload, type TestOptions } from './test-workload.ts';
import type { TestProgress } from './trial/rig.ts';
import type { TestReport } from './report/test-report.ts';

const cwd = join(import.meta.dirname, 'fixtures');
const temporary = mkdtempSync(join(tmpdir(), 'ebb-testing-suite-'));
let printed: Buffer[] = [];
beforeEach(() => {
  printed = [];
  vi.stubEnv('TMPDIR', temporary);
});
afterAll(() => {
  rmSync(temporary, { recursive: true });
});

const run = (file: string, options: TestOptions = {}): Promise<TestReport> =>
  testWorkload(file, { cwd, onOutput: (chunk) => printed.push(Buffer.from(chunk)), ...options });
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
/** An ended process without a parent that waits for it may linger as a zombie for a moment. */
const goneSoon = (pid: number): Promise<void> => vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 5000 });

describe('a verdict', () => {
  test('a Map that keeps every entry is a leak, after a fourth snapshot, with its size and its name', async () => {
    const steps: TestProgress['phase'][] = [];
    const report = await run('leaky-map.mjs', { onProgress: ({ phase }) => steps.push(phase) });
    expect(report).toMatchObject({
      format: 'ebb.test/1',
      file: 'leaky-map.mjs',
      verdict: 'leak',
      snapshots: 4,
      warnings: [],
    });
    // 24 doubles, the array's and the object's headers, the key and the Map's own entry: about 360 bytes.
    expect(report.bytesPerIteration).toBeGreaterThan(250);
    expect(report.bytesPerIteration).toBeLessThan(500);
    expect(report.interval[0]).toBeLessThanOrEqual(report.bytesPerIteration);
    expect(report.interval[1]).toBeGreaterThanOrEqual(report.bytesPerIteration);
    expect(report.findings[0]).toMatchObject({ verdict: 'leak', holder: { name: 'tickets' } });
    expect(steps).toContain('measure longer');
    expect(readdirSync(temporary)).toEqual([]);
  });

  test('what a pause of the work would let go of is a leak: snapshots are written while it goes on', async () => {
    const report = await run('idle-loses.mjs');
    expect(report).toMatchObject({ verdict: 'leak', snapshots: 4 });
    expect(report.findings[0]).toMatchObject({ verdict: 'leak', holder: { name: 'waiting' } });
    expect(report.bytesPerIteration).toBeGreaterThan(250);
  });

  test('work that keeps nothing is clean, after three snapshots', async () => {
    const report = await run('healthy.mjs');
    expect(report).toMatchObject({ verdict: 'clean', snapshots: 3 });
    expect(Math.abs(report.bytesPerIteration)).toBeLessThan(30);
  });

  test('a ring of fixed slots that fills late is no leak', async () => {
    const report = await run('bounded-ring.mjs');
    expect(['bounded', 'clean']).toContain(report.verdict);
  });

  test('a workload that prints bytes, leaves a child behind and never ends its teardown is measured all the same', async () => {
    const report = await run('binary.mjs');
    expect(report.verdict).toBe('clean');
    expect(report.warnings).toEqual(["teardown() of 'binary.mjs' did not end within 3 s"]);
    const output = Buffer.concat(printed);
    expect(output.subarray(0, 4)).toEqual(Buffer.from([0, 255, 254, 10]));
    await goneSoon(Number(/child (\d+)/u.exec(output.toString('latin1'))?.[1]));
  });
});

describe('a workload that cannot be used', () => {
  test.each([
    ['none.mjs', 'EBB_TEST_FILE_NOT_FOUND', /'none.mjs' does not exist/u],
    ['.', 'EBB_TEST_FILE_NOT_FOUND', /'\.' is no file/u],
    ['no-iterate.mjs', 'EBB_TEST_NO_ITERATE', /it exports 'default', 'run'/u],
    [
      'throws.mjs',
      'EBB_TEST_ITERATE_FAILED',
      /^iterate\(137\) of 'throws.mjs' threw RangeError: the order 137 is unknown\n +at .*throws\.mjs:2:24\)$/u,
    ],
    ['exits.mjs', 'EBB_TEST_EXITED', /exit code 5 in iterate\(90\)/u],
    ['crashes.mjs', 'EBB_TEST_KILLED', /ended by SIGSEGV/u],
  ])('%s is refused with %s', async (file, code, message) => {
    await expect(run(file)).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(readdirSync(temporary)).toEqual([]);
  });

  test('text that is no JavaScript is refused with the place of the error', async () => {
    const file = join(temporary, 'text.mjs');
    writeFileSync(file, 'hello\u0000 there');
    await expect(run(file)).rejects.toMatchObject({
      code: 'EBB_TEST_IMPORT_FAILED',
      message: expect.stringContaining('SyntaxError') as string,
    });
    rmSync(file);
  });

  test.each([
    ['import', 'EBB_TEST_IMPORT_FAILED', 'the import of'],
    ['setup', 'EBB_TEST_SETUP_FAILED', 'setup() of'],
    ['event', 'EBB_TEST_UNCAUGHT', 'died'],
    ['teardown', 'EBB_TEST_TEARDOWN_FAILED', 'teardown() of'],
  ])('an error in %s is told as %s, with its stack', async (where, code, place) => {
    vi.stubEnv('FAIL_AT', where);
    const failure = await run('throws-at.mjs').catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, exitCode: 2 });
    expect((failure as Error).message).toContain(place);
    expect((failure as Error).message).toMatch(/Error: broken .*\n +at .*throws-at\.mjs:4/u);
    expect((failure as Error).message).not.toMatch(/runner|node:internal/u);
  });

  test.each([
    ['wait', 'EBB_TEST_STALLED', "iterate(70) of 'hangs.mjs' did not end within 3 s"],
    ['spin', 'EBB_TEST_STALLED', "'hangs.mjs' has kept the event loop busy for 3 s, in iterate(0) or soon after it"],
    ['dry', 'EBB_TEST_NEVER_SETTLES', "iterate(70) of 'hangs.mjs' never came to an end"],
  ])('an iteration that hangs (%s) is ended and named', async (how, code, message) => {
    vi.stubEnv('HANG', how);
    await expect(run('hangs.mjs', { stallLimitMs: 3000 })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });

  test('a workload that uses up the heap is told apart from a crash', async () => {
    vi.stubEnv('NODE_OPTIONS', '--max-old-space-size=60');
    await expect(run('swallows-memory.mjs')).rejects.toMatchObject({ code: 'EBB_TEST_OUT_OF_MEMORY', exitCode: 3 });
  });
});

test('a test that takes too long is ended, and one that is called off ends at once', async () => {
  await expect(run('healthy.mjs', { timeLimitMs: 600 })).rejects.toMatchObject({ code: 'EBB_TEST_TIME_LIMIT' });
  const off = new AbortController();
  const onProgress = ({ phase }: TestProgress): void => {
    if (phase === 'measure') off.abort();
  };
  await expect(run('healthy.mjs', { signal: off.signal, onProgress })).rejects.toMatchObject({
    code: 'EBB_TEST_ABORTED',
  });
  await expect(run('healthy.mjs', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'EBB_TEST_ABORTED' });
  expect(readdirSync(temporary)).toEqual([]);
});

test('snapshots of a test that was killed go with the next one', async () => {
  const abandoned = join(temporary, 'ebb-test-999999999-abc');
  mkdtempSync(abandoned);
  const left = readdirSync(temporary).filter((name) => name.startsWith('ebb-test-'));
  expect(left).toHaveLength(1);
  await expect(run('no-iterate.mjs')).rejects.toMatchObject({ code: 'EBB_TEST_NO_ITERATE' });
  expect(existsSync(join(temporary, left[0]))).toBe(false);
});

test('a CommonJS module is a workload too', async () => {
  await expect(run('commonjs.cjs')).resolves.toMatchObject({ verdict: 'clean' });
});
