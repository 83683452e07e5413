/**
 * Whether a snapshot can be written here without harm to the host.
 *
 * Measured on Node 20 and 24 with heaps of 49 MB to 1.5 GB (`field-notes.md`): the file has 1.2 to
 * 1.7 times the bytes of the heap in use, and writing it in the process peaks at 7.5 to 8.5 times
 * the heap in all, so at 6.5 to 7.5 times beyond what the process has already. A heap of very many
 * tiny objects takes more; the test is for "clearly no room", not a promise.
 */
import { dirname } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import { diskFreeBytes, megabytes, requireDisk } from './disk-room.ts';
import { CaptureError } from './error.ts';
import { freeMemoryBytes } from './memory-limit.ts';

const memoryPerHeapByte = 7;

/** What is there and what a snapshot starts from; a free amount of null is unknown. */
export interface Room {
  heapUsedBytes: number;
  diskFreeBytes: number | null;
  memoryFreeBytes: number | null;
}

/** Measures the room for a snapshot into `file`, in this process, now. Never throws. */
export function measureRoom(file: string): Room {
  return {
    heapUsedBytes: getHeapStatistics().used_heap_size,
    diskFreeBytes: diskFreeBytes(dirname(file)),
    memoryFreeBytes: freeMemoryBytes(),
  };
}

/**
 * @throws {CaptureError} EBB_CAPTURE_NO_DISK or EBB_CAPTURE_NO_MEMORY when there is clearly no room
 */
export function requireRoom(file: string, room: Room): void {
  requireDisk(room, 0, dirname(file));
  const { heapUsedBytes, memoryFreeBytes } = room;
  const memoryBytes = heapUsedBytes * memoryPerHeapByte;
  if (memoryFreeBytes !== null && memoryFreeBytes < memoryBytes) {
    throw new CaptureError(
      'EBB_CAPTURE_NO_MEMORY',
      `A snapshot of ${megabytes(heapUsedBytes)} of heap needs up to ${megabytes(memoryBytes)} of memory while it is ` +
        `written, and ${megabytes(memoryFreeBytes)} are free; the process could be killed. ` +
        'Raise the memory limit, or take the snapshot earlier, while the heap is small.',
    );
  }
}
