import { execFileSync, spawn } from 'node:child_process';
import * as zlib from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { HeapError } from '../../errors/heap-error.ts';
import { leakyHeap } from '../../fixtures/leaky-series.ts';
import { buildSnapshot, snapshotFolder } from '../../fixtures/snapshot-builder.ts';
import { parseSnapshot, type ParsedSnapshot } from '../parse-snapshot.ts';
import { refuseTwice } from './refuse-twice.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

/** Longer than the ring between the threads, and hard to compress. */
let seed = 1;
const noise = Array.from({ length: 90_000 }, () => {
  seed = (seed * 48271) % 2147483647;
  return `${seed.toString(36)}${(seed * 7919).toString(36)}${'\u00e9'.repeat(seed % 40)}`;
});
const small = buildSnapshot(leakyHeap(10));
const large = buildSnapshot(leakyHeap(20_000), { moreStrings: noise });

const tell = ({ nodeId, edgeTo, edgeName, locations, strings, lost }: ParsedSnapshot): unknown => ({
  nodeId,
  edgeTo,
  edgeName,
  locations,
  lost,
  strings: Array.from({ length: strings.length }, (_, at) => strings.get(at)),
});

function errorOf(file: string): HeapError {
  try {
    parseSnapshot(file);
  } catch (error) {
    if (error instanceof HeapError) return error;
    throw error;
  }
  throw new Error(`${file} was read without an error`);
}

/** The types are those of the oldest Node that Ebb runs on. */
const { zstdCompressSync: zstd } = zlib as unknown as { zstdCompressSync: (text: string) => Buffer };

const packings: Record<string, (text: string) => Buffer> = {
  gzip: (text) => zlib.gzipSync(text),
  'gzip in several members': (text) => {
    const bytes = Buffer.from(text);
    return Buffer.concat(
      [0, 1, 2].map((k) => zlib.gzipSync(bytes.subarray((bytes.length * k) / 3, (bytes.length * (k + 1)) / 3))),
    );
  },
  'gzip, padded with zeros': (text) => Buffer.concat([zlib.gzipSync(text), Buffer.alloc(1000)]),
  zstd,
};

describe.each(Object.entries(packings))('a snapshot packed as %s', (_, pack) => {
  test.each([
    ['a small one', small],
    ['one longer than what threads hand over at once', large],
  ])('%s is read as if it were not', (__, text) => {
    const plain = parseSnapshot(folder.write(text));
    const packed = pack(text);
    const parsed = parseSnapshot(folder.write(packed));
    expect(tell(parsed)).toEqual(tell(plain));
    expect(parsed.fileBytes).toBe(packed.length);
  });
});

test('progress counts the bytes of the packed file, of as many as it has', () => {
  const packed = zlib.gzipSync(large);
  const told: [number, number | undefined][] = [];
  parseSnapshot(folder.write(packed), (...step) => told.push(step));
  expect(told.at(-1)).toEqual([packed.length, packed.length]);
  expect(told.map(([read]) => read)).toEqual(told.map(([read]) => read).toSorted((a, b) => a - b));
});

describe('packed data that is cut off', () => {
  test.each([
    ['gzip', zlib.gzipSync(large)],
    ['zstd', zstd(large)],
  ])('%s: in the strings, and what was lost is said', (_, packed) => {
    const parsed = parseSnapshot(folder.write(packed.subarray(0, packed.length * 0.95)));
    expect(parsed.lost[0]).toMatch(/^the file is cut off; lost: /);
    expect([parsed.nodeCount, parsed.edgeCount]).toEqual([
      parseSnapshot(folder.write(large)).nodeCount,
      parseSnapshot(folder.write(large)).edgeCount,
    ]);
  });

  test('in the graph is truncated, and offsets are those of the unpacked bytes', () => {
    const packed = zlib.gzipSync(large);
    const { code, message } = errorOf(folder.write(packed.subarray(0, packed.length * 0.05)));
    expect(code).toBe('EBB_HEAP_TRUNCATED');
    expect(message).toMatch(/ends after \d+ unpacked bytes, within its (?:nodes|edges): the file is cut off/);
  });

  test('anywhere has a code or is told', () => {
    const packed = zlib.gzipSync(small);
    for (let length = 0; length < packed.length; length += 149) {
      const file = folder.write(packed.subarray(0, length));
      try {
        expect(parseSnapshot(file).lost.length).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toMatchObject({ code: 'EBB_HEAP_TRUNCATED' });
      }
    }
  });

  test('within the check sum at its end has lost nothing', () => {
    expect(parseSnapshot(folder.write(zlib.gzipSync(small).subarray(0, -3))).lost).toEqual([]);
  });
});

