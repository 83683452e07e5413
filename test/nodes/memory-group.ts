/** Groups with a limit of memory that the kernel holds; they take root, and a cgroup file system that can be written. */
import { existsSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const version1 = '/sys/fs/cgroup/memory';
const parent = [version1, '/sys/fs/cgroup'].find((one) => existsSync(join(one, 'cgroup.procs')));
const isVersion1 = parent === version1;

export interface MemoryGroup {
  /** Who writes a process's number here puts it into the group. */
  processesFile: string;
  /** How many processes the kernel has killed in it for want of memory. */
  kills(): number;
  /** Once nothing runs in it any more. */
  remove(): void;
}

/** A group of its own with a limit; null where none can be made. */
export function makeGroup(bytes: number): MemoryGroup | null {
  if (parent === undefined || process.getuid?.() !== 0) return null;
  let folder: string;
  try {
    folder = mkdtempSync(join(parent, 'ebb-test-'));
  } catch {
    return null;
  }
  const remove = (): void => {
    try {
      rmdirSync(folder);
    } catch {
      // A test that failed may have left its program in it.
    }
  };
  try {
    writeFileSync(join(folder, isVersion1 ? 'memory.limit_in_bytes' : 'memory.max'), String(bytes));
  } catch {
    remove();
    return null;
  }
  const events = join(folder, isVersion1 ? 'memory.oom_control' : 'memory.events');
  return {
    processesFile: join(folder, 'cgroup.procs'),
    kills: () => Number(/^oom_kill (\d+)$/mu.exec(readFileSync(events, 'utf8'))?.[1]),
    remove,
  };
}

/** Does something with a group of its own, which is gone afterwards. */
export async function inGroup(bytes: number, body: (group: MemoryGroup) => Promise<void>): Promise<void> {
  const group = makeGroup(bytes);
  if (group === null) throw new Error('no group can be made');
  try {
    await body(group);
  } finally {
    group.remove();
  }
}

/** Whether groups can be made here. */
export function canMakeGroups(): boolean {
  const group = makeGroup(2 ** 27);
  group?.remove();
  return group !== null;
}
