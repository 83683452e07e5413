import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeMemoryGroup } from './memory-group.ts';

const limitBytes = 96 * 2 ** 20;
const probe = makeMemoryGroup(limitBytes);
if (typeof probe !== 'string') probe.remove();

/** Runs a program in the group. */
function run(processesFile: string, text: string): string | number | null {
  const join = 'echo $$ > "$0" && exec "$@"';
  const { status, signal } = spawnSync('/bin/sh', ['-c', join, processesFile, process.execPath, '-e', text]);
  return signal ?? status;
}

test.skipIf(typeof probe === 'string')(
  'the kernel holds a limit, counts what was used, and kills what goes over it',
  () => {
    const group = makeMemoryGroup(limitBytes);
    if (typeof group === 'string') throw new Error(group);
    try {
      expect(run(group.processesFile, 'Buffer.alloc(8e6, 1)')).toBe(0);
      expect(group.use().kills).toBe(0);
      expect(group.use().peakBytes).toBeGreaterThan(8e6);
      expect(group.use().peakBytes).toBeLessThanOrEqual(limitBytes);
      const keep = 'const kept = []; for (;;) kept.push(Buffer.alloc(8e6, 1))';
      expect(run(group.processesFile, keep)).toBe('SIGKILL');
      expect(group.use().kills).toBe(1);
      expect(group.use().timesAtLimit).toBeGreaterThan(0);
    } finally {
      group.remove();
    }
  },
);

test('where none can be made, or has no memory controller, that is said, and nothing is left', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ebb-group-'));
  try {
    expect(makeMemoryGroup(limitBytes, join(folder, 'none'))).toMatch(/^no cgroup can be made here: ENOENT/);
    // A folder that the kernel fills with no files. (The own group's path is looked for below it.)
    const made = makeMemoryGroup(limitBytes, folder);
    expect(made).toMatch(/^no (cgroup can be made|memory limit can be set) here: ENOENT/);
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
