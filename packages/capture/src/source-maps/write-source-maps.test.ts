import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeSourceMaps } from './write-source-maps.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ebb-maps-test-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A script as loaders make them: compiled from a text that is on no disk. Held, so that V8 does not forget it. */
function scriptWithMap(filename: string, map: object, encode: 'base64' | 'text'): Script {
  const text = JSON.stringify(map);
  const data = encode === 'base64' ? `;base64,${Buffer.from(text).toString('base64')}` : `,${encodeURIComponent(text)}`;
  const script = new Script(`globalThis;\n//# sourceMappingURL=data:application/json;charset=utf-8${data}`, {
    filename,
  });
  script.runInThisContext(); // before that it belongs to no context, and nobody is told of it
  return script;
}
const map = (source: string): object => ({ version: 3, sources: [source], names: [], mappings: 'AAAA' });
const read = (path: string): unknown => JSON.parse(readFileSync(join(folder, `${path}.map`), 'utf8'));

test('maps of scripts that were made in memory are written at their paths, for their owner alone', () => {
  const scripts = [
    scriptWithMap('/srv/shop/src/app.ts', map('app.ts'), 'base64'),
    scriptWithMap('file:///srv/shop/src/store.ts?namespace=1', map('store.ts'), 'text'),
  ];
  const { maps, left, pauseMs } = writeSourceMaps(folder);
  expect(maps).toBeGreaterThanOrEqual(scripts.length);
  expect(left).toBe(0);
  expect(pauseMs).toBeGreaterThan(0);
  expect(read('/srv/shop/src/app.ts')).toEqual(map('app.ts'));
  expect(read('/srv/shop/src/store.ts')).toEqual(map('store.ts'));
  expect(statSync(join(folder, 'srv/shop/src/app.ts.map')).mode & 0o777).toBe(0o600);
});

test('nothing is written outside of the folder, whatever a script is called', () => {
  const inner = join(folder, 'inner');
  const scripts = [
    scriptWithMap('/../../escaped.ts', map('escaped.ts'), 'base64'),
    scriptWithMap('relative.ts', map('relative.ts'), 'base64'),
    scriptWithMap('node:internal/own', map('own.ts'), 'base64'),
  ];
  writeSourceMaps(inner);
  expect(scripts).toHaveLength(3);
  expect(readdirSync(folder)).toEqual(['inner']);
  expect(existsSync(join(inner, 'escaped.ts.map'))).toBe(true);
  expect(existsSync(join(inner, 'relative.ts.map'))).toBe(false);
});

test('what is beyond the bound, or cannot be written, is counted', () => {
  const script = scriptWithMap('/srv/large.ts', { ...map('large.ts'), sourcesContent: ['x'.repeat(5000)] }, 'base64');
  expect(writeSourceMaps(folder, { maxBytes: 4000 }).left).toBeGreaterThan(0);
  expect(existsSync(join(folder, 'srv/large.ts.map'))).toBe(false);
  expect(writeSourceMaps('/proc/self/nowhere')).toMatchObject({ maps: 0, bytes: 0 });
  expect(script).toBeInstanceOf(Script);
});

test('the thread is left without an inspector session that hears of scripts', () => {
  writeSourceMaps(folder);
  const before = readdirSync(folder, { recursive: true }).length;
  const script = scriptWithMap('/srv/later.ts', map('later.ts'), 'base64');
  expect(script).toBeInstanceOf(Script);
  expect(readdirSync(folder, { recursive: true })).toHaveLength(before);
});
