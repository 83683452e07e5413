import { describe, expect, it } from 'vitest';
import { IntegerScanner } from './numbers.ts';
import { plainText, StringScanner } from './strings.ts';

/** Feeds the bytes in pieces of every size from one byte to all. */
function inPieces(text: string, size: number, scan: (bytes: Uint8Array) => number): number {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) {
    const end = scan(bytes.subarray(at, at + size));
    if (end >= 0) return at + end;
  }
  return -1;
}

describe('StringScanner', () => {
  const strings = [
    '',
    'plain',
    'with "quotes" and \\ and ]',
    'a\nb\u2028\ud800 \u00e9 \u{1F511}',
    'x'.repeat(1000),
    '\\',
  ];
  const text = `${strings.map((one) => JSON.stringify(one)).join(',\n')}]}`;

  it.each([1, 2, 3, 7, 64, 100_000])('tells the same strings whatever the pieces (%i bytes)', (size) => {
    const told: [number, string | null, number][] = [];
    const scanner = new StringScanner((index, head, length) => told.push([index, plainText(head, length), length]));
    expect(inPieces(text, size, (bytes) => scanner.scan(bytes, 0, bytes.length))).toBe(Buffer.byteLength(text) - 1);
    expect(told).toEqual(
      strings.map((one, index) => {
        const body = JSON.stringify(one).slice(1, -1);
        return [index, body.includes('\\') || body.length > 256 ? null : body, Buffer.byteLength(body)];
      }),
    );
    expect(scanner.count).toBe(strings.length);
  });
});

describe('IntegerScanner', () => {
  it.each([1, 2, 3, 100])('reads integers over the ends of pieces (%i bytes)', (size) => {
    const told: number[] = [];
    const scanner = new IntegerScanner((value) => told.push(value));
    const text = '0,12,345\n,6789,4294967295\n]';
    expect(inPieces(text, size, (bytes) => scanner.scan(bytes, 0, bytes.length))).toBe(text.length);
    expect(told).toEqual([0, 12, 345, 6789, 4294967295]);
  });
});
