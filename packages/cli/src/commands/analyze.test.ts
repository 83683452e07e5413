import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync, copyFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ebb, node, startEbb } from '../fixtures/run-ebb.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-cli-test-'));
const file = (name: string): string => join(folder, `${name}.heapsnapshot`);
beforeAll(() => {
  const source = `
    const { writeHeapSnapshot } = require('node:v8');
    const tickets = new Map();
    function sell() {
      for (let k = 0; k < 500; k++) tickets.set(tickets.size, { ticket: tickets.size, seats: new Array(50).fill(k + 0.5) });
    }
    function look(step) {
      writeHeapSnapshot('${folder}/' + step + '.heapsnapshot');
    }
    // As a service does: work and snapshots in turns of the event loop, not on one stack.
    for (let step = 1; step <= 3; step++) {
      setTimeout(sell, 2 * step * 20);
      setTimeout(look, (2 * step + 1) * 20, step);
    }`;
  writeFileSync(join(folder, 'tickets.cjs'), source);
  const made = spawnSync(node, [join(folder, 'tickets.cjs')]);
  expect(made.status).toBe(0);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('a leak in several snapshots is told on standard output and ends with 1', async () => {
  const run = await ebb(['analyze', file('1'), file('2'), file('3')]);
  expect(run.code).toBe(1);
  expect(run.stdout.toString()).toContain('tickets');
  expect(run.stderr).toBe('');
});

test('--json prints exactly one document of the contract', async () => {
  const run = await ebb(['analyze', '--json', file('1'), file('2'), file('3')]);
  const report = JSON.parse(run.stdout.toString()) as {
    format: string;
    verdict: string;
    findings: { holder: { name: string } }[];
  };
  expect(report).toMatchObject({ format: 'ebb.findings/1', verdict: 'leak' });
  expect(run.code).toBe(1);
});

test('a compressed snapshot is read from standard input', async () => {
  const run = startEbb(['analyze', '--json', '-']);
  run.child.stdin?.end(gzipSync(readFileSync(file('3'))));
  const { code, stdout } = await run.ended;
  expect(code).toBe(0);
  expect(JSON.parse(stdout.toString())).toMatchObject({ format: 'ebb.findings/1', snapshots: [{ file: '-' }] });
});

test('--source-maps takes a folder that holds some', async () => {
  const run = await ebb(['analyze', '--source-maps', join(folder, 'none'), file('3')]);
  expect(run.code).toBe(2);
  expect(run.stderr).toContain('EBB_HEAP_SOURCE_MAPS_UNREADABLE');
});

test('--json tells what the snapshot holds when that is asked for', async () => {
  const documents = await Promise.all(
    [[], ['--contents'], ['--html', join(folder, 'page.html')]].map(async (flags) => {
      const { stdout } = await ebb(['analyze', '--json', ...flags, file('3')]);
      return JSON.parse(stdout.toString()) as { contents?: { totals: { objects: number } } };
    }),
  );
  expect(documents.map(({ contents }) => contents !== undefined)).toEqual([false, true, false]);
  expect(documents[1]?.contents?.totals.objects).toBeGreaterThan(10_000);
});

test('the text of one snapshot tells what it holds, and that of several when it is asked for', async () => {
  const told = async (...args: string[]): Promise<boolean> => {
    return (await ebb(['analyze', ...args])).stdout.includes('\nCONTENTS  ');
  };
  expect(await told(file('3'))).toBe(true);
  expect(await told('--no-contents', file('3'))).toBe(false);
  expect(await told(file('1'), file('2'))).toBe(false);
  expect(await told('--contents', file('1'), file('2'))).toBe(true);
});

test('--html writes the findings, a map and tables', async () => {
  const page = join(folder, 'report.html');
  const run = await ebb(['analyze', '--html', page, file('1'), file('2'), file('3')]);
  const text = readFileSync(page, 'utf8');
  expect(run.code).toBe(1);
  expect(run.stdout.toString()).toContain('LEAK   tickets (Map)');
  const parts = [/<h2[^>]*>tickets \(Map\) in/u, /id="treemap-data">\s*\{"label"/u, /<caption>\s*Classes\s*</u];
  expect(parts.map((part) => part.test(text))).toEqual([true, true, true]);
});

test('one snapshot says what dominates, and proves no leak', async () => {
  const run = await ebb(['analyze', '--json', file('3')]);
  expect(JSON.parse(run.stdout.toString())).not.toMatchObject({ verdict: 'leak' });
  expect(run.code).toBe(0);
});

test('a file that is missing, cut off, or no snapshot is a clear error, and nothing is printed on standard output', async () => {
  copyFileSync(file('1'), file('cut'));
  truncateSync(file('cut'), 100_000);
  writeFileSync(file('text'), 'hello');
  for (const name of ['none', 'cut', 'text']) {
    const run = await ebb(['analyze', '--json', file(name)]);
    expect(run.code).toBe(2);
    expect(run.stdout.toString()).toBe('');
    expect(run.stderr).toMatch(/^ebb: .*EBB_HEAP_/su);
  }
});
