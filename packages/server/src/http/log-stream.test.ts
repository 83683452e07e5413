import { expect, test } from 'vitest';
import { LogStream } from './log-stream.ts';

test('a flood of lines becomes fifty in ten seconds, and how many were left out', () => {
  let nowMs = 1000;
  const lines: string[] = [];
  const stream = new LogStream({ write: (line: string) => lines.push(line) }, () => nowMs);
  for (let i = 0; i < 1000; i++) stream.write(`${i}\n`);
  expect(lines).toHaveLength(50);
  nowMs += 10_000;
  stream.write('later\n');
  expect(lines.slice(50)).toEqual(['{"level":50,"time":11000,"msg":"950 lines were left out"}\n', 'later\n']);
  nowMs += 10_000;
  stream.write('quiet\n');
  expect(lines.at(-1)).toBe('quiet\n');
  expect(lines).toHaveLength(53);
});
