import { spawnSync, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { evaluated, holds } from './action-expressions.ts';
import { NoOperationTraceWriter, parseAction, parseWorkflow } from './workflow-parser.ts';

// The Action without GitHub: its steps are read from action.yml and run as a runner runs them: conditions and expressions
// (by GitHub's own library), environment, bash with -eo pipefail. What is of others (`uses`) is not run.
const repository = fileURLToPath(new URL('..', import.meta.url));
const folder = join(repository, 'action');
const text = readFileSync(join(folder, 'action.yml'), 'utf8');
const action = parse(text) as {
  inputs: Record<string, { default: string }>;
  runs: { using: string; steps: Step[] };
};
interface Step {
  name: string;
  if: string;
  uses?: string;
  shell?: string;
  run?: string;
  env?: Record<string, string>;
  'working-directory'?: string;
}

const folders: string[] = [];
afterEach(() => {
  for (const each of folders.splice(0)) rmSync(each, { recursive: true, force: true });
});

const leaky = 'const hits = new Map();\nexport const hit = (ip) => {\n  hits.set(ip, 1);\n};\n';

/** A repository with a service, its base on `origin/main`, and a change on top that leaks or does not. */
function repositoryOf(change: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'ebb-action-'));
  folders.push(root);
  const git = (...args: string[]): void => {
    const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.test', '-c', 'commit.gpgsign=false'];
    execFileSync('git', [...identity, ...args], { cwd: root });
  };
  const write = (files: Record<string, string>): void => {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), text);
    }
    git('add', '.');
    git('commit', '-q', '-m', 'change');
  };
  git('init', '-q', '-b', 'main');
  write({
    'package.json': '{"type":"module"}',
    'package-lock.json': '{"lockfileVersion":3,"packages":{}}',
    '.gitignore': 'node_modules\n',
  });
  git('update-ref', 'refs/remotes/origin/main', 'HEAD');
  write(change);
  mkdirSync(join(root, 'node_modules/.bin'), { recursive: true });
  symlinkSync(join(repository, 'packages/cli/bin/ebb.js'), join(root, 'node_modules/.bin/ebb'));
  return root;
}

interface Outcome {
  ran: string[];
  failed: string[];
  stdout: string;
  summary: string;
  temp: string;
}

/** Runs the Action's steps for a pull request. */
function run(root: string, given: Record<string, string>): Outcome {
  const temp = mkdtempSync(join(tmpdir(), 'ebb-runner-'));
  folders.push(temp);
  for (const name of Object.keys(given)) expect(Object.keys(action.inputs)).toContain(name);
  const inputs = {
    ...Object.fromEntries(Object.entries(action.inputs).map(([name, each]) => [name, each.default])),
    ...given,
  };
  const contexts = { inputs, runner: { temp } };
  const outcome: Outcome = { ran: [], failed: [], stdout: '', summary: '', temp };
  for (const step of action.runs.steps) {
    if (!holds(step.if, contexts) || step.run === undefined) continue;
    outcome.ran.push(step.name);
    const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run], {
      cwd: join(root, evaluated(step['working-directory'] ?? '.', contexts)),
      encoding: 'utf8',
      env: {
        ...process.env,
        NO_COLOR: '1',
        CI: 'true',
        GITHUB_ACTIONS: 'true',
        GITHUB_ACTION_PATH: folder,
        GITHUB_BASE_REF: 'main',
        GITHUB_WORKSPACE: root,
        GITHUB_STEP_SUMMARY: join(temp, 'summary.md'),
        RUNNER_TEMP: temp,
        ...Object.fromEntries(Object.entries(step.env ?? {}).map(([key, value]) => [key, evaluated(value, contexts)])),
      },
    });
    outcome.stdout += stdout + stderr;
    if (status !== 0) outcome.failed.push(step.name);
  }
  try {
    outcome.summary = readFileSync(join(temp, 'summary.md'), 'utf8');
  } catch {
    // no step wrote one
  }
  return outcome;
}

