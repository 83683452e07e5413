// Compiles scan.ts and writes src/parse/kernel/scan-wasm.ts; with --check says whether that file is what scan.ts gives.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const target = here('../src/parse/kernel/scan-wasm.ts');
const folder = mkdtempSync(join(tmpdir(), 'ebb-kernel-'));
try {
  const wasm = join(folder, 'scan.wasm');
  const flags = ['-O3', '--runtime', 'stub', '--noAssert', '--enable', 'simd', '--importMemory'];
  const asc = fileURLToPath(import.meta.resolve('assemblyscript/bin/asc.js'));
  execFileSync(process.execPath, [asc, here('scan.ts'), '-o', wasm, ...flags], { stdio: 'inherit' });
  const lines =
    readFileSync(wasm)
      .toString('base64')
      .match(/.{1,108}/gu) ?? [];
  const text = [
    '// Made from kernel/scan.ts by `npm run kernel -w @ebb/heap`; a test holds both together.',
    '/** The compiled inner loops, base64. */',
    'export const scanWasm: string = [',
    ...lines.map((line) => `  '${line}',`),
    "].join('');",
    '',
  ].join('\n');
  if (process.argv.includes('--check')) process.exitCode = readFileSync(target, 'utf8') === text ? 0 : 1;
  else writeFileSync(target, text);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
