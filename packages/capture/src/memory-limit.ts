/**
 * How much memory the container allows, from the cgroup file system.
 *
 * A limit binds every group below it, so the own group and all its ancestors are read, as far as
 * they are visible from inside (in a container usually only the own one is, as the root).
 * cgroup v2: `memory.max`, `memory.high`, `memory.current`, `memory.stat`. cgroup v1: `memory.limit_in_bytes`,
 * `memory.usage_in_bytes`, `memory.stat`. The page cache that can be given back at once
 * (`inactive_file`) does not count as used; the kernel reclaims it before it kills.
 */
import { statSync } from 'node:fs';
import { totalmem } from 'node:os';
import { posix } from 'node:path';
import { readText } from './read-text.ts';

/** The tightest memory limit that binds this process. */
export interface ContainerMemory {
  limitBytes: number;
  /** What the limited group uses now, without page cache that can be given back at once. */
  usedBytes: number;
}

/** A memory limit that binds this process, and where its use can be read again. */
export interface BindingLimit extends ContainerMemory {
  /** Absolute path of a file that holds the use in bytes, page cache included. */
  usageFile: string;
  /** Absolute path of the file that tells how much of that is page cache. */
  statFile: string;
  /**
   * Where the limit is reached the kernel kills all processes of the group, not one: `memory.oom.group` of the limited
   * group, or of one between it and this process.
   */
  killsGroup: boolean;
  /** Nobody is killed where this limit is reached, but all are slowed down until they stand still (`memory.high`). */
  throttles: boolean;
}

/** Reads one file as text; null when it is missing or unreadable. Passed in by tests. */
export type ReadText = (file: string) => string | null;

/**
 * The group with the least room, with its limit and use; null where there is no limit below the
 * machine's memory, or none can be read. Never throws. Costs a handful of small file reads.
 */
export function containerMemory(read: ReadText = readText, machineBytes: number = totalmem()): ContainerMemory | null {
  const [first, ...others] = bindingLimits(read, machineBytes);
  if (first === undefined) return null;
  const { limitBytes, usedBytes } = others.reduce(
    (least, other) => (roomOf(other) < roomOf(least) ? other : least),
    first,
  );
  return { limitBytes, usedBytes };
}

/**
 * The smallest memory limit that binds this process, for a chart or a forecast; null where there
 * is none. Where the cgroup cannot be read, `process.constrainedMemory()` is asked. Never throws.
 */
export function containerLimitBytes(
  read: ReadText = readText,
  machineBytes: number = totalmem(),
  constrainedBytes: number | undefined = process.constrainedMemory(),
): number | null {
  const limits = bindingLimits(read, machineBytes).flatMap(({ limitBytes, throttles }) =>
    throttles ? [] : limitBytes,
  );
  // 0 and undefined: unknown; about 1.8e19: unlimited.
  if (constrainedBytes !== undefined && constrainedBytes > 0 && constrainedBytes < machineBytes) {
    limits.push(constrainedBytes);
  }
  return limits.length === 0 ? null : Math.min(...limits);
}

/** What can still be taken: of the machine, and of the container where there is one. */
export function freeMemoryBytes(read: ReadText = readText, machineBytes: number = totalmem()): number | null {
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(read('/proc/meminfo') ?? '')?.[1];
  const machineFree = available === undefined ? null : Number(available) * 1024;
  const container = containerMemory(read, machineBytes);
  if (container === null) return machineFree;
  return Math.min(machineFree ?? Infinity, roomOf(container));
}

/**
 * Counts the processes that the kernel kills for want of memory, from now on, in the group in which a process is now; the
 * count can be asked for when the process has gone. Null where the kernel does not say.
 *
 * @param pid whose group; undefined for this process's own
 */
export function countOutOfMemoryKills(pid?: number, read: ReadText = readText): () => number | null {
  const kills = outOfMemoryKills(pid, read);
  const before = kills.count();
  return () => {
    const count = kills.count();
    return count === null || before === null ? null : Math.max(0, count - before);
  };
}

