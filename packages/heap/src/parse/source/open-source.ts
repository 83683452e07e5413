/** From what the user names to its bytes. */
import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { isatty } from 'node:tty';
import { HeapError } from '../../errors/heap-error.ts';
import type { ByteSource } from './byte-source.ts';
import { compressionOf, MAGIC_BYTES, MOST_GZIP_RATIO } from './compression.ts';
import { FedInput } from './fed-input.ts';
import { PlainFile } from './plain-file.ts';

const standardInputs = new Set(['-', '/dev/stdin', '/dev/fd/0', '/proc/self/fd/0']);

/** Whether a name stands for standard input. */
export function isStandardInput(file: string): boolean {
  return standardInputs.has(file);
}

/**
 * Opens a snapshot: a file, `-` for standard input, a named pipe or what a shell makes of `<(command)`; plain or
 * compressed. Throws a `HeapError` where it cannot be.
 */
export function openSource(file: string): ByteSource {
  if (isStandardInput(file)) return openStandardInput();
  let stat: Stats;
  let fd: number;
  try {
    // Before it is opened: opening a pipe that nobody writes to yet waits, and not in a way that can be ended.
    stat = statSync(file);
    if (stat.isFIFO()) return new FedInput({ name: file, path: file, mostBytes: Infinity, inputBytes: undefined });
    if (!stat.isFile()) throw notAFile(file, stat.isDirectory());
    fd = openSync(file, 'r');
  } catch (cause) {
    throw cause instanceof HeapError ? cause : openError(file, cause);
  }
  return openRegular({ name: file, path: file, fd });
}

function openStandardInput(): ByteSource {
  const name = 'standard input';
  let stat: Stats;
  try {
    stat = fstatSync(0);
  } catch (cause) {
    throw openError(name, cause);
  }
  if (stat.isFile()) return openRegular({ name, path: undefined, fd: 0 });
  if (isatty(0)) {
    throw new HeapError(
      'EBB_HEAP_FILE_UNREADABLE',
      'standard input is a terminal. Send a snapshot into it: zcat FILE | ebb analyze -',
    );
  }
  return new FedInput({ name, path: undefined, mostBytes: Infinity, inputBytes: undefined });
}

function openRegular({ name, path, fd }: { name: string; path: string | undefined; fd: number }): ByteSource {
  try {
    const { size } = fstatSync(fd);
    const head = new Uint8Array(MAGIC_BYTES);
    const length = readSync(fd, head, 0, MAGIC_BYTES, 0);
    const compression = compressionOf(head.subarray(0, length), name);
    if (compression === 'none') return new PlainFile(name, fd, size);
    if (fd !== 0) closeSync(fd);
    const mostBytes = compression === 'gzip' ? size * MOST_GZIP_RATIO : Infinity;
    return new FedInput({ name, path, mostBytes, inputBytes: size });
  } catch (cause) {
    if (cause instanceof HeapError) {
      if (fd !== 0) closeSync(fd);
      throw cause;
    }
    throw openError(name, cause);
  }
}

function notAFile(file: string, isDirectory: boolean): HeapError {
  if (isDirectory) {
    return new HeapError(
      'EBB_HEAP_FILE_UNREADABLE',
      `${file} is a directory. Name the .heapsnapshot files themselves.`,
    );
  }
  return new HeapError(
    'EBB_HEAP_FILE_UNREADABLE',
    `${file} is neither a file nor a pipe, but a device or a socket. Write the snapshot to a file first.`,
  );
}

function openError(file: string, cause: unknown): HeapError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') {
    return new HeapError(
      'EBB_HEAP_FILE_NOT_FOUND',
      `There is no file ${file}. Check the name; a snapshot ends in .heapsnapshot.`,
      { cause },
    );
  }
  return new HeapError('EBB_HEAP_FILE_UNREADABLE', `${file} could not be opened: ${message}. Check its permissions.`, {
    cause,
  });
}
