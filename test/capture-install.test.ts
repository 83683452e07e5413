/**
 * The addon's install script, in a copy of the package: it never fails an installation, says what is missing, and fetches
 * nothing.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const source = fileURLToPath(new URL('../packages/capture', import.meta.url));
const headers = dirname(createRequire(join(source, 'package.json')).resolve('node-api-headers/package.json'));

let folder: string;
let copy: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ebb-install-'));
  copy = join(folder, 'node_modules/@ebb/capture');
  mkdirSync(copy, { recursive: true });
  for (const part of ['binding.gyp', 'dist', 'native', 'package.json'])
    cpSync(join(source, part), join(copy, part), { recursive: true });
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const withHeaders = (): void => {
  symlinkSync(headers, join(folder, 'node_modules/node-api-headers'));
};

/** Where a program is, as a shell would find it. */
function find(program: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((part) => join(part, program))
    .find((file) => existsSync(file));
}

/** A PATH with some programs only. */
function only(...programs: string[]): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const program of programs) {
    const file = find(program);
    if (file === undefined) throw new Error(`this test needs ${program}`);
    symlinkSync(realpathSync(file), join(bin, program));
  }
  return bin;
}

/** As npm tells it to install scripts; else that of the npm on the PATH. */
function nodeGyp(): string {
  const { npm_config_node_gyp: told } = process.env;
  if (told !== undefined) return told;
  const npm = realpathSync(find('npm') ?? '');
  return join(dirname(npm), '../node_modules/node-gyp/bin/node-gyp.js');
}

/** Runs it as npm does, with a home of its own, and nothing beyond this machine to be reached. */
function install(path: string): { status: number | null; said: string } {
  const nowhere = 'http://127.0.0.1:9';
  const { status, stdout, stderr } = spawnSync(process.execPath, ['native/install.mjs'], {
    cwd: copy,
    encoding: 'utf8',
    env: {
      PATH: path,
      HOME: folder,
      HTTP_PROXY: nowhere,
      HTTPS_PROXY: nowhere,
      npm_config_node_gyp: nodeGyp(),
    },
  });
  return { status, said: `${stdout}${stderr}` };
}

/** What a program that uses the package is told. */
function use(text: string): string {
  const program = `import { captureSnapshot, captureSnapshotInline } from '@ebb/capture'; ${text}`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: folder, encoding: 'utf8' });
}

test.each([
  ['no C compiler', true, ['make', 'python3'], 'no C compiler was found'],
  ['neither make nor Python', true, ['cc'], 'make and python3 not found'],
  ['no headers', false, ['make', 'python3', 'cc'], 'the npm package node-api-headers is not installed'],
])(
  'with %s the installation succeeds, and says why there are no snapshots without a pause',
  (_, hasHeaders, programs, why) => {
    if (hasHeaders) withHeaders();
    const { status, said } = install(only(...programs));
    expect(status).toBe(0);
    expect(said).toContain(`snapshots without a pause are not available here: ${why}`);
    expect(said).toContain('everything else works');
    // The reason comes with the error, and an inline snapshot is taken all the same.
    const told = use(`
    await captureSnapshot({ file: 'forked' }).catch(({ code, message }) => console.log(code + ': ' + message));
    console.log(captureSnapshotInline('inline').method);`);
    expect(told).toMatch(/^EBB_CAPTURE_NO_ADDON: /);
    expect(told).toContain(why);
    expect(told).toMatch(/\ninline\n$/);
  },
);

test(
  'with a compiler it is built without a network, from the headers that npm has brought',
  { timeout: 200_000 },
  () => {
    withHeaders();
    expect(install(process.env['PATH'] ?? '')).toEqual({ status: 0, said: '' });
    expect(use(`console.log((await captureSnapshot({ file: 'forked' })).method);`)).toBe('fork\n');
    // node-gyp keeps what it downloads in the home.
    expect(readdirSync(folder).sort()).toEqual(['forked', 'node_modules']);
  },
);
