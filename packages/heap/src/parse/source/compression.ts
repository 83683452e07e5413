/** How an input is packed, told by its first bytes and never by its name. */
import { createGunzip, type Gunzip } from 'node:zlib';
import * as zlib from 'node:zlib';
import type { Transform } from 'node:stream';
import { HeapError } from '../../errors/heap-error.ts';

/** What Ebb reads. */
export const compressions = ['none', 'gzip', 'zstd'] as const;

/** One of {@link compressions}. */
export type Compression = (typeof compressions)[number];

/** As many bytes tell every format apart. */
export const MAGIC_BYTES = 6;

/** Deflate's best: 258 bytes for two bits (RFC 1951); a file of so many bytes unpacks to no more than this many times. */
export const MOST_GZIP_RATIO = 1032;

const foreign: readonly { magic: readonly number[]; name: string; command: string }[] = [
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], name: 'xz', command: 'xz -dc' },
  { magic: [0x42, 0x5a, 0x68], name: 'bzip2', command: 'bzip2 -dc' },
  { magic: [0x50, 0x4b, 0x03, 0x04], name: 'zip', command: 'unzip -p' },
  { magic: [0x04, 0x22, 0x4d, 0x18], name: 'lz4', command: 'lz4 -dc' },
];

const startsWith = (bytes: Uint8Array, magic: readonly number[]): boolean =>
  bytes.length >= magic.length && magic.every((byte, at) => bytes[at] === byte);

/**
 * How the input that begins so is packed. Throws EBB_HEAP_COMPRESSION for what neither Ebb nor this Node.js unpacks;
 * whatever looks like nothing known is held to be no compression at all.
 */
export function compressionOf(head: Uint8Array, name: string): Compression {
  if (startsWith(head, [0x1f, 0x8b])) return 'gzip';
  // A zstd frame, or one of the skippable frames that may stand before it (RFC 8878, 3.1).
  const isSkippable = head.length >= 4 && (head[0] & 0xf0) === 0x50 && startsWith(head.subarray(1), [0x2a, 0x4d, 0x18]);
  if (startsWith(head, [0x28, 0xb5, 0x2f, 0xfd]) || isSkippable) {
    if (zstdOf(zlib) === undefined) throw withoutZstd(name);
    return 'zstd';
  }
  const other = foreign.find(({ magic }) => startsWith(head, magic));
  if (other === undefined) return 'none';
  throw new HeapError(
    'EBB_HEAP_COMPRESSION',
    `${name} is compressed with ${other.name}, which Ebb does not unpack; it reads gzip and zstd. Unpack it on the way: ${other.command} FILE | ebb analyze -`,
  );
}

/** A stream that unpacks. It hands over large pieces: each costs a trip to another thread. */
export function decompressor(compression: 'gzip' | 'zstd'): Transform {
  const options = { chunkSize: 1 << 20 };
  if (compression === 'gzip') return createGunzip(options) satisfies Gunzip;
  const create = zstdOf(zlib);
  if (create === undefined) throw new Error('zstd was not asked for');
  return create(options);
}

/** Whether what a decompressor ended with means that its input ends in the middle, and is good as far as it goes. */
export function isCutOff(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'Z_BUF_ERROR' || (code?.startsWith('ZSTD') === true && /unexpected end/i.test(message));
}

/** Whether an error is the decompressor's own, and not that of the file beneath it. */
export function isOfUnpacking(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code !== undefined && /^(?:Z_|ZSTD|ERR_ZSTD)/.test(code);
}

type CreateZstd = (options: { chunkSize: number }) => Transform;

/** Node's own since 22.15 and 23.8; the types are those of the oldest Node that Ebb runs on. */
function zstdOf(module: unknown): CreateZstd | undefined {
  return (module as { createZstdDecompress?: CreateZstd }).createZstdDecompress;
}

function withoutZstd(name: string): HeapError {
  return new HeapError(
    'EBB_HEAP_COMPRESSION',
    `${name} is compressed with zstd, which this Node.js (${process.version}) cannot unpack; 22.15, 23.8 and later can. Run Ebb on one of these, or unpack it on the way: zstd -dc FILE | ebb analyze -`,
  );
}
