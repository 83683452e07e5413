import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader } from '../byte-reader.ts';
import { corrupt, openArray, TruncatedError } from '../json-scanner.ts';
import type { ByteSource } from '../source/byte-source.ts';
import type { Kernel } from './kernel.ts';
import { scanRows } from './scan-rows.ts';
import { ScriptKernel } from './script-kernel.ts';
import { WasmKernel } from './wasm-kernel.ts';

/** A source that holds a text, and gives it in pieces of a length. */
function sourceOf(text: string): ByteSource {
  const bytes = Buffer.from(text);
  let at = 0;
  return {
    name: 'text',
    mostBytes: bytes.length,
    isDecompressed: false,
    inputBytesRead: 0,
    inputBytes: bytes.length,
    read(into) {
      const length = bytes.copy(into, 0, at);
      at += length;
      return length;
    },
    close: () => undefined,
  };
}

/** What a scanner makes of a text: its integers in whole rows, how many there were in all, and where it stopped. */
function outcome(
  text: string,
  chunkBytes: number,
  scan: (reader: ByteReader, take: (rows: Iterable<number>) => void) => number,
): unknown {
  const reader = new ByteReader(sourceOf(text), undefined, chunkBytes);
  const integers: number[] = [];
  try {
    const total = scan(reader, (values) => integers.push(...values));
    return { integers: integers.slice(0, total), total, offset: reader.offset };
  } catch (error) {
    return (error as Error).message;
  }
}

const byKernel = (kernel: Kernel, text: string, chunkBytes: number, width: number): unknown =>
  outcome(text, chunkBytes, (reader, take) =>
    scanRows(reader, 'test', kernel, width, (rows) => {
      take(kernel.integers.slice(0, rows * width));
    }),
  );

/** The obvious way: byte by byte, digits as text. */
function scanObviously(reader: ByteReader, within: string, take: (integer: number) => void): number {
  openArray(reader, within);
  let digits = '';
  let total = 0;
  for (;;) {
    const byte = reader.peek();
    if (byte === -1) throw new TruncatedError(reader, within);
    reader.position++;
    const character = String.fromCharCode(byte);
    if (character >= '0' && character <= '9') {
      digits += character;
      continue;
    }
    if (digits !== '') {
      take(Math.min(Number(digits), 0xffffffff));
      total++;
      digits = '';
    }
    if (', \n\r\t'.includes(character)) continue;
    if (character === ']') return total;
    throw corrupt(reader, `found ${JSON.stringify(character)} among the numbers of its ${within}`);
  }
}

const byTwin = (text: string, chunkBytes: number, width: number): unknown =>
  outcome(text, chunkBytes, (reader, take) => {
    let row: number[] = [];
    return scanObviously(reader, 'test', (value) => {
      if (row.push(value) < width) return;
      take(row);
      row = [];
    });
  });

const integer = fc.oneof(
  { weight: 5, arbitrary: fc.nat(9) },
  { weight: 5, arbitrary: fc.nat(0xffffffff) },
  { weight: 1, arbitrary: fc.bigInt(0n, 10n ** 24n) },
  { weight: 1, arbitrary: fc.constantFrom(99999999, 100000000, 4294967295, 4294967296) },
);
const separator = fc.constantFrom(',', ',', ',', ',\n', '\n,', ', ', ',\r\n\t', ' , ');

const kernels: [name: string, kernel: Kernel][] = [
  ['the compiled kernel', WasmKernel.create(0)!],
  ['the kernel in JavaScript', new ScriptKernel()],
];

describe.each(kernels)('%s', (_, kernel) => {
  test('finds the integers that the obvious loop finds, whatever the separators, pieces and rows', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(integer, separator), { maxLength: 400 }),
        fc.integer({ min: 1, max: 700 }),
        fc.integer({ min: 1, max: 9 }),
        (parts, chunkBytes, width) => {
          const text = `[${parts.map(([value, between]) => `${value}${between}`).join('')}7]`;
          expect(byKernel(kernel, text, chunkBytes, width)).toEqual(byTwin(text, chunkBytes, width));
        },
      ),
      { numRuns: 400, seed: 3 },
    );
  });

  test('stops at the same byte for the same reason where something else stands among them', () => {
    fc.assert(
      fc.property(
        fc.array(integer, { minLength: 1, maxLength: 200 }),
        fc.nat(2000),
        fc.constantFrom('x', '-', '.', '"', '[', '{', '\u0000', 'é', ':'),
        fc.integer({ min: 1, max: 300 }),
        (values, at, odd, chunkBytes) => {
          const whole = `[${values.join(',')}]`;
          const cut = 1 + (at % (whole.length - 1));
          const text = whole.slice(0, cut) + odd + whole.slice(cut);
          expect(byKernel(kernel, text, chunkBytes, 3)).toEqual(byTwin(text, chunkBytes, 3));
          const truncated = whole.slice(0, cut);
          expect(byKernel(kernel, truncated, chunkBytes, 3)).toEqual(byTwin(truncated, chunkBytes, 3));
        },
      ),
      { numRuns: 400, seed: 3 },
    );
  });

  test('tells which numbers are negative, where they may be', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -4_294_967_295, max: 4_294_967_295 }), separator), { maxLength: 200 }),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 9 }),
        (parts, chunkBytes, width) => {
          const values = parts.map(([value]) => value);
          const text = `[${parts.map(([value, between], k) => `${value}${k < parts.length - 1 ? between : ''}`).join('')}]`;
          const found: number[] = [];
          const reader = new ByteReader(sourceOf(text), undefined, chunkBytes);
          const take = (rows: number, negative: readonly number[]): void => {
            const integers = [...kernel.integers.slice(0, rows * width)];
            found.push(...integers.map((value, at) => (negative.includes(at) ? 0 - value : value)));
          };
          expect(scanRows(reader, 'test', kernel, width, take, { mayBeNegative: true })).toBe(values.length);
          expect(found).toEqual(values.slice(0, values.length - (values.length % width)));
        },
      ),
      { numRuns: 400, seed: 3 },
    );
  });

  test('takes a section of several windows', () => {
    const text = `[${Array.from({ length: 300_000 }, (_, k) => k * 977).join(',')}]`;
    expect(byKernel(kernel, text, 1 << 16, 3)).toEqual(byTwin(text, 1 << 16, 3));
  });

  test('ends at a number that is longer than its window', () => {
    expect(byKernel(kernel, `[${'1'.repeat(200_000)}]`, 1 << 16, 3)).toContain(
      'a number of its test has 131072 digits',
    );
  });
});

test('the compiled kernel is what its source compiles to', () => {
  const build = fileURLToPath(new URL('../../../kernel/build.mjs', import.meta.url));
  expect(spawnSync(process.execPath, [build, '--check'], { encoding: 'utf8' })).toMatchObject({ status: 0 });
});
