// Code that a bundler made one file of, without names: the report speaks of the sources, wherever the map is.
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, describe, expect, test } from 'vitest';
import { programFolder, programPath } from '../fixtures/programs/run-program.ts';
import { analyze } from './analyze.ts';
import type { FindingsReport } from './finding.ts';

const folder = programFolder();
afterAll(() => folder.stop());

const orders = readFileSync(programPath('bundled/orders.ts'), 'utf8').split('\n');
const lineOf = (mark: string): number => orders.findIndex((line) => line.endsWith(`// ${mark}`)) + 1;

interface Bundling {
  minify: boolean;
  sourcemap: 'inline' | 'linked' | 'external';
  /** Where the map goes: beside the bundle, or into a folder of its own. */
  maps?: 'apart';
}

let bundles = 0;

/** Bundles, runs and analyses; the sources are gone by then. */
async function reportOn({ minify, sourcemap, maps }: Bundling): Promise<{ root: string; report: FindingsReport }> {
  const root = join(folder.root, `bundle-${String(bundles++)}`);
  mkdirSync(root, { recursive: true });
  cpSync(programPath('bundled'), join(root, 'src'), { recursive: true });
  const outfile = join(root, 'dist/server.mjs');
  await build({
    entryPoints: [join(root, 'src/app.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    minify,
    sourcemap,
  });
  if (maps === 'apart') {
    mkdirSync(join(root, 'artefacts/js'), { recursive: true });
    cpSync(`${outfile}.map`, join(root, 'artefacts/js/server.mjs.map'));
    rmSync(`${outfile}.map`);
  }
  rmSync(join(root, 'src'), { recursive: true });
  const { files } = await folder.run(outfile);
  const sourceMaps = maps === 'apart' ? { sourceMaps: 'artefacts' } : {};
  return { root, report: analyze({ files, cwd: root, work: [], ...sourceMaps, onProgress: () => undefined }) };
}

describe('a bundle whose sources are not on this machine', () => {
  test.concurrent.each<Bundling>([
    { minify: true, sourcemap: 'inline' },
    { minify: true, sourcemap: 'linked' },
    { minify: false, sourcemap: 'linked' },
    { minify: true, sourcemap: 'external', maps: 'apart' },
  ])('is told by the names and lines of its sources: minified $minify, map $sourcemap $maps', async (bundling) => {
    const { root, report } = await reportOn(bundling);
    expect(report.verdict).toBe('leak');
    expect(report.findings).toHaveLength(1);
    const [finding] = report.findings;
    const file = join(root, 'src/orders.ts');
    expect(finding.subject).toBe('openOrders (Map)');
    expect(finding.holder.location).toMatchObject({ file, line: lineOf('declared'), repoPath: 'src/orders.ts' });
    expect(finding.insertedAt).toMatchObject({ file, line: lineOf('inserted') });
    expect(finding.removedAt).toEqual([]);
    expect(finding.sample.type).toBe('OpenOrder');
    expect(JSON.stringify(report)).not.toContain('SECRET');
  });

  test.concurrent('is told as what runs where its map is nowhere', async () => {
    const { report, root } = await reportOn({ minify: true, sourcemap: 'external' });
    // Nothing in the bundle points to the map beside it: only a folder of maps would.
    expect(report.findings[0].holder.location).toMatchObject({ file: join(root, 'dist/server.mjs') });
  });
});

test('a folder without source maps is an error, before any snapshot is read', () => {
  const missing = (): unknown =>
    analyze({ files: ['/none'], cwd: folder.root, work: [], sourceMaps: 'nowhere', onProgress: () => undefined });
  expect(missing).toThrow(expect.objectContaining({ code: 'EBB_HEAP_SOURCE_MAPS_UNREADABLE' }) as Error);
});
