// One step of the Action: reads its inputs from the environment (never from the text of a script: a branch may be called
// anything), runs `ebb`, and leaves SARIF logs in $RUNNER_TEMP/ebb. `ebb review` and `ebb soak` annotate by themselves;
// for `ebb test` that is done here.
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const step = process.argv[2];
const logs = join(process.env['RUNNER_TEMP'] ?? '.', 'ebb');
mkdirSync(logs, { recursive: true });

/** @param {string} name */
const input = (name) => (process.env[`EBB_ACTION_${name}`] ?? '').trim();
/** @param {string} name */
const lines = (name) =>
  input(name)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
/** @param {string} flag @param {string} value */
const flag = (flag, value) => (value === '' ? [] : [flag, value]);

const [program = 'ebb', ...first] = input('COMMAND').split(/\s+/u);
/** @param {readonly string[]} args @param {'inherit' | 'pipe'} stdout */
function ebb(args, stdout = 'inherit') {
  const {
    status,
    error,
    stdout: told,
  } = spawnSync(program, [...first, ...args], {
    stdio: ['ignore', stdout, 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (error) throw error;
  return { code: status ?? 3, told: told ?? '' };
}

/** @typedef {{ repoPath?: string, line: number }} Location */
/** @typedef {{ title: string, holder: { location: Location | null }, insertedAt: Location | null }} Finding */
/** @typedef {{ file?: string, verdict: string, bytesPerIteration: number, findings: Finding[] }} TestReport */

process.exitCode = { review, test, soak, audit }[/** @type {'review'} */ (step)]();

function review() {
  const { GITHUB_BASE_REF = '' } = process.env;
  const base = input('BASE') || (GITHUB_BASE_REF === '' ? '' : `origin/${GITHUB_BASE_REF}`);
  const sarif = join(logs, 'review.sarif');
  return ebb(['review', ...flag('--base', base), ...flag('--baseline', input('BASELINE')), '--sarif', sarif]).code;
}

function test() {
  const { code, told } = ebb(['test', '--json', ...lines('WORKLOADS')], 'pipe');
  if (told === '') return code; // what went wrong stands on standard error
  /** @type {TestReport & { tests?: TestReport[] }} */
  // The shape is ebb.test/1, which `ebb` itself has just written.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment
  const report = JSON.parse(told);
  const tests = report.tests ?? [report];
  const rows = tests.map(
    ({ file, verdict, bytesPerIteration }) =>
      `| ${file ?? lines('WORKLOADS')[0]} | ${verdict} | ${Math.round(bytesPerIteration)} |`,
  );
  summarize(['| memory test | verdict | bytes an iteration |', '| --- | --- | ---: |', ...rows].join('\n'));
  for (const { verdict, findings } of tests) {
    for (const { title, holder, insertedAt } of verdict === 'leak' ? findings : []) {
      const at = insertedAt ?? holder.location;
      const place = at?.repoPath === undefined ? '' : ` file=${property(at.repoPath)},line=${at.line}`;
      console.log(`::error${place === '' ? ' ' : `${place},`}title=ebb test::${data(title)}`);
    }
  }
  return code;
}

function soak() {
  const routes = lines('ROUTES').flatMap((route) => ['--route', route]);
  const files = ['--sarif', join(logs, 'soak.sarif'), '--junit', join(logs, 'soak.xml')];
  const summary = flag('--summary', process.env['GITHUB_STEP_SUMMARY'] ?? '');
  const budget = flag('--budget', input('BUDGET'));
  // A shell reads the command as `run` would.
  return ebb(['soak', ...routes, ...files, ...summary, ...budget, '--', 'bash', '-c', `exec ${input('SERVICE')}`]).code;
}

function audit() {
  return ebb(['audit', '--sarif', join(logs, 'audit.sarif')]).code;
}

/** @param {string} text */
function summarize(text) {
  console.log(text);
  const file = process.env['GITHUB_STEP_SUMMARY'];
  if (file !== undefined) appendFileSync(file, `${text}\n\n`);
}

/** @param {string} text */
function data(text) {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** @param {string} text */
function property(text) {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
