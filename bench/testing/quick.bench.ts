// What does a memory test of a quick function cost, in node:test, vitest and jest? The same test file with nothing in its
// test, with `not.toLeak()` (`assertNoLeak`), with the rule that the heap must not have grown, and with jest's --detectLeaks.
//   npm run bench:quick -w packages/testing -- [RUNS]
// Committed: results/quick.md. CPU is that of the runner with all its processes.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { here, machine } from './corpus.ts';

const runs = Number(process.argv[2] ?? 5);
const folder = join(here, 'fixtures');
const peers = join(here, 'peers');
if (!existsSync(join(peers, 'node_modules'))) {
  const flags = ['install', '--no-audit', '--no-fund', '--no-save', '--ignore-scripts'];
  execFileSync('npm', flags, { cwd: peers, stdio: 'inherit' });
}
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const temporary = mkdtempSync(join(tmpdir(), 'ebb-quick-'));

interface Runner {
  readonly name: string;
  readonly args: readonly string[];
  /** `ebb`, and what else the runner is asked to do; '' is an empty test. */
  readonly methods: readonly string[];
}

const jest = ['--experimental-vm-modules', join(peers, 'node_modules/jest/bin/jest.js'), '--config', 'jest.config.mjs'];
const runners: readonly Runner[] = [
  { name: 'node:test', args: ['--test', 'node-test.mjs'], methods: ['', 'ebb', 'grew'] },
  { name: 'vitest', args: [vitest, 'run', '--config', 'vitest.config.mjs'], methods: ['', 'ebb', 'grew'] },
  { name: 'jest', args: jest, methods: ['', 'ebb', 'detect'] },
];
const words: Readonly<Record<string, string>> = {
  '': 'an empty test',
  ebb: '`not.toLeak()`',
  grew: 'the heap must not have grown',
  detect: '`--detectLeaks`',
};

interface Run {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly passed: boolean;
}

/** One run of a runner. Bash tells the CPU of a process with all that it has waited for. */
function run({ args }: Runner, work: string, method: string): Run {
  const flags = method === 'detect' ? ['--detectLeaks'] : [];
  const script = 'TIMEFORMAT="%R %U %S"; time "$@" >/dev/null 2>"$0"';
  const log = join(temporary, 'stderr');
  const { stderr, status } = spawnSync('bash', ['-c', script, log, process.execPath, ...args, ...flags], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, QUICK: `${work} ${method}`, NODE_OPTIONS: '', NO_COLOR: '1' },
  });
  const [seconds = 0, user = 0, system = 0] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return { seconds, cpuSeconds: user + system, passed: status === 0 };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const cases = runners.flatMap((runner) =>
  runner.methods.flatMap((method) =>
    (method === '' ? [''] : ['sync', 'async']).map((work) => ({ runner, method, work, all: [] as Run[] })),
  ),
);
for (let time = 0; time < runs; time++) {
  for (const each of cases) {
    const measured = run(each.runner, each.work, each.method);
    each.all.push(measured);
    console.error(`${each.runner.name} ${each.method} ${each.work}: ${JSON.stringify(measured)}`);
  }
}

const out = [
  machine(),
  '',
  `Medians of ${String(runs)} runs of a whole runner with one test, and what that is more than with an empty test. "sync" makes a Set, "async" awaits a promise and makes a Map; neither keeps anything, so a test that fails is a false alarm. "keeps" adds an object to a Set of the module in each call: a leak. It was asked once.`,
  '',
  '| runner | method | function | seconds | more | CPU seconds | more | says of it | says of "keeps" |',
  '|---|---|---|---|---|---|---|---|---|',
];
for (const { runner, method, work, all } of cases) {
  const empty = cases.find((each) => each.runner === runner && each.method === '')?.all ?? [];
  const [seconds, cpu] = [median(all.map((each) => each.seconds)), median(all.map((each) => each.cpuSeconds))];
  const more = [
    seconds - median(empty.map((each) => each.seconds)),
    cpu - median(empty.map((each) => each.cpuSeconds)),
  ].map((value) => (method === '' ? '–' : value.toFixed(1)));
  const failed = all.filter(({ passed }) => !passed).length;
  const said = method === '' ? '–' : failed === 0 ? 'passes' : `fails in ${String(failed)} of ${String(runs)}`;
  const keeps = method === '' || work !== 'sync' ? '–' : run(runner, 'keeps', method).passed ? 'passes' : 'fails';
  out.push(
    `| ${runner.name} | ${words[method] ?? ''} | ${work === '' ? '–' : work} | ${seconds.toFixed(1)} | ${more[0] ?? ''} | ${cpu.toFixed(1)} | ${more[1] ?? ''} | ${said} | ${keeps} |`,
  );
}
rmSync(temporary, { recursive: true });
const report = `${out.join('\n')}\n`;
process.stdout.write(report);
writeFileSync(join(here, 'results/quick.md'), report);
