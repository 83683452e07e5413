// What snapshots come in, on every Node: files, packed files, pipes and standard input; and an analysis called off
// while it waits for them.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import * as zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildSnapshot } from '../../packages/heap/src/fixtures/snapshot-builder.ts';
import { leakySeries } from '../../packages/heap/src/fixtures/leaky-series.ts';
import { availableNodes } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-inputs-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
const at = (name: string): string => join(folder, name);
const heap = fileURLToPath(new URL('../../packages/heap/dist/index.js', import.meta.url));
const { zstdCompressSync } = zlib as unknown as { zstdCompressSync: (text: string) => Buffer };

beforeAll(() => {
  leakySeries().forEach((spec, k) => {
    const text = buildSnapshot(spec);
    writeFileSync(at(`${String(k)}.heapsnapshot`), text);
    writeFileSync(at(`${String(k)}.gz`), gzipSync(text));
    writeFileSync(at(`${String(k)}.zst`), zstdCompressSync(text));
  });
  writeFileSync(
    at('analyze.mjs'),
    `import { analyzeSnapshots } from ${JSON.stringify(heap)};
     const report = await analyzeSnapshots(process.argv.slice(2)).catch(({ code, message }) => ({ code, message }));
     console.log(JSON.stringify(report.findings ? [report.verdict, report.findings[0]?.subject] : [report.code, report.message]));`,
  );
  writeFileSync(
    at('abort.mjs'),
    `import { analyzeSnapshots } from ${JSON.stringify(heap)};
     const stop = new AbortController();
     setTimeout(() => stop.abort(), 500);
     const { code } = await analyzeSnapshots([process.argv[2]], { signal: stop.signal }).catch((error) => error);
     console.log(code);`,
  );
});

/** What a program of this Node prints, or how it ended where it prints nothing; its standard input is the file, or what the shell pipes in. */
async function run(node: string, script: string, shell: string): Promise<string> {
  const child = spawn('bash', ['-c', shell.replaceAll('NODE', `"${node}" ${script}`)], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const end = await new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
  return text.trim() || `nothing, and ended with ${String(end)}`;
}

const leak = JSON.stringify(['leak', 'sessions (Map)']);

describe.each(availableNodes())('on Node $major', ({ major, path: node }) => {
  test.each([
    ['files', 'NODE 0.heapsnapshot 1.heapsnapshot 2.heapsnapshot'],
    ['packed files and one that is not', 'NODE 0.gz 1.heapsnapshot 2.gz'],
    ['a file on standard input', 'NODE 0.gz 1.gz - < 2.heapsnapshot'],
    ['a packed file on standard input', 'NODE 0.gz 1.gz - < 2.gz'],
    ['a pipe on standard input', 'cat 0.heapsnapshot | NODE - 1.gz 2.gz'],
    ['a packed pipe on standard input', 'cat 1.gz | NODE 0.gz /dev/stdin 2.gz'],
    ['what a shell substitutes', 'NODE <(cat 0.gz) <(gzip -dc 1.gz) <(cat 2.heapsnapshot)'],
  ])('%s', async (_, shell) => {
    expect(await run(node, 'analyze.mjs', shell)).toBe(leak);
  });

  test('zstd is unpacked, or told to be beyond this Node', async () => {
    const told = await run(node, 'analyze.mjs', 'NODE 0.zst 1.zst - < 2.zst');
    if (major >= 22) expect(told).toBe(leak);
    else
      expect(told).toMatch(
        /^\["EBB_HEAP_COMPRESSION","0\.zst is compressed with zstd, which this Node\.js \(v20\..*22\.15, 23\.8/,
      );
  });

  test('standard input that is named twice is refused', async () => {
    expect(await run(node, 'analyze.mjs', 'cat 0.gz | NODE - -')).toContain('EBB_HEAP_FILE_UNREADABLE');
  });

  test.each([
    ['a pipe that nobody writes to', 'NODE silent'],
    ['standard input that does not come', 'exec 3<> silent; NODE - <&3'],
  ])('an analysis that waits for %s can be called off', async (_, shell) => {
    const pipe = at('silent');
    rmSync(pipe, { force: true });
    execFileSync('mkfifo', [pipe]);
    const told = await run(node, 'abort.mjs', shell);
    expect(told).toBe('EBB_HEAP_ABORTED');
  });

  test('standard input that is a terminal or nothing is told', async () => {
    expect(await run(node, 'analyze.mjs', 'NODE - < /dev/null')).toContain('standard input is empty');
    expect(await run(node, 'analyze.mjs', `script -qec '"${node}" analyze.mjs -' /dev/null`)).toContain(
      'standard input is a terminal',
    );
  });
});
