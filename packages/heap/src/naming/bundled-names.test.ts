import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { afterAll, expect, test } from 'vitest';
import { BundledNames } from './bundled-names.ts';
import { SourceFiles } from './source-files.ts';

const root = mkdtempSync(join(tmpdir(), 'ebb-names-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const source = [
  `const braces = { text: '}}} { "', pattern: /[}/]{2}/g, half: 1 / 2 };`,
  'const sessions = new Map();',
  'export function remember(user, limit) {',
  '  const template = `{ ${user.name + `}${limit}`} `;',
  '  const sessions = [template]; /* } */',
  '  return () => sessions.push(user, limit, braces);',
  '}',
  'export class SessionStore {',
  '  open(visitor) {',
  '    return sessions.set(visitor, remember(visitor, 3)); // } sessions',
  '  }',
  '}',
].join('\n');

let files = 0;

function minified(): { script: string; text: string; names: BundledNames } {
  const script = join(root, `${String(files++)}/app.mjs`);
  mkdirSync(join(script, '..'));
  const { code, map } = transformSync(source, { minify: true, sourcemap: true, sourcefile: 'app-source.js' });
  const text = `${code}//# sourceMappingURL=app.mjs.map\n`;
  writeFileSync(script, text);
  writeFileSync(`${script}.map`, map);
  return { script, text, names: new BundledNames(new SourceFiles({ cwd: root })) };
}

/** The minified name and the place of what a piece of the minified text captures. */
function capture(text: string, pattern: RegExp): { name: string; at: { line: number; column: number } } {
  const found = pattern.exec(text);
  if (!found) throw new Error(`${String(pattern)} is not in ${text}`);
  return { name: found[1], at: { line: 0, column: found.index + found[0].lastIndexOf(found[1]) } };
}

test('a variable is looked up as JavaScript does: the nearest declaration around the function, not one of a like name', () => {
  const { script, text, names } = minified();
  const pushing = capture(text, /=>(\w+)\.push/);
  expect(names.variable(script, pushing.name, pushing.at)).toMatchObject({ name: 'sessions', line: 5 });
  const setting = capture(text, /(\w+)\.set\(/);
  expect(names.variable(script, setting.name, setting.at)).toMatchObject({ name: 'sessions', line: 2 });
});

test('a parameter of the function around is a variable of its scope too', () => {
  const { script, text, names } = minified();
  const pushed = capture(text, /\.push\((\w+),/);
  expect(names.variable(script, pushed.name, pushed.at)).toMatchObject({ name: 'user', line: 3 });
});

test('braces in strings, templates, comments and regular expressions open no block', () => {
  const { script, text, names } = minified();
  const braces = capture(text, /\.push\(\w+,\w+,(\w+)\)/);
  expect(names.variable(script, braces.name, braces.at)).toMatchObject({ name: 'braces', line: 1 });
});

test("a class's name is found where its code begins", () => {
  const { script, text, names } = minified();
  const renamed = capture(text, /class (\w+)/);
  expect(names.named(script, renamed.name, { line: 0, column: text.indexOf('class') })).toBe('SessionStore');
});

test('nothing is made up: for a name that is nowhere, or a script without a map', () => {
  const { script, names } = minified();
  expect(names.variable(script, 'nowhere', { line: 0, column: 5 })).toBeUndefined();
  expect(names.variable(join(root, 'other.mjs'), 'a', { line: 0, column: 0 })).toBeUndefined();
});
