/**
 * A cgroup with a memory limit, below the one that Ebb runs in: the container as it would be, with the kernel as the judge.
 * cgroups(7); v1 where the memory controller is mounted by itself, else v2. It takes the right to make one, and for v2 a
 * group that gives the memory controller to those below it.
 */
import { mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the kernel counted. */
export interface GroupUse {
  /** The most that was used at once, page cache included; null where this kernel does not tell. */
  readonly peakBytes: number | null;
  /** How often something was asked for that was not left; the kernel then takes page cache back first. */
  readonly timesAtLimit: number;
  /** How many processes it killed for want of memory. */
  readonly kills: number;
}

/** The group, until it is removed. */
export interface MemoryGroup {
  /** Whoever writes its process id here is in it, with all that it starts. */
  readonly processesFile: string;
  use(): GroupUse;
  /** Only when nothing runs in it any more. */
  remove(): void;
}

/** Makes it; or says in a sentence why it cannot. */
export function makeMemoryGroup(limitBytes: number, root = '/sys/fs/cgroup'): MemoryGroup | string {
  const own = readText('/proc/self/cgroup') ?? '';
  const first = /^\d+:(?:[^:\n]*,)?memory(?:,[^:\n]*)?:(.*)$/m.exec(own)?.[1];
  const parent = first === undefined ? join(root, /^0::(.*)$/m.exec(own)?.[1] ?? '/') : join(root, 'memory', first);
  let folder: string;
  try {
    folder = mkdtempSync(join(parent, 'ebb-'));
  } catch (error) {
    return `no cgroup can be made here: ${(error as Error).message}`;
  }
  const file = (name: string): string => join(folder, name);
  const number = (name: string, line: RegExp = /^(\d+)$/m): number | null => {
    const found = line.exec(readText(file(name)) ?? '')?.[1];
    return found === undefined ? null : Number(found);
  };
  const remove = (): void => {
    try {
      rmdirSync(folder);
    } catch {
      // Something that the service left behind still runs in it.
    }
  };
  try {
    // In a group of files that the kernel made, nothing else can be written.
    writeFileSync(file(first === undefined ? 'memory.max' : 'memory.limit_in_bytes'), String(limitBytes), {
      flag: 'r+',
    });
  } catch (error) {
    remove();
    return `no memory limit can be set here: ${(error as Error).message}`;
  }
  return {
    processesFile: file('cgroup.procs'),
    use: () => ({
      peakBytes: number(first === undefined ? 'memory.peak' : 'memory.max_usage_in_bytes'),
      timesAtLimit: (first === undefined ? number('memory.events', /^max (\d+)$/m) : number('memory.failcnt')) ?? 0,
      kills: number(first === undefined ? 'memory.events' : 'memory.oom_control', /^oom_kill (\d+)$/m) ?? 0,
    }),
    remove,
  };
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
