// `npm test`: everything that is checked before a change goes in, one step after the other. A step that fails does not
// hide what comes after it; the end is non-zero if any step failed or did not run.
//
//   npm test                   all steps
//   npm test -- lint format    only these

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bringChromium, bringMonitoring, bringPostgres } from './test-needs.mjs';

const repository = fileURLToPath(new URL('..', import.meta.url));
const toolchain = join(repository, 'node_modules/.bin');
const testReport = join(repository, '.cache/vitest.json');

/** @typedef {{ ok: boolean, detail: string }} Outcome what a step found, in one line */
/** @typedef {{ name: string, title: string, run: () => Outcome }} Step */

/** The oldest Node.js that all tools of the repository run on (dependency-cruiser asks for the most). */
const oldestNode = [22, 13];

/** @type {readonly Step[]} */
const steps = [
  { name: 'lockfile', title: 'The lock file names no registry', run: checkLockFiles },
  { name: 'build', title: 'Build (tsc -b)', run: () => tool('tsc', ['-b']) },
  { name: 'types', title: 'Types of tests and scripts', run: () => tool('tsc', ['-p', 'tsconfig.check.json']) },
  { name: 'lint', title: 'Lint (eslint)', run: () => tool('eslint', ['--max-warnings', '0', '.']) },
  { name: 'format', title: 'Format (prettier)', run: () => tool('prettier', ['--check', '--log-level', 'warn', '.']) },
  { name: 'layers', title: 'Layers (dependency-cruiser)', run: checkLayers },
  { name: 'dead-code', title: 'Dead code (knip)', run: () => tool('knip', ['--no-progress', '--no-config-hints']) },
  { name: 'docs', title: 'Docs: links, commands, error codes', run: () => script('check-docs.mjs') },
  { name: 'nodes', title: 'Node.js versions that tests run on (test/nodes)', run: () => bring('test/nodes') },
  { name: 'runners', title: 'Test runners that memory tests run in (test/runners)', run: () => bring('test/runners') },
  {
    name: 'frameworks',
    title: 'Web frameworks whose routes are told (test/frameworks)',
    run: () => bring('test/frameworks'),
  },
  { name: 'browser', title: 'Chromium, for the tests of pages (scripts/test-needs.mjs)', run: bringBrowser },
  {
    name: 'postgres',
    title: "PostgreSQL, for the tests of the server's store (scripts/test-needs.mjs)",
    run: bringDatabase,
  },
  {
    name: 'monitoring',
    title: 'Prometheus and Alertmanager, for the tests with the real peers (scripts/test-needs.mjs)',
    run: bringPeers,
  },
  { name: 'tests', title: 'Tests (vitest)', run: runTests },
];

process.exitCode = main(process.argv.slice(2));

/**
 * @param {string[]} wanted names of steps, none for all
 * @returns {number} the exit code
 */
function main(wanted) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode;
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    const hint = existsSync(join(toolchain, 'node')) ? 'npm test' : 'npm ci && npm test';
    console.error(`The checks need Node.js ${oldestNode.join('.')} or later; this is ${process.version}.`);
    console.error(`The repository brings Node.js 24 along, and npm's scripts run on it: ${hint}`);
    return 1;
  }
  const unknown = wanted.filter((name) => !steps.some((step) => step.name === name));
  if (unknown.length > 0) {
    console.error(`No such step: ${unknown.join(', ')}. Steps: ${steps.map(({ name }) => name).join(', ')}`);
    return 1;
  }
  const chosen = steps.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  const failed = chosen.filter((step) => !runStep(step));
  console.log(`\n${chosen.length - failed.length} passed, ${failed.length} failed`);
  if (failed.length > 0) console.log(`Failed: ${failed.map(({ name }) => name).join(', ')}`);
  return failed.length > 0 ? 1 : 0;
}

/**
 * @param {Step} step
 * @returns {boolean} whether it passed
 */
