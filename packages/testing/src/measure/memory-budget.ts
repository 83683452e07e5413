import { TestError } from '../errors/test-error.ts';

const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

/**
 * Bytes from what a person writes: `'32 KB'` is 32,000, `'32 KiB'` 32,768, `'100'` and `100` are bytes.
 *
 * @throws {TestError} EBB_TEST_BUDGET when it is no amount of memory
 */
export function memoryBudget(size: string | number): number {
  const text = typeof size === 'number' ? String(size) : size;
  const [, amount, unit = 'b'] = /^\s*(\d+(?:\.\d+)?)\s*([kmg]?i?b)?\s*$/i.exec(text) ?? [];
  const bytes = Number(amount) * (UNITS[unit.toLowerCase()] ?? Number.NaN);
  if (Number.isFinite(bytes)) return bytes;
  throw new TestError('EBB_TEST_BUDGET', `'${text.slice(0, 60)}' is no amount of memory`);
}
