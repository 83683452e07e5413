/** Which part of the memory outside heap and buffers grows, as far as the process tells. */
import type { NativeParts } from '../history/native-parts.ts';
import { megabytes } from './words.ts';

/**
 * What native growth is made of.
 *
 * - `addon`: memory that was taken from malloc and is in use: an addon or a library that does not free.
 * - `arenas`: memory that malloc keeps though it was freed.
 * - `malloc`: one of the two; what is in use is not told.
 * - `fragmentation`: V8 holds more for its heap than is in use.
 * - `mappings`: files and stacks (threads, libraries).
 * - `unknown`: none of these, or nothing is told.
 */
export type NativeKind = 'addon' | 'arenas' | 'malloc' | 'fragmentation' | 'mappings' | 'unknown';

/** A part explains the growth when it rose by this share of it, … */
const EXPLAINS = 0.5;
/** … and does not when it rose by less than this share. */
const EXPLAINS_NOT = 0.25;

/** Which it is, of a rise of so many bytes in which the parts rose by so much, and in words. Null: nothing is told. */
export function nativeKind(
  riseBytes: number,
  parts: NativeParts | null,
): { kind: NativeKind; sentence: string | null } {
  if (parts === null || Object.values(parts).every(Number.isNaN)) return { kind: 'unknown', sentence: null };
  const { mallocBytes, mallocInUseBytes, heapUnusedBytes, mappedBytes } = parts;
  const explains = (bytes: number): boolean => bytes >= EXPLAINS * riseBytes;
  const largest = Math.max(...[mallocBytes, heapUnusedBytes, mappedBytes].filter((bytes) => !Number.isNaN(bytes)));
  const of = (bytes: number): string => `${megabytes(bytes)} of ${megabytes(riseBytes)}`;
  if (explains(mallocBytes) && mallocBytes === largest) {
    if (mallocInUseBytes >= EXPLAINS * mallocBytes) {
      const sentence = `memory taken from malloc and still in use grew by ${of(mallocInUseBytes)}: an addon or a library does not free it`;
      return { kind: 'addon', sentence };
    }
    if (mallocInUseBytes <= EXPLAINS_NOT * mallocBytes) {
      const sentence = `malloc holds ${of(mallocBytes)}, and what is in use of it grew by ${megabytes(Math.max(0, mallocInUseBytes))}: freed memory that its arenas keep; MALLOC_ARENA_MAX=2 or jemalloc bounds it`;
      return { kind: 'arenas', sentence };
    }
    const sentence = `malloc holds ${of(mallocBytes)}: an addon or a library that does not free, or freed memory that arenas keep`;
    return { kind: 'malloc', sentence };
  }
  if (explains(heapUnusedBytes) && heapUnusedBytes === largest) {
    const sentence = `V8 holds ${of(heapUnusedBytes)} for its heap beyond what is in use: a fragmented heap, or one that was not given back yet`;
    return { kind: 'fragmentation', sentence };
  }
  if (explains(mappedBytes)) {
    const sentence = `files and stacks grew by ${of(mappedBytes)}: threads, libraries, mapped files`;
    return { kind: 'mappings', sentence };
  }
  const known = [
    Number.isNaN(mallocBytes) ? null : 'malloc',
    Number.isNaN(heapUnusedBytes) ? null : "V8's heap",
    Number.isNaN(mappedBytes) ? null : 'files and stacks',
  ].filter((name) => name !== null);
  const sentence = `it is not in ${known.join(', ')}: mappings without a name, an addon’s own allocator`;
  return { kind: 'unknown', sentence };
}