function runStep({ name, title, run }) {
  console.log(`\n── ${name}: ${title}`);
  const startedMs = performance.now();
  let outcome;
  try {
    outcome = run();
  } catch (error) {
    outcome = { ok: false, detail: `did not run: ${error instanceof Error ? error.stack : String(error)}` };
  }
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${outcome.ok ? 'ok  ' : 'FAIL'}  ${name}: ${outcome.detail} (${seconds} s)`);
  return outcome.ok;
}

/**
 * Runs a program with its output going straight to the terminal.
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {Outcome}
 */
function program(command, args, environment = {}) {
  const path = `${toolchain}${delimiter}${process.env['PATH'] ?? ''}`;
  const run = spawnSync(command, args, {
    cwd: repository,
    stdio: 'inherit',
    env: { ...process.env, PATH: path, ...environment },
  });
  if (run.error) return { ok: false, detail: `did not run: ${run.error.message}` };
  if (run.signal) return { ok: false, detail: `${command} was ended by ${run.signal}` };
  return run.status === 0 ? { ok: true, detail: 'nothing wrong' } : { ok: false, detail: `exit code ${run.status}` };
}

/**
 * @param {string} name of a program in node_modules/.bin
 * @param {string[]} args
 * @returns {Outcome}
 */
function tool(name, args) {
  if (!existsSync(join(toolchain, name))) {
    return { ok: false, detail: `did not run: ${name} is not installed, run \`npm ci\` first` };
  }
  return program(name, args);
}

/**
 * @param {string} name of a script beside this one
 * @returns {Outcome}
 */
function script(name) {
  return program(process.execPath, [join(repository, 'scripts', name)]);
}

/**
 * A lock file that names a registry's host sends everybody to that host, whatever their own registry is.
 * @returns {Outcome}
 */
function checkLockFiles() {
  const wrong = [];
  const folders = ['.', 'test/nodes', 'test/runners', 'test/frameworks'];
  for (const file of folders.map((folder) => join(folder, 'package-lock.json'))) {
    if (!existsSync(join(repository, file))) continue;
    const { packages } = JSON.parse(readFileSync(join(repository, file), 'utf8'));
    for (const [path, entry] of Object.entries(packages)) {
      if (/^[a-z+]+:/.test(entry.resolved ?? '')) wrong.push(`${file}: ${path} is resolved to ${entry.resolved}`);
    }
  }
  for (const line of wrong) console.log(line);
  if (wrong.length === 0) return { ok: true, detail: 'nothing wrong' };
  return { ok: false, detail: `${wrong.length} entries name a host: install again with the repository's .npmrc` };
}

/** @returns {Outcome} */
function checkLayers() {
  const roots = ['packages', 'examples', 'test', 'scripts', 'bench'].filter((root) =>
    existsSync(join(repository, root)),
  );
  return tool('depcruise', ['--config', '.dependency-cruiser.mjs', ...roots]);
}

/**
 * Installs what tests start and the repository itself does without, unless it is there already.
 * @param {string} folder
 * @returns {Outcome}
 */
function bring(folder) {
  if (missingPackages(folder).length === 0) return { ok: true, detail: 'already installed' };
  const installed = program('npm', ['ci', '--prefix', folder]);
  const missing = missingPackages(folder);
  if (installed.ok && missing.length === 0) return { ok: true, detail: 'installed' };
  console.log(`\nNot all packages of ${folder} could be installed. Suites that need them and do not run whole:`);
  for (const file of suitesThatNeed(folder)) console.log(`  ${file}`);
  return {
    ok: false,
    detail: `npm ci --prefix ${folder}: ${installed.detail}; missing: ${missing.join(', ') || 'none'}`,
  };
}

/**
 * The binaries are optional dependencies, one a platform, and npm passes over an optional one that it cannot get. So
 * what is on the disk is held against what the lock file has for this platform.
 * @param {string} folder
 * @returns {string[]} the packages that are missing, or there in another version
 */
function missingPackages(folder) {
  /** @typedef {string | string[] | undefined} Only */
  /** @type {{ packages: Record<string, { version?: string, os?: Only, cpu?: Only, libc?: Only, optional?: boolean }> }} */
  const { packages } = JSON.parse(readFileSync(join(repository, folder, 'package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([path, { os, cpu, libc, optional }]) => {
      // Of what several builds do for, the one for another C library.
      if (libc !== undefined && optional === true) return false;
      const platforms = [os ?? process.platform].flat();
      const architectures = [cpu ?? process.arch].flat();
      return path !== '' && platforms.includes(process.platform) && architectures.includes(process.arch);
    })
    .filter(([path, { version }]) => {
      const manifest = join(repository, folder, path, 'package.json');
      return !existsSync(manifest) || JSON.parse(readFileSync(manifest, 'utf8')).version !== version;
    })
    .map(([path]) => path.replace('node_modules/', ''));
}

/**
 * Installs Debian's Chromium where that is possible, unless there is one already.
 * @returns {Outcome}
 */
function bringBrowser() {
  const outcome = bringChromium();
  if (!outcome.ok) {
    console.log('\nThere is no Chromium. Suites that need it and do not run:');
    const startsBrowser = /from '[^']*\/browser\.ts'/;
    for (const file of testFiles().filter((file) => startsBrowser.test(textOf(file)))) console.log(`  ${file}`);
  }
  return outcome;
}

