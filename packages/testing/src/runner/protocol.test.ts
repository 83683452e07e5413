import { expect, test } from 'vitest';
import { LineReader } from './protocol.ts';

test('messages come whole, however the pipe cuts them', () => {
  const reader = new LineReader<{ n: number }>();
  expect(reader.push('{"n":1}\n{"n"')).toEqual([{ n: 1 }]);
  expect(reader.push(':2}')).toEqual([]);
  expect(reader.push('\n{"n":3}\n')).toEqual([{ n: 2 }, { n: 3 }]);
});

test('lines that are no message are left out, and an endless one does not grow', () => {
  const reader = new LineReader<{ n: number }>();
  expect(reader.push('hello\n\u0000\n{"n":1}\n')).toEqual([{ n: 1 }]);
  for (let k = 0; k < 5; k++) expect(reader.push('x'.repeat(900_000))).toEqual([]);
  expect(reader.push('\n{"n":4}\n')).toEqual([{ n: 4 }]);
});
