// Builds the native addon of the forked snapshot when the package is installed. It never fails: where the addon cannot
// be built, everything else works, and what is missing is written down for the error that tells of it.
//
// node-gyp is npm's own. The headers are those of the npm package node-api-headers, and native/nodedir stands in for
// the folder that node-gyp would download, so that nothing is fetched.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('..', import.meta.url));
const timeoutMs = 180_000;

let outcome;
try {
  const reason = build();
  outcome = { built: reason === null, reason };
} catch (error) {
  outcome = { built: false, reason: error instanceof Error ? error.message : String(error) };
}
if (outcome.reason !== null) {
  console.log(`@ebb/capture: snapshots without a pause are not available here: ${outcome.reason}`);
  console.log('@ebb/capture: everything else works. `npm rebuild @ebb/capture` tries again.');
}
try {
  mkdirSync(join(folder, 'build'), { recursive: true });
  writeFileSync(join(folder, 'build/outcome.json'), `${JSON.stringify(outcome)}\n`);
} catch {
  // A package folder that cannot be written to: the addon is not there either, and that is said when it is asked for.
}

/** @returns {string | null} why it was not built; null when it was */
function build() {
  if (process.platform !== 'linux') return `it is for Linux, and this is ${process.platform}`;
  if (process.arch !== 'x64' && process.arch !== 'arm64') return `it is for x64 and arm64, and this is ${process.arch}`;
  const headers = headerFolder();
  if (headers === null) return 'the npm package node-api-headers is not installed (an optional dependency)';
  const nodeGyp = nodeGypProgram();
  if (nodeGyp === null) return "node-gyp was not found; it comes with npm, at npm's node_modules/node-gyp";
  const missing = ['make', 'python3'].filter((name) => !onPath(name));
  if (missing.length > 0) return `${missing.join(' and ')} not found`;
  if (process.env['CC'] === undefined && !onPath('cc') && !onPath('gcc')) return 'no C compiler was found';
  const run = spawnSync(
    process.execPath,
    [nodeGyp, 'rebuild', `--nodedir=${join(folder, 'native/nodedir')}`, '--jobs=max', `--napi_include_dir=${headers}`],
    { cwd: folder, env: environment(), encoding: 'utf8', timeout: timeoutMs, maxBuffer: 1 << 26 },
  );
  if (run.status === 0 && existsSync(join(folder, 'build/Release/ebb_capture.node'))) return null;
  if (run.error !== undefined) return `node-gyp did not run to its end: ${run.error.message}`;
  return `node-gyp failed: ${lastWords(`${run.stdout}\n${run.stderr}`)}`;
}

/** @returns {string | null} */
function headerFolder() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('node-api-headers')), 'include');
  } catch {
    return null;
  }
}

/** @returns {string | null} the script of node-gyp: the one that npm names, or the one of the npm beside this Node */
function nodeGypProgram() {
  const prefix = dirname(dirname(process.execPath));
  return (
    [
      process.env['npm_config_node_gyp'],
      ...['lib', 'share', '.'].map((part) =>
        join(prefix, part, 'node_modules/npm/node_modules/node-gyp/bin/node-gyp.js'),
      ),
    ].find((file) => file !== undefined && existsSync(file)) ?? null
  );
}

/**
 * node-gyp takes every npm_config_… variable for an option of its own, and above those on its command line: a nodedir
 * or a target that somebody has set for other addons would win over ours.
 * @returns {NodeJS.ProcessEnv}
 */
function environment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_config_(?!python$)/i.test(name)));
}

/**
 * @param {string} name
 * @returns {boolean}
 */
function onPath(name) {
  return (process.env['PATH'] ?? '').split(delimiter).some((part) => part !== '' && existsSync(join(part, name)));
}

/**
 * @param {string} output
 * @returns {string} the line that says most, without the folders of this machine
 */
function lastWords(output) {
  const lines = output.split('\n').map((line) => line.trim());
  const telling =
    lines.find((line) => /error:|ERR! (?:find|stack Error)/.test(line)) ?? lines.filter(Boolean).at(-1) ?? '';
  return telling.replaceAll(folder, '').slice(0, 300);
}
