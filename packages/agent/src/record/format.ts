/**
 * The file of the recorder, version 1. All numbers little-endian.
 *
 * The file is a ring of slots of 256 bytes, and its size never changes. Slot 0 says whose it is and never changes either;
 * behind it are the places of what stands, each written over in place: what would be gone from the ring by the time that
 * it is wanted. Record number n (from 0) stands in the slot n modulo the number of the others, behind these.
 *
 * | bytes   | slot 0                                   | a record                                      |
 * |---------|------------------------------------------|-----------------------------------------------|
 * | 0–3     | CRC-32 of bytes 4 to 255                 | the same                                      |
 * | 4       | 0                                        | 1 sample, 2 note, 3 the end in order, 4 what stands |
 * | 5       | version of the format, 1                 | 0                                             |
 * | 6–7     | bytes of JSON from 24 on                 | bytes of payload from 24 on                   |
 * | 8–15    | `EBBRECRD`                               | its number (4: its place), as a double        |
 * | 16–23   | start, ms since the epoch, as a double   | its time, ms since the epoch, as a double     |
 * | 24–255  | JSON: pid, threadId, nodeVersion, service, host, startTicks, command | sample: doubles, in the order of `sampleFields`, NaN for null; note, and what stands: `kind`, a tab, text (UTF-8), or nothing |
 *
 * A slot is written by one write. A write that was cut off by the end of the machine, at whatever byte, is known by its
 * checksum, and costs that one record. New fields of samples are added behind the others: a reader takes those that it
 * knows, and as many as there are.
 */

export const slotBytes = 256;
export const payloadBytes: number = slotBytes - 24;
export const formatVersion = 1;
export const magic = 'EBBRECRD';

/** How many places there are for what stands. */
export const standingPlaces = 16;

/** What a slot holds. */
export const slotKind = { header: 0, sample: 1, note: 2, end: 3, standing: 4 } as const;

/** The numbers of a sample, in their order in the file; null is unknown. */
export const sampleFields = [
  'heapUsedBytes',
  'rssBytes',
  'externalBytes',
  'arrayBuffersBytes',
  'heapLimitBytes',
  'rssLimitBytes',
  'floorTimeMs',
  'floorHeapBytes',
  'floorExternalBytes',
  'floorArrayBuffersBytes',
  'requests',
  'activeRequests',
  'gcCpuShare',
  'eventLoopDelayP99Ms',
  'eventLoopUtilization',
  'outOfMemoryKills',
  'memoryGroup',
] as const;

/** One sample, as it is recorded. */
export type RecordedSample = { timeMs: number } & Record<(typeof sampleFields)[number], number | null>;

/** One slot that has been read. */
export interface Slot {
  kind: number;
  version: number;
  number: number;
  timeMs: number;
  payload: Buffer;
}

/** Makes a slot ready in `buffer`, whose payload has been written already. */
export function seal(
  buffer: Buffer,
  kind: number,
  number: number | typeof magic,
  timeMs: number,
  length: number,
): void {
  buffer.fill(0, 24 + length);
  buffer[4] = kind;
  buffer[5] = kind === slotKind.header ? formatVersion : 0;
  buffer.writeUInt16LE(length, 6);
  if (number === magic) buffer.write(magic, 8, 'latin1');
  else buffer.writeDoubleLE(number, 8);
  buffer.writeDoubleLE(timeMs, 16);
  buffer.writeUInt32LE(crc32(buffer.subarray(4, slotBytes)), 0);
}

/** @returns the slot, null when it was never written, 'torn' when it is not what was written */
export function unseal(bytes: Buffer): Slot | null | 'torn' {
  if (bytes.every((byte) => byte === 0)) return null;
  const length = bytes.readUInt16LE(6);
  if (length > payloadBytes || bytes.readUInt32LE(0) !== crc32(bytes.subarray(4, slotBytes))) return 'torn';
  return {
    kind: bytes[4] ?? 0,
    version: bytes[5] ?? 0,
    number: bytes.readDoubleLE(8),
    timeMs: bytes.readDoubleLE(16),
    payload: bytes.subarray(24, 24 + length),
  };
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 as zlib has it; Node.js has its own from 20.15 and 22.2 on only. */
export function crc32(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (table[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