/** The kernel's count of the processes that it killed for want of memory in one group. */
export interface OutOfMemoryKills {
  /** The number of the group's folder: tells groups of one machine apart. Null where there is no count. */
  readonly group: number | null;
  /** Since the group was made; null where the kernel does not say. Reads one small file: some ten microseconds. */
  count(): number | null;
}

/** That count of the group in which a process, or this one, is now. */
export function outOfMemoryKills(pid?: number, read: ReadText = readText): OutOfMemoryKills {
  const files = groups(read(`/proc/${pid ?? 'self'}/cgroup`) ?? '').flatMap(({ directory }) =>
    ['memory.events', 'memory.oom_control'].map((file) => posix.join(directory, file)),
  );
  const killsIn = (file: string): number | null => number(/^oom_kill (\d+)$/m.exec(read(file) ?? '')?.[1] ?? null);
  const file = files.find((each) => killsIn(each) !== null);
  if (file === undefined) return { group: null, count: () => null };
  return { group: inodeOf(posix.dirname(file)), count: () => killsIn(file) };
}

function inodeOf(folder: string): number | null {
  try {
    return statSync(folder).ino;
  } catch {
    return null;
  }
}

/** Every limit that binds this process, the own group's first. Never throws. */
export function bindingLimits(read: ReadText = readText, machineBytes: number = totalmem()): BindingLimit[] {
  const limits: BindingLimit[] = [];
  let killsGroup = false;
  for (const group of groups(read('/proc/self/cgroup') ?? '')) {
    const within = (file: string): string => posix.join(group.directory, file);
    // Of the groups from the killed process up to the limited one, the kernel takes the highest that says so.
    killsGroup ||= read(within('memory.oom.group'))?.trim() === '1';
    const [most, high] = [group.limitFile, 'memory.high'].map((file) => number(read(within(file))));
    // "max" (v2) and about 9.2e18 (v1) say "unlimited"; so does anything above the machine.
    const binds = (bytes: number | null): bytes is number => bytes !== null && bytes > 0 && bytes < machineBytes;
    if (!binds(most) && !binds(high)) continue;
    const [usageFile, statFile] = [within(group.usageFile), within('memory.stat')];
    const stat = read(statFile) ?? '';
    // The total counts the groups below it too, as the limit does (v1 only; v2 always does).
    const cache = /^total_inactive_file (\d+)$/m.exec(stat) ?? /^inactive_file (\d+)$/m.exec(stat);
    const usedBytes = Math.max(0, (number(read(usageFile)) ?? 0) - Number(cache?.[1] ?? 0));
    const told = { usedBytes, usageFile, statFile };
    if (binds(most)) limits.push({ ...told, limitBytes: most, killsGroup, throttles: false });
    if (binds(high)) limits.push({ ...told, limitBytes: high, killsGroup: false, throttles: true });
  }
  return limits;
}

interface Group {
  directory: string;
  limitFile: string;
  usageFile: string;
}

function groups(cgroupText: string): Group[] {
  const all: Group[] = [];
  for (const line of cgroupText.split('\n')) {
    const [hierarchy, controllers, path] = line.split(':', 3);
    if (path === undefined || controllers === undefined) continue;
    const version2 = hierarchy === '0' && controllers === '';
    if (!version2 && !controllers.split(',').includes('memory')) continue;
    // Hybrid systems mount v2 below `unified`, without the memory controller there.
    const mount = version2 ? '/sys/fs/cgroup' : '/sys/fs/cgroup/memory';
    const limitFile = version2 ? 'memory.max' : 'memory.limit_in_bytes';
    const usageFile = version2 ? 'memory.current' : 'memory.usage_in_bytes';
    // A path can lead out of what is visible ("/../.."); joined to "/" it stays inside.
    for (let part = posix.join('/', path); ; part = posix.dirname(part)) {
      all.push({ directory: posix.join(mount, part), limitFile, usageFile });
      if (part === '/') break;
    }
  }
  return all;
}

function roomOf(memory: ContainerMemory): number {
  return Math.max(0, memory.limitBytes - memory.usedBytes);
}

function number(text: string | null): number | null {
  return text !== null && /^\d+\s*$/.test(text) ? Number(text) : null;
}