test('is an action as GitHub reads it, and so are the workflows of the guide', () => {
  const trace = new NoOperationTraceWriter();
  const errorsOf = (content: string): string[] =>
    parseAction({ name: 'action.yml', content }, trace)
      .context.errors.getErrors()
      .map(({ message }) => message);
  expect(errorsOf(text)).toEqual([]);
  expect(errorsOf(text.replace('shell: bash', 'shel: bash'))).not.toEqual([]);
  expect(errorsOf(text.replace('inputs.review ', 'input.review '))).not.toEqual([]);

  const guide = readFileSync(join(repository, 'docs/guide/review.md'), 'utf8');
  const shown = [...guide.matchAll(/^```yaml\n(.*?)^```$/gmsu)].map(([, yaml]) => yaml);
  expect(shown.length).toBeGreaterThan(1);
  for (const yaml of shown) {
    const steps = yaml.startsWith('- ') ? `steps:\n${yaml}` : yaml;
    const content = `on: pull_request\njobs:\n  ebb:\n    runs-on: ubuntu-latest\n${steps.replace(/^/gmu, '    ')}`;
    const { context } = parseWorkflow({ name: 'workflow.yml', content }, trace);
    expect(context.errors.getErrors(), content).toEqual([]);
  }
});

test('a change that leaks fails the review, with an annotation at its line and a SARIF log', () => {
  const { ran, failed, stdout, temp } = run(repositoryOf({ 'src/hits.js': leaky }), {});
  expect({ ran, failed }).toEqual({ ran: ['Review'], failed: ['Review'] });
  expect(stdout).toMatch(/^::error file=src\/hits\.js,line=3,endLine=3,col=3,title=ebb\/no-unbounded-collection::/mu);
  const log = JSON.parse(readFileSync(join(temp, 'ebb/review.sarif'), 'utf8')) as {
    version: string;
    runs: { results: unknown[] }[];
  };
  expect([log.version, log.runs[0].results.length]).toEqual(['2.1.0', 1]);
});

test('a change without a leak passes, and the audit runs where it is asked for', () => {
  const { ran, stdout } = run(repositoryOf({ 'src/add.js': 'export const add = (a, b) => a + b;\n' }), {
    audit: 'true',
  });
  expect(ran).toEqual(['Review', 'Audit']);
  expect(stdout).toContain('Nothing found in 1 changed file');
  expect(stdout).toMatch(/0 packages and Node\.js /u);
});

test(
  'memory tests and a soak run though the review failed, annotate the line that leaks, and sum up',
  { timeout: 240_000 },
  () => {
    const root = repositoryOf({
      'src/hits.js': leaky,
      'memory/leaks.js': "import { hit } from '../src/hits.js';\nexport const iterate = (i) => hit(`visitor ${i}`);\n",
      'memory/clean.js': 'export const iterate = (i) => [i].length;\n',
      'server.js':
        "import { createServer } from 'node:http';\nimport { hit } from './src/hits.js';\nlet n = 0;\ncreateServer((request, response) => {\n  if (request.url === '/hit') hit(`visitor ${n++}, of the service`);\n  response.end('ok');\n}).listen(process.env.PORT, '127.0.0.1');\n",
    });
    const { ran, failed, stdout, summary } = run(root, {
      workloads: 'memory/clean.js\nmemory/leaks.js\n',
      routes: 'GET /hit\n\nGET /health',
      command: 'node server.js',
    });
    expect({ ran, failed }).toEqual({
      ran: ['Review', 'Memory tests', 'Soak test'],
      failed: ['Review', 'Memory tests', 'Soak test'],
    });
    expect(stdout).toMatch(/^::error file=src\/hits\.js,line=\d+,title=ebb test::/mu);
    expect(summary).toMatch(/\| .*memory\/clean\.js \| clean \| -?\d \|\n\| .*memory\/leaks\.js \| leak \| \d+ \|/u);
    expect(summary).toContain('GET /hit');
  },
);

test('an input is data: what stands in it is not run', () => {
  const root = repositoryOf({ 'src/add.js': 'export const add = 1;\n' });
  const { failed, stdout } = run(root, { base: '$(touch pwned); `touch pwned`' });
  expect(failed).toEqual(['Review']);
  expect(stdout).toContain('EBB_CLI_REVIEW_BASE');
  expect(() => readFileSync(join(root, 'pwned'))).toThrow();
});