/**
 * Installs Debian's PostgreSQL where that is possible, unless there is one already.
 * @returns {Outcome}
 */
function bringDatabase() {
  const outcome = bringPostgres();
  if (!outcome.ok) {
    console.log('\nThere is no PostgreSQL. Suites that need it and do not run whole:');
    const startsCluster = /from '[^']*\/(?:postgres|empty-places)\.ts'/;
    for (const file of testFiles().filter((file) => startsCluster.test(textOf(file)))) console.log(`  ${file}`);
  }
  return outcome;
}

/**
 * Installs Debian's Prometheus and Alertmanager where that is possible, unless they are there already.
 * @returns {Outcome}
 */
function bringPeers() {
  const outcome = bringMonitoring();
  if (!outcome.ok) {
    console.log('\nThere is no Prometheus or no Alertmanager. Suites that need them and do not run:');
    const startsPeers = /from '[^']*\/monitoring\.ts'/;
    for (const file of testFiles().filter((file) => startsPeers.test(textOf(file)))) console.log(`  ${file}`);
  }
  return outcome;
}

/**
 * @param {string} folder
 * @returns {string[]} the test files that speak of the folder
 */
function suitesThatNeed(folder) {
  const mentionsFolder = new RegExp(`['"\`/]${folder.split('/').at(-1)}['"\`/]`);
  return testFiles().filter((file) => file.startsWith(`${folder}/`) || mentionsFolder.test(textOf(file)));
}

/**
 * @param {string} file relative to the repository
 * @returns {string}
 */
function textOf(file) {
  return readFileSync(join(repository, file), 'utf8');
}

/** @returns {string[]} relative to the repository */
function testFiles() {
  return ['packages', 'examples', 'test']
    .flatMap((root) => readdirSync(join(repository, root), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts') && !entry.parentPath.includes('node_modules'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => relative(repository, file));
}

/**
 * A test that is skipped has checked nothing, so it counts as one that did not run. Tests start thousands of real
 * processes; where a few files fail they are run once more, and a test that passes then is told by its name: it has
 * found something that happens now and then, in the test or in Ebb, and is to be mended.
 * @returns {Outcome}
 */
function runTests() {
  const first = runVitest([]);
  if (first === null) return { ok: false, detail: 'did not report' };
  const { failedFiles } = first;
  const again = first.ok || failedFiles.length === 0 || failedFiles.length > 3 ? null : runVitest(failedFiles);
  const passedThen = new Set(again?.tests.filter(({ status }) => status === 'passed').map(nameOf));
  const flaky = first.tests.filter((test) => test.status === 'failed' && passedThen.has(nameOf(test)));
  for (const test of flaky) console.log(`FLAKY  ${nameOf(test)}: failed, and passed when it was run again`);
  const notRun = first.tests.filter(({ status }) => status !== 'passed' && status !== 'failed');
  for (const test of notRun) console.log(`DID NOT RUN  ${nameOf(test)}`);
  const failed = first.tests.filter(({ status }) => status === 'failed').length - flaky.length;
  const passed = first.tests.length - failed - flaky.length - notRun.length;
  const detail = `${passed} tests passed, ${flaky.length} when run again, ${failed} failed, ${notRun.length} did not run`;
  const ok = (first.ok || again?.ok === true) && failed === 0;
  return { ok: ok && first.tests.length > 0 && notRun.length === 0, detail };
}

/** @typedef {{ file: string, fullName: string, status: string }} TestResult */

/**
 * @param {string[]} files all when empty
 * @returns {{ ok: boolean, tests: TestResult[], failedFiles: string[] } | null} null when vitest has not reported
 */
function runVitest(files) {
  mkdirSync(join(repository, '.cache'), { recursive: true });
  rmSync(testReport, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${testReport}`];
  const { ok } = tool('vitest', ['run', ...reporters, ...files]);
  if (!existsSync(testReport)) return null;
  /** @type {{ testResults: { name: string, status: string, assertionResults: { fullName: string, status: string }[] }[] }} */
  const { testResults } = JSON.parse(readFileSync(testReport, 'utf8'));
  const tests = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ fullName, status }) => ({ file: relative(repository, name), fullName, status })),
  );
  // A file that cannot be loaded has no tests.
  const failedFiles = testResults
    .filter(({ status }) => status === 'failed')
    .map(({ name }) => relative(repository, name));
  return { ok, tests, failedFiles };
}

/**
 * @param {TestResult} test
 * @returns {string}
 */
function nameOf({ file, fullName }) {
  return `${file}: ${fullName}`;
}
