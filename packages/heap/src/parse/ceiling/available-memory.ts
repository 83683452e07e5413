import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { join } from 'node:path';

/** How much memory can still be had, and what sets that bound. */
export interface AvailableMemory {
  bytes: number;
  of: 'this machine' | 'this container';
}

/**
 * What this process can still take before the kernel kills something: what the machine has left with its swap, or the
 * nearest limit of the control groups around it (v1 and v2), whichever is less. File cache counts as free: the kernel
 * gives it up. Elsewhere than on Linux, what the system calls free; on macOS all there is, since that calls nothing
 * free that it keeps for reuse. `root` is where `/proc` and `/sys` are looked for.
 */
export function availableMemory(root: string = '/', platform: NodeJS.Platform = process.platform): AvailableMemory {
  if (platform !== 'linux') return { bytes: platform === 'darwin' ? totalmem() : freemem(), of: 'this machine' };
  const read = (path: string): string | undefined => {
    try {
      return readFileSync(join(root, path), 'utf8');
    } catch {
      return undefined;
    }
  };
  const info = read('/proc/meminfo') ?? '';
  const kilobytes = (name: string): number | undefined => {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(info);
    return found ? Number(found[1]) * 1024 : undefined;
  };
  const free = kilobytes('MemAvailable');
  const ofMachine = free === undefined ? freemem() : free + (kilobytes('SwapFree') ?? 0);
  const ofContainer = Math.min(Infinity, ...groupRooms(read));
  return ofContainer < ofMachine
    ? { bytes: Math.max(0, ofContainer), of: 'this container' }
    : { bytes: ofMachine, of: 'this machine' };
}

type Read = (path: string) => string | undefined;

/** What is left in each control group that this process is in, from its own up to the root. */
function* groupRooms(read: Read): Generator<number> {
  for (const line of (read('/proc/self/cgroup') ?? '').split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    const isV2 = controllers === '';
    if (!isV2 && !controllers.split(',').includes('memory')) continue;
    const mount = isV2 ? '/sys/fs/cgroup' : '/sys/fs/cgroup/memory';
    const parts = path.split('/').filter(Boolean);
    for (let depth = parts.length; depth >= 0; depth--) {
      const room = roomOf(read, join(mount, ...parts.slice(0, depth)), isV2);
      if (room !== undefined) yield room;
    }
  }
}

/** More than any machine has: how v1 writes that there is no limit. */
const NO_LIMIT = 2 ** 60;

function roomOf(read: Read, group: string, isV2: boolean): number | undefined {
  const number = (name: string): number => Number.parseInt(read(join(group, name)) ?? '', 10);
  const limit = number(isV2 ? 'memory.max' : 'memory.limit_in_bytes');
  const used = number(isV2 ? 'memory.current' : 'memory.usage_in_bytes');
  if (!(limit < NO_LIMIT) || Number.isNaN(used)) return undefined;
  const cache = /^(?:total_)?inactive_file (\d+)/m.exec(read(join(group, 'memory.stat')) ?? '');
  return limit - used + Number(cache?.[1] ?? 0);
}
