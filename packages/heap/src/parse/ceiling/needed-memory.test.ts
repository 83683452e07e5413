import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { HeapError } from '../../errors/heap-error.ts';
import { leakyHeap } from '../../fixtures/leaky-series.ts';
import { buildSnapshot, snapshotFolder } from '../../fixtures/snapshot-builder.ts';
import { parseSnapshot } from '../parse-snapshot.ts';
import { asTooLarge, neededBytes } from './needed-memory.ts';

const folder = snapshotFolder();
afterAll(() => folder.stop());

function messageOf(file: string, availableBytes: number): string {
  try {
    parseSnapshot(file, undefined, undefined, { bytes: availableBytes, of: 'this container' });
    return 'read';
  } catch (error) {
    if (error instanceof HeapError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

describe('a snapshot that is too large for the memory', () => {
  const text = buildSnapshot(leakyHeap(20_000));

  test('is refused before its nodes are read, with both figures and what to do', () => {
    const file = folder.write(text);
    let reads = 0;
    try {
      parseSnapshot(file, () => reads++, 4096, { bytes: 50e6, of: 'this container' });
    } catch (error) {
      expect((error as Error).message).toMatch(
        /^The analysis of \S+ takes about 0\.0\d GB of memory \(40,\d\d\d objects, 4\d,\d\d\d references\), and this container has 0\.05 GB left\. Analyse it where there is more, or take a snapshot while the heap is smaller: the same leak shows\.$/,
      );
    }
    expect(reads).toBe(1);
    expect(messageOf(file, 50e6)).toMatch(/^EBB_HEAP_TOO_LARGE: /);
    expect(messageOf(file, 200e6)).toBe('read');
  });

  test('packed, it is refused by the counts at its head likewise, and by its strings as they come', () => {
    const strings = buildSnapshot(leakyHeap(10), { moreStrings: Array.from({ length: 60 }, () => 'x'.repeat(1e6)) });
    expect(messageOf(folder.write(gzipSync(text)), 50e6)).toMatch(/^EBB_HEAP_TOO_LARGE: /);
    const bomb = folder.write(gzipSync(strings));
    expect(messageOf(bomb, 100e6)).toMatch(
      /^EBB_HEAP_TOO_LARGE: .* takes about 0\.10 GB of memory and more: its strings/,
    );
    expect(messageOf(bomb, 200e6)).toBe('read');
  });

  test('packed, a header that claims what no memory holds is refused, not believed', () => {
    for (const [name, value] of [
      ['node_count', 3e9],
      ['edge_count', 4e9],
      ['node_count', 2 ** 52],
    ] as const) {
      const lying = buildSnapshot(leakyHeap(10), { overrides: ({ snapshot }) => (snapshot[name] = value) });
      const padded = `${lying.slice(0, -1)},"more":"${'x'.repeat(20e6)}"}`;
      expect(messageOf(folder.write(gzipSync(padded)), 1e9)).toMatch(/^EBB_HEAP_(?:TOO_LARGE|CORRUPT): /);
    }
  });

  test('one whose arrays V8 refuses is too large, too; other errors stay what they are', () => {
    const refused = asTooLarge(new RangeError('Array buffer allocation failed'), 'a.heapsnapshot');
    expect(refused).toMatchObject({ code: 'EBB_HEAP_TOO_LARGE' });
    const other = new RangeError('Invalid count value: -1');
    expect(asTooLarge(other, 'a.heapsnapshot')).toBe(other);
  });
});

// The peak of a process is told by Linux only.
test.runIf(existsSync('/proc/self/status'))(
  'the estimate is not under what an analysis takes, nor far above it',
  () => {
    const spec = leakyHeap(120_000);
    const [nodeCount, edgeCount] = [spec.nodes.length, spec.edges?.length ?? 0];
    const file = folder.write(buildSnapshot(spec));
    const dist = new URL('../../../dist/index.js', import.meta.url).href;
    const script = `
    import { readFileSync } from 'node:fs';
    import { analyzeSnapshots } from ${JSON.stringify(dist)};
    const before = process.memoryUsage().rss;
    const report = await analyzeSnapshots([process.argv[1]]);
    const peak = Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
    console.log(JSON.stringify({ takenBytes: peak - before, objects: report.snapshots[0].objects, fileBytes: report.snapshots[0].fileBytes }));`;
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', script, file], { encoding: 'utf8' });
    const { takenBytes, objects, fileBytes } = JSON.parse(out) as Record<
      'takenBytes' | 'objects' | 'fileBytes',
      number
    >;
    expect(objects).toBe(nodeCount);
    const layout = { nodeCount, edgeCount } as Parameters<typeof neededBytes>[0];
    const estimate = neededBytes(layout, fileBytes);
    expect(estimate).toBeGreaterThan(takenBytes);
    expect(estimate).toBeLessThan(3 * takenBytes);
  },
);
