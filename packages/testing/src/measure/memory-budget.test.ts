import { expect, test } from 'vitest';
import { memoryBudget } from './memory-budget.ts';

test.each([
  ['32 KB', 32_000],
  ['32 KiB', 32_768],
  ['1.5mb', 1_500_000],
  [' 2 GiB ', 2 ** 31],
  ['100', 100],
  ['7 B', 7],
  [0, 0],
  [12.5, 12.5],
])('%j is %d bytes', (text, bytes) => {
  expect(memoryBudget(text)).toBe(bytes);
});

test.each(['', 'KB', '-3 KB', '3 cats', '1e3', 'NaN', Infinity, Number.NaN, -1])('%j is refused by name', (text) => {
  expect(() => memoryBudget(text)).toThrow(expect.objectContaining({ code: 'EBB_TEST_BUDGET' }));
});
