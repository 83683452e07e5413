import { describe, expect, it } from 'vitest';
import { parseNativeMemory, readNativeMemory } from './native-memory.ts';

const mapping = (range: string, permissions: string, name: string, rssKilobytes: number): string =>
  `${range} ${permissions} 00000000 00:00 0 ${name === '' ? '' : `                  ${name}`}
Size:               1024 kB
Rss:                ${String(rssKilobytes)} kB
Pss:                ${String(rssKilobytes)} kB
VmFlags: rd wr mr mw me ac sd`;

const arena = '7f0c00000000';

describe('parseNativeMemory', () => {
  it("tells glibc's arenas from the heap, files, stacks and the rest", () => {
    const text = [
      mapping('00400000-02a00000', 'r-xp', '/usr/bin/node', 20_000),
      mapping('03000000-04000000', 'rw-p', '[heap]', 3000),
      mapping('10000000000-10000040000', 'rw-p', '', 256),
      mapping(`${arena}-7f0c00800000`, 'rw-p', '', 7000),
      mapping('7f0c00800000-7f0c04000000', '---p', '', 0),
      mapping('7f0c10000000-7f0c14000000', 'rw-p', '', 65_536),
      mapping('7f0c20000000-7f0c20100000', 'rw-p', '', 1000),
      mapping('7ffd00000000-7ffd00021000', 'rw-p', '[stack]', 40),
    ].join('\n');
    expect(parseNativeMemory(text)).toEqual({
      arenas: 2,
      arenaBytes: (7000 + 65_536) * 1024,
      mainHeapBytes: 3000 * 1024,
      fileBytes: 20_000 * 1024,
      stackBytes: 40 * 1024,
      anonymousBytes: (256 + 1000) * 1024,
    });
  });

  it('makes nothing of what it does not understand', () => {
    expect(parseNativeMemory('Rss: 5 kB\nnonsense\n\u0000\n')).toMatchObject({ arenas: 0, anonymousBytes: 0 });
  });
});

describe('readNativeMemory', () => {
  it.runIf(process.platform === 'linux')('adds up to about what Node says RSS is', async () => {
    const memory = await readNativeMemory();
    const { arenaBytes = 0, mainHeapBytes = 0, fileBytes = 0, stackBytes = 0, anonymousBytes = 0 } = memory ?? {};
    const sum = arenaBytes + mainHeapBytes + fileBytes + stackBytes + anonymousBytes;
    const { rss } = process.memoryUsage();
    expect(sum).toBeGreaterThan(rss * 0.7);
    expect(sum).toBeLessThan(rss * 1.3);
  });

  it('is undefined where there is no such file', async () => {
    expect(await readNativeMemory('/nonexistent/smaps')).toBeUndefined();
  });
});
