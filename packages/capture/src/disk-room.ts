/** Whether the disk has room for a snapshot. */
import { statfsSync } from 'node:fs';
import { CaptureError } from './error.ts';

/** Snapshot bytes for each byte of heap: 0.1 with large objects, 2 with ordinary ones, 3.6 with the tiniest. */
const diskPerHeapByte = 2;

/** What the disk of a directory has left; null where nobody knows. Never throws. */
export function diskFreeBytes(directory: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    return null;
  }
}

/**
 * @param beyondBytes that have to be left beside the snapshot
 * @param place whose disk it is, for the error
 * @throws {CaptureError} EBB_CAPTURE_NO_DISK when there is clearly no room
 */
export function requireDisk(
  room: { heapUsedBytes: number; diskFreeBytes: number | null },
  beyondBytes: number,
  place: string,
): void {
  const diskBytes = room.heapUsedBytes * diskPerHeapByte + beyondBytes;
  if (room.diskFreeBytes === null || room.diskFreeBytes >= diskBytes) return;
  throw new CaptureError(
    'EBB_CAPTURE_NO_DISK',
    `A snapshot of ${megabytes(room.heapUsedBytes)} of heap needs about ${megabytes(diskBytes)} on the disk, and ` +
      `${place} has ${megabytes(room.diskFreeBytes)} left. Free some, or name a file on another disk.`,
  );
}

/** An amount of bytes for a message: whole megabytes, of a million bytes each. */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
