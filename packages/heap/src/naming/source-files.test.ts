import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { afterAll, expect, test } from 'vitest';
import { isNodeInternal } from './locator.ts';
import { SourceFiles } from './source-files.ts';

const root = mkdtempSync(join(tmpdir(), 'ebb-sources-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const typed = ['interface Cart {', '  owner: string;', '}', 'export const carts: Cart[] = [];', ''].join('\n');

/** Compiles the TypeScript above into a folder of its own; returns the JavaScript's path. */
function compiled(name: string, options: ts.CompilerOptions, publishesSource: boolean = true): string {
  const folder = join(root, name);
  mkdirSync(folder);
  if (publishesSource) writeFileSync(join(folder, 'carts.ts'), typed);
  const { outputText, sourceMapText } = ts.transpileModule(typed, {
    fileName: 'carts.ts',
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, ...options },
  });
  writeFileSync(join(folder, 'carts.js'), outputText);
  if (sourceMapText !== undefined) writeFileSync(join(folder, 'carts.js.map'), sourceMapText);
  return join(folder, 'carts.js');
}

const columnOfName = 'export const '.length;

test.each([
  { how: 'beside it', options: { sourceMap: true } },
  { how: 'within it', options: { inlineSourceMap: true } },
])('a line of compiled code is told as the line that a person wrote: source map $how', ({ how, options }) => {
  const file = compiled(how, options);
  const original = new SourceFiles().original(file, 0, columnOfName);
  expect(original).toEqual({ file: file.replace(/js$/, 'ts'), line: 4, column: columnOfName + 1 });
});

test('a source map to a source that was not published is passed over: the compiled file can be opened', () => {
  const file = compiled('unpublished', { sourceMap: true }, false);
  expect(new SourceFiles().original(file, 0, columnOfName)).toEqual({ file, line: 1, column: columnOfName + 1 });
});

test('a source map that is broken or gone is passed over', () => {
  const [broken, gone] = [compiled('broken', { sourceMap: true }), compiled('gone', { sourceMap: true })];
  writeFileSync(`${broken}.map`, '{"version":3,"mappings":');
  rmSync(`${gone}.map`);
  for (const file of [broken, gone]) {
    expect(new SourceFiles().original(file, 0, 3)).toEqual({ file, line: 1, column: 4 });
  }
});

test('names of scripts become paths, where they are file URLs', () => {
  const sources = new SourceFiles();
  const path = '/srv/a shop/carts.js';
  expect(sources.pathOf(pathToFileURL(path).href)).toBe(path);
  expect(['node:events', path, 'file:%%%'].map((name) => sources.pathOf(name))).toEqual([
    'node:events',
    path,
    'file:%%%',
  ]);
});

test("Node's own scripts are told from a program's", () => {
  expect(['node:events', 'internal/util', undefined, '/srv/app.js'].map(isNodeInternal)).toEqual([
    true,
    true,
    true,
    false,
  ]);
});
