// Every Node runs out of memory, really, and `ebb logs` says so from what it has printed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { availableNodes } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-logs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const bin = new URL('../../packages/cli/bin/ebb.js', import.meta.url).pathname;

interface Told {
  time: string | null;
  kind: string;
  origin: { pid?: number };
  figures: Record<string, number>;
}

describe.each(availableNodes())('on Node $major', ({ path: node }) => {
  const run = (flags: string[], program: string): { events: Told[]; pid: number } => {
    const ended = spawnSync(node, [...flags, '-e', program], { encoding: 'utf8', cwd: folder });
    const file = join(folder, 'app.log');
    writeFileSync(file, `2026-11-20T10:00:00.000Z listening\n${ended.stderr}`);
    const told = spawnSync(node, [bin, 'logs', '--json', file], { encoding: 'utf8' });
    expect(told.stderr).toBe('');
    return { events: (JSON.parse(told.stdout) as { events: Told[] }).events, pid: ended.pid };
  };

  test('a heap that reaches its limit is told with the process and its size', () => {
    const { events, pid } = run(['--max-old-space-size=30'], 'const a = []; for (;;) a.push({ x: 1, y: [2] });');
    expect(events).toMatchObject([{ time: '2026-11-20T10:00:00.000Z', kind: 'v8-heap-limit', origin: { pid } }]);
    expect(events[0].figures['heapUsedBytes']).toBeGreaterThan(15e6);
    expect(events[0].figures['heapUsedBytes']).toBeLessThan(120e6);
  });

  test('a worker at its limit, a buffer that is too large and too many listeners are told, each once', () => {
    const { events, pid } = run(
      [],
      `try { new ArrayBuffer(2 ** 45); } catch (error) { console.error(error); }
      const emitter = new (require('node:events'))(); for (let i = 0; i < 12; i++) emitter.on('data', () => {});
      const { Worker } = require('node:worker_threads');
      new Worker('const a = []; for (;;) a.push({ x: 1 })', { eval: true, resourceLimits: { maxOldGenerationSizeMb: 10 } })
        .on('error', (error) => console.error(error));`,
    );
    expect(events.map(({ kind }) => kind).sort()).toEqual([
      'array-buffer-failed',
      'listeners-exceeded',
      'worker-heap-limit',
    ]);
    expect(events.find(({ kind }) => kind === 'listeners-exceeded')).toMatchObject({
      origin: { pid },
      figures: { listeners: 11 },
    });
  });
});