describe('packed data that is damaged', () => {
  test('is found by its check sum, even where the snapshot in it reads well', () => {
    const packed = zlib.gzipSync(small);
    packed[packed.length - 6] ^= 0x55;
    const { code, message } = errorOf(folder.write(packed));
    expect(code).toBe('EBB_HEAP_CORRUPT');
    expect(message).toMatch(/its gzip data cannot be unpacked \(incorrect data check\)/);
  });

  test.each([
    ['gzip', zlib.gzipSync(large)],
    ['zstd', zstd(large)],
  ])('%s: in the middle has a code', (_, packed) => {
    for (const share of [0.001, 0.3, 0.7]) {
      const bytes = Buffer.from(packed);
      const at = Math.floor(bytes.length * share);
      bytes.fill(0x55, at, at + 40);
      expect(['EBB_HEAP_CORRUPT', 'EBB_HEAP_TRUNCATED', 'EBB_HEAP_UNKNOWN_FORMAT']).toContain(
        errorOf(folder.write(bytes)).code,
      );
    }
  });
});

test.each([
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0, 4]],
  ['bzip2', [0x42, 0x5a, 0x68, 0x39, 0x31, 0x41]],
  ['zip', [0x50, 0x4b, 0x03, 0x04, 0x14, 0x00]],
  ['lz4', [0x04, 0x22, 0x4d, 0x18, 0x64, 0x40]],
])('%s is named, with the command that unpacks it on the way', (name, magic) => {
  const { code, message } = errorOf(folder.write(Uint8Array.from(magic)));
  expect(code).toBe('EBB_HEAP_COMPRESSION');
  expect(message).toMatch(new RegExp(`is compressed with ${name}, .*(?:${name}|unzip) -.* FILE \\| ebb analyze -$`));
});

test.each([
  ['plain text', 'hello\n'],
  ['nothing', ''],
])('packed %s is no snapshot', (_, text) => {
  expect(['EBB_HEAP_NOT_A_SNAPSHOT', 'EBB_HEAP_TRUNCATED']).toContain(errorOf(folder.write(zlib.gzipSync(text))).code);
});

describe('a named pipe', () => {
  const pipe = (): string => {
    const file = folder.path(`pipe ${String(Math.random())}`);
    execFileSync('mkfifo', [file]);
    return file;
  };

  test.each([
    ['plain', Buffer.from(large)],
    ['packed', zlib.gzipSync(large)],
  ])('is waited for and read, %s', (_, content) => {
    const file = pipe();
    const source = folder.write(content);
    const writer = spawn('sh', ['-c', 'sleep 0.3; cat "$0" > "$1"', source, file], { stdio: 'ignore' });
    try {
      const parsed = parseSnapshot(file);
      expect(tell(parsed)).toEqual(tell(parseSnapshot(folder.write(large))));
      expect(parsed.fileBytes).toBe(content.length);
    } finally {
      writer.kill();
    }
  });

  test('that its writer leaves open is read up to the end of the snapshot', async () => {
    const file = pipe();
    const writer = spawn('sh', ['-c', 'exec 3> "$1"; cat "$0" >&3; sleep 30', folder.write(small), file], {
      stdio: 'ignore',
    });
    try {
      expect(parseSnapshot(file).lost).toEqual([]);
    } finally {
      const ended = new Promise((resolve) => writer.once('exit', resolve));
      writer.kill();
      await ended;
    }
  });

  test('may be named once', () => {
    const file = pipe();
    const twice = (files: string[]): string => {
      try {
        refuseTwice(files);
        return 'none';
      } catch (error) {
        return `${(error as HeapError).code} ${(error as HeapError).message}`;
      }
    };
    expect(twice([file, 'a.heapsnapshot', file])).toMatch(
      /^EBB_HEAP_FILE_UNREADABLE .* is named twice, but a pipe can be read once/,
    );
    expect(twice(['-', '/dev/stdin'])).toMatch(/^EBB_HEAP_FILE_UNREADABLE standard input is named twice/);
    expect(twice(['-', file, folder.write(small)])).toBe('none');
  });
});
