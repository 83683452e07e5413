/**
 * What a process has in memory beyond V8's heap and the buffers that V8 knows of: libraries, stacks, what addons
 * allocate, and what the allocator keeps though it was freed. RSS tells only the sum. Linux tells each mapping in
 * `/proc/self/smaps`; reading that walks the page tables (a millisecond for each few hundred MB), so it is read rarely,
 * on libuv's threads and never on the program's.
 *
 * glibc's malloc takes memory from the main heap (`[heap]`) and from further arenas, each a mapping of its own that
 * begins at a multiple of 64 MB. Arenas that stay large while little in them is in use are the usual reason for an RSS
 * that does not fall again (nodejs/help#1942).
 */
import { readFile } from 'node:fs/promises';

/** RSS by kind of mapping, in bytes; the kinds add up to the whole. */
export interface NativeMemory {
  /** glibc's arenas beside the main heap. */
  arenaBytes: number;
  /** How many such arenas there are. */
  arenas: number;
  /** The main heap of malloc. */
  mainHeapBytes: number;
  /** Code and data of the program and its libraries, and files that are mapped. */
  fileBytes: number;
  stackBytes: number;
  /** V8's heap, large buffers, and everything else that is mapped without a name. */
  anonymousBytes: number;
}

/** glibc: HEAP_MAX_SIZE on 64-bit systems. */
const arenaAlignment = 64n * 2n ** 20n;

/** Reads this process's mappings; undefined where the system has no such file, or forbids it. Never rejects. */
export async function readNativeMemory(file = '/proc/self/smaps'): Promise<NativeMemory | undefined> {
  try {
    return parseNativeMemory(await readFile(file, 'latin1'));
  } catch {
    return undefined;
  }
}

interface Mapping {
  startsAt: bigint;
  endsAt: bigint;
  permissions: string;
  name: string;
  rssBytes: number;
}

/** Sorts the mappings of `/proc/PID/smaps` by kind. */
export function parseNativeMemory(smaps: string): NativeMemory {
  const mappings: Mapping[] = [];
  for (const line of smaps.split('\n')) {
    // Two dozen lines a mapping, of which two count.
    const rss = line.startsWith('Rss:') ? /^Rss:\s+(\d+) kB/.exec(line)?.[1] : undefined;
    const last = mappings.at(-1);
    if (rss !== undefined && last !== undefined) last.rssBytes = Number(rss) * 1024;
    if (line.charCodeAt(0) >= 65 && line.charCodeAt(0) <= 90) continue;
    const head = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \d+\s*(.*)$/.exec(line);
    if (head !== null) {
      const [, start = '0', end = '0', permissions = '', name = ''] = head;
      mappings.push({ startsAt: BigInt(`0x${start}`), endsAt: BigInt(`0x${end}`), permissions, name, rssBytes: 0 });
    }
  }
  const memory: NativeMemory = {
    arenaBytes: 0,
    arenas: 0,
    mainHeapBytes: 0,
    fileBytes: 0,
    stackBytes: 0,
    anonymousBytes: 0,
  };
  mappings.forEach((mapping, index) => {
    const { name, rssBytes } = mapping;
    if (isArena(mapping, mappings[index + 1])) {
      memory.arenas += 1;
      memory.arenaBytes += rssBytes;
    } else if (name === '[heap]') memory.mainHeapBytes += rssBytes;
    else if (name.startsWith('[stack')) memory.stackBytes += rssBytes;
    else if (name === '' || name.startsWith('[anon')) memory.anonymousBytes += rssBytes;
    else memory.fileBytes += rssBytes;
  });
  return memory;
}

/**
 * An arena begins at a multiple of 64 MB with what is in use, readable and writable; the rest of its 64 MB is reserved,
 * in a mapping without rights (unless it is full). V8 reserves like this too, but never exactly up to the next multiple.
 */
function isArena({ startsAt, endsAt, permissions, name }: Mapping, next: Mapping | undefined): boolean {
  if (name !== '' || permissions !== 'rw-p' || startsAt % arenaAlignment !== 0n) return false;
  if (endsAt === startsAt + arenaAlignment) return true;
  return (
    next !== undefined &&
    next.startsAt === endsAt &&
    next.permissions === '---p' &&
    next.name === '' &&
    next.endsAt === startsAt + arenaAlignment
  );
}
