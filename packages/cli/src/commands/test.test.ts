import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ebb, startEbb } from '../fixtures/run-ebb.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-cli-test-'));
const file = (name: string): string => join(folder, `${name}.mjs`);
beforeAll(() => {
  writeFileSync(
    file('leaky'),
    `const tickets = new Map();
    export function iterate(i) {
      tickets.set(i, { ticket: i, seats: new Array(50).fill(i + 0.5) });
    }`,
  );
  writeFileSync(file('healthy'), "console.log('ready');\nexport const iterate = (i) => [i, i + 1].join();\n");
  writeFileSync(file('failing'), "export const iterate = () => { throw new Error('no seats'); };\n");
  writeFileSync(
    file('waiting'),
    "console.log('waits', process.pid);\nawait new Promise((go) => setTimeout(go, 600_000));\n",
  );
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('a leak is told with its size and its holder, and ends with 1', async () => {
  const run = await ebb(['test', file('leaky')]);
  expect(run.stdout.toString()).toMatch(/^LEAK {5}.*leaky\.mjs: leaks \d+ B an iteration \(\d+ B to \d+ B, 95 %\)/u);
  expect(run.stdout.toString()).toContain('tickets');
  expect(run.stderr).toBe('');
  expect(run.code).toBe(1);
});

test('what a workload prints goes to standard error, so that --json prints one document', async () => {
  const run = await ebb(['test', '--json', file('healthy')]);
  expect(JSON.parse(run.stdout.toString())).toMatchObject({ format: 'ebb.test/1', verdict: 'clean', findings: [] });
  expect(run.stderr).toBe('ready\n');
  expect(run.code).toBe(0);
});

test('several workloads come in one document with the worst verdict on top; one that fails does not hide the others', async () => {
  const run = await ebb(['test', '--json', file('healthy'), file('failing'), file('leaky')]);
  expect(JSON.parse(run.stdout.toString())).toMatchObject({
    format: 'ebb.test/1',
    verdict: 'leak',
    tests: [
      { file: file('healthy'), verdict: 'clean' },
      { file: file('leaky'), verdict: 'leak' },
    ],
    failures: [{ file: file('failing'), code: 'EBB_TEST_ITERATE_FAILED' }],
  });
  expect(run.stderr).toMatch(/ebb: iterate\(0\) of .* threw Error: no seats\n +at .*failing\.mjs/u);
  expect(run.code).toBe(2);
});

test('a workload that cannot be used is a clear error, and nothing is printed on standard output', async () => {
  for (const name of ['failing', 'missing']) {
    const run = await ebb(['test', '--json', file(name)]);
    expect(run.code).toBe(2);
    expect(run.stdout.toString()).toBe('');
    expect(run.stderr).toMatch(/^ebb: .*EBB_TEST_/su);
  }
});

test('a workload that hangs ends with 3, and a limit that makes no sense with 2', async () => {
  const hanging = await ebb(['test', '--stall-limit', '1', file('waiting')]);
  expect(hanging.stderr).toContain('EBB_TEST_STALLED');
  expect(hanging.code).toBe(3);
  const wrong = await ebb(['test', '--time-limit', 'soon', file('healthy')]);
  expect(wrong.stderr).toContain('EBB_CLI_BAD_VALUE');
  expect(wrong.code).toBe(2);
});

test('a test that is interrupted ends the process of its workload', async () => {
  const run = startEbb(['test', file('waiting')]);
  const [, pid] = await run.says(/waits (\d+)/u, 'stderr');
  run.child.kill('SIGINT');
  const { code, stderr } = await run.ended;
  expect(stderr).toContain('EBB_TEST_ABORTED');
  expect(code).toBe(3);
  expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
});
