// Processes die on every Node, and what they recorded is read afterwards.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRecord, tellEnd, type ProcessRecord } from '@ebb/agent';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { availableNodes } from './index.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ebb-record-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe.each(availableNodes())('on Node $major, a process', ({ path: node }) => {
  const source = (then: string): string => `
    const { openRecorder } = await import(${JSON.stringify(new URL('../../packages/agent/dist/index.js', import.meta.url).href)});
    const recorder = openRecorder({ directory: ${JSON.stringify(directory)} });
    const kept = []; let n = 0;
    const tick = () => { const { heapUsed, rss } = process.memoryUsage();
      recorder.add({ timeMs: Date.now(), heapUsedBytes: heapUsed, rssBytes: rss, heapLimitBytes: 40 * 2 ** 20 }); };
    tick(); ${then}`;
  const run = async (
    flags: string[],
    then: string,
    signal?: NodeJS.Signals,
  ): Promise<{ record: ProcessRecord; exitCode: number | null; signal: string | null }> => {
    const child = spawn(node, [...flags, '--input-type=module', '-e', source(then)], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    child.stdout.once('data', () => signal !== undefined && child.kill(signal));
    const [exitCode, ended] = await new Promise<[number | null, string | null]>((resolve) =>
      child.once('exit', (...how) => resolve(how)),
    );
    const record = readRecord(join(directory, readdirSync(directory)[0]));
    if (record === null) throw new Error('There is no record.');
    return { record, exitCode, signal: ended };
  };

  test('that was ended by SIGKILL has left what it recorded', async () => {
    const { record, ...end } = await run(
      [],
      "recorder.note({ kind: 'request', text: 'POST /login' }); console.log('go'); setInterval(tick, 5);",
      'SIGKILL',
    );
    expect(record.notes).toMatchObject([{ kind: 'request', text: 'POST /login' }]);
    expect(record).toMatchObject({ endedInOrder: false, tornSlots: 0 });
    expect(tellEnd(record, { ...end, outOfMemoryKill: false })).toMatchObject({ cause: 'killed', sure: true });
  });

  test('that ended because its heap was full has left how full it was', async () => {
    const { record, ...end } = await run(
      ['--max-old-space-size=40'],
      'for (;;) { for (let i = 0; i < 5000; i++) kept.push({ i, s: [i] }); tick(); }',
    );
    const told = tellEnd(record, end);
    expect(told.cause).toBe('heap-limit');
    expect(told.heapShare).toBeGreaterThan(0.8);
  });
});
