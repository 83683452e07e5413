import { spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { targetFreeMemoryBytes } from './target-memory.ts';

/** Where groups can be made with a limit: as root, on cgroup v1 or v2. Null elsewhere. */
function findHierarchy(): { folder: string; limitFile: string } | null {
  const [version1, version2] = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup'];
  for (const [folder, limitFile] of [
    [version1, 'memory.limit_in_bytes'],
    [version2, 'memory.max'],
  ] as const) {
    const probe = join(folder, `ebb-probe-${process.pid}`);
    try {
      mkdirSync(probe);
      try {
        accessSync(join(probe, limitFile), constants.W_OK);
        return { folder, limitFile };
      } finally {
        rmdirSync(probe);
      }
    } catch {
      // The next one.
    }
  }
  return null;
}

const hierarchy = findHierarchy();

it.skipIf(hierarchy === null)('a group whose name is not ASCII binds the process like any other', async () => {
  const { folder, limitFile } = hierarchy ?? { folder: '', limitFile: '' };
  const group = join(folder, `ebb-größe-${process.pid}`);
  mkdirSync(group);
  const child = spawn('sleep', ['60']);
  const gone = new Promise((resolve) => child.once('exit', resolve));
  try {
    writeFileSync(join(group, limitFile), '100000000');
    writeFileSync(join(group, 'cgroup.procs'), String(child.pid));
    const freeBytes = targetFreeMemoryBytes(child.pid ?? 0);
    expect(freeBytes).toBeLessThanOrEqual(100e6);
    expect(freeBytes).toBeGreaterThan(50e6);
  } finally {
    child.kill('SIGKILL');
    await gone;
    rmdirSync(group);
  }
});
