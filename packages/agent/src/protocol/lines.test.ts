import { describe, expect, it } from 'vitest';
import { LineSplitter } from './lines.ts';

function split(maxLineBytes: number, chunks: (string | Buffer)[]): { lines: string[]; splitter: LineSplitter } {
  const lines: string[] = [];
  const splitter = new LineSplitter(maxLineBytes, (line) => lines.push(line));
  for (const chunk of chunks) splitter.push(Buffer.from(chunk as string));
  return { lines, splitter };
}

describe('LineSplitter', () => {
  it('joins lines that come in pieces, and leaves out empty ones', () => {
    expect(split(100, ['a', 'b\nc', '\n\n', 'd\ne']).lines).toEqual(['ab', 'c', 'd']);
  });

  it('keeps a character whole that was cut in two', () => {
    const bytes = Buffer.from('é€😀\n');
    expect(
      split(
        100,
        [...bytes].map((byte) => Buffer.from([byte])),
      ).lines,
    ).toEqual(['é€😀']);
  });

  it('skips a line over the bound up to its end, counts it, and reads on', () => {
    const { lines, splitter } = split(4, ['12345', '6789', '0\nabcd\nabcde\nok\n']);
    expect(lines).toEqual(['abcd', 'ok']);
    expect(splitter.skippedLines).toBe(2);
    expect(splitter.lines).toBe(4);
  });

  it('holds no more than the bound, whatever comes', () => {
    const { splitter } = split(
      1000,
      Array.from({ length: 500 }, () => 'x'.repeat(999)),
    );
    expect(splitter.heldBytes).toBeLessThanOrEqual(1000);
  });
});
