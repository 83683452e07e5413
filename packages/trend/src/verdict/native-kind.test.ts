import { expect, it } from 'vitest';
import type { NativeParts } from '../history/native-parts.ts';
import { nativeKind } from './native-kind.ts';

const MB = 1048576;
const UNTOLD: NativeParts = {
  mallocBytes: Number.NaN,
  mallocInUseBytes: Number.NaN,
  heapUnusedBytes: Number.NaN,
  mappedBytes: Number.NaN,
};
const kindOf = (risen: Partial<NativeParts>): string => nativeKind(100 * MB, { ...UNTOLD, ...risen }).kind;

it('tells memory that is in use from memory that malloc keeps', () => {
  expect(kindOf({ mallocBytes: 90 * MB, mallocInUseBytes: 80 * MB })).toBe('addon');
  expect(kindOf({ mallocBytes: 90 * MB, mallocInUseBytes: 2 * MB })).toBe('arenas');
  expect(kindOf({ mallocBytes: 90 * MB, mallocInUseBytes: -20 * MB })).toBe('arenas');
  expect(kindOf({ mallocBytes: 90 * MB, mallocInUseBytes: 35 * MB })).toBe('malloc');
  expect(kindOf({ mallocBytes: 90 * MB })).toBe('malloc');
});

it('tells a fragmented heap, and mappings', () => {
  expect(kindOf({ mallocBytes: 3 * MB, heapUnusedBytes: 85 * MB, mappedBytes: 0 })).toBe('fragmentation');
  expect(kindOf({ mallocBytes: 3 * MB, heapUnusedBytes: MB, mappedBytes: 60 * MB })).toBe('mappings');
});

it('says that it does not know what no part explains, and nothing where nothing is told', () => {
  const { kind, sentence } = nativeKind(100 * MB, { ...UNTOLD, mallocBytes: 3 * MB, mappedBytes: 10 * MB });
  expect(kind).toBe('unknown');
  expect(sentence).toBe('it is not in malloc, files and stacks: mappings without a name, an addon’s own allocator');
  expect(nativeKind(100 * MB, UNTOLD)).toEqual({ kind: 'unknown', sentence: null });
  expect(nativeKind(100 * MB, null)).toEqual({ kind: 'unknown', sentence: null });
});

it('says it with sizes', () => {
  const { sentence } = nativeKind(100 * MB, { ...UNTOLD, mallocBytes: 90 * MB, mallocInUseBytes: 2 * MB });
  expect(sentence).toBe(
    'malloc holds 90.0 MB of 100 MB, and what is in use of it grew by 2.0 MB: freed memory that its arenas keep; MALLOC_ARENA_MAX=2 or jemalloc bounds it',
  );
});
