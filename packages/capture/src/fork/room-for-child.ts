/**
 * Whether there is room for a child that writes a snapshot, and where it has to be ended.
 *
 * Two questions, two answers. Before the fork: is there clearly too little? What a child needs hangs on the number of
 * objects, which nobody knows before; the heap without its large objects (big arrays and strings are few) is what
 * comes nearest (measured: bench/capture/results). While it runs: the watching thread ends it before any limit is near,
 * so that a wrong guess costs a capture and not the program.
 */
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { dirname } from 'node:path';
import { getHeapSpaceStatistics } from 'node:v8';
import { diskFreeBytes, megabytes, requireDisk } from '../disk-room.ts';
import { CaptureError } from '../error.ts';
import { bindingLimits, type BindingLimit } from '../memory-limit.ts';
import type { Room } from '../room.ts';
import type { WatchOptions } from './addon.ts';

/** What there is, and what a child starts from; null is unknown. */
export interface ChildRoom {
  /** The heap in use, and how much of that are not large objects. */
  heapUsedBytes: number;
  smallObjectsBytes: number;
  limits: readonly BindingLimit[];
  machineBytes: number;
  machineAvailableBytes: number | null;
  diskFreeBytes: number | null;
}

/** What a child is measured to take of its own for each byte of small objects: half of the measured heaps took less. */
const memoryPerHeapByte = { node20: 9, later: 7 };
/** A child costs this much however small the heap is. */
const leastMemoryBytes = 32e6;
const leastDiskBytes = 64e6;
/** What stays free of a limit, or of the machine: so much, or this share of it. */
const leastReserveBytes = 32e6;
const reserveShare = 0.05;

/** Measures the room, now. Never throws. */
export function measureChildRoom(file: string | null): ChildRoom {
  let heapUsedBytes = 0;
  let largeBytes = 0;
  for (const { space_name: name, space_used_size: usedBytes } of getHeapSpaceStatistics()) {
    heapUsedBytes += usedBytes;
    if (name.includes('large_object')) largeBytes += usedBytes;
  }
  return {
    heapUsedBytes,
    smallObjectsBytes: heapUsedBytes - largeBytes,
    limits: bindingLimits(),
    machineBytes: totalmem(),
    machineAvailableBytes: machineAvailableBytes(),
    diskFreeBytes: file === null ? null : diskFreeBytes(dirname(file)),
  };
}

/**
 * @param majorVersion of Node
 * @param target in words, for the error
 * @returns where the child has to be ended
 * @throws {CaptureError} EBB_CAPTURE_NO_MEMORY or EBB_CAPTURE_NO_DISK when there is clearly no room
 */
export function requireRoomForChild(
  room: ChildRoom,
  majorVersion: number,
  target: string,
): Pick<WatchOptions, 'groups' | 'budgetBytes' | 'leastAvailableBytes' | 'leastDiskBytes'> {
  const perByte = majorVersion < 22 ? memoryPerHeapByte.node20 : memoryPerHeapByte.later;
  const needBytes = Math.max(leastMemoryBytes, room.smallObjectsBytes * perByte);
  const leastAvailableBytes = reserveBytes(room.machineBytes, false);
  const machineRoomBytes =
    room.machineAvailableBytes === null ? Infinity : room.machineAvailableBytes - leastAvailableBytes;
  const groups = room.limits.map(({ limitBytes, usageFile, statFile, killsGroup }) => ({
    usageFile,
    statFile,
    stopAboveBytes: limitBytes - reserveBytes(limitBytes, killsGroup),
  }));
  const rooms = room.limits.map(({ usedBytes }, at) => groups[at].stopAboveBytes - usedBytes);
  const roomBytes = Math.max(0, Math.min(machineRoomBytes, ...rooms));
  if (roomBytes < needBytes) throw memoryError(room, { needBytes, roomBytes, machineRoomBytes });
  requireDisk(room, leastDiskBytes, target);
  return {
    groups,
    budgetBytes: roomBytes === Infinity ? 0 : roomBytes,
    leastAvailableBytes,
    leastDiskBytes: room.diskFreeBytes === null ? 0 : leastDiskBytes,
  };
}

/** The same room, for a snapshot that the process writes itself. */
export function roomWithoutChild({ heapUsedBytes, limits, machineAvailableBytes, diskFreeBytes }: ChildRoom): Room {
  const rooms = limits.map(({ limitBytes, usedBytes }) => Math.max(0, limitBytes - usedBytes));
  const memoryFreeBytes = Math.min(machineAvailableBytes ?? Infinity, ...rooms);
  return { heapUsedBytes, diskFreeBytes, memoryFreeBytes: memoryFreeBytes === Infinity ? null : memoryFreeBytes };
}

/**
 * What stays free at all times: the program itself goes on growing meanwhile, and the child is looked at every 15 ms.
 * Twice as much where the kernel would kill the whole group.
 */
function reserveBytes(limitBytes: number, killsGroup: boolean): number {
  return Math.max(leastReserveBytes, limitBytes * reserveShare) * (killsGroup ? 2 : 1);
}

function memoryError(
  room: ChildRoom,
  { needBytes, roomBytes, machineRoomBytes }: { needBytes: number; roomBytes: number; machineRoomBytes: number },
): CaptureError {
  const roomOf = ({ limitBytes, usedBytes, killsGroup }: BindingLimit): number =>
    limitBytes - reserveBytes(limitBytes, killsGroup) - usedBytes;
  const tightest = [...room.limits].sort((a, b) => roomOf(a) - roomOf(b)).at(0);
  const binding = tightest !== undefined && roomOf(tightest) <= machineRoomBytes ? tightest : undefined;
  const limit = binding === undefined ? 'this machine' : `the limit of ${megabytes(binding.limitBytes)}`;
  const whole = room.limits.some(({ killsGroup }) => killsGroup)
    ? ' (and where it is reached, the kernel kills the program too: memory.oom.group)'
    : '';
  const raise =
    binding === undefined ? 'Free memory' : `Raise that limit to ${megabytes(limitFor(binding, needBytes) + 1e6)}`;
  return new CaptureError(
    'EBB_CAPTURE_NO_MEMORY',
    `A forked snapshot of ${megabytes(room.heapUsedBytes)} of heap takes about ${megabytes(needBytes)} of memory while ` +
      `it is written, and ${megabytes(roomBytes)} can be used within ${limit}${whole}. ` +
      `${raise}, or take the snapshot earlier, while the heap is small.`,
  );
}

/** The limit in which a child that needs so much would have room. */
function limitFor({ usedBytes, killsGroup }: BindingLimit, needBytes: number): number {
  const inUseBytes = usedBytes + needBytes;
  const times = killsGroup ? 2 : 1;
  return Math.max(inUseBytes + leastReserveBytes * times, inUseBytes / (1 - reserveShare * times));
}

function machineAvailableBytes(): number | null {
  try {
    const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}
