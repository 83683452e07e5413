// What do other methods say of the same leaks, mended versions and look-alikes? jest's --detectLeaks, memlab's leak finder
// and its analysis of growing collections, fuite's method (seven iterations; a class whose count grew by a multiple of
// seven), and the rule that the heap must not have grown.
//   npm run bench:peers -w packages/testing -- [--corpus DIR] [--snapshots DIR] [--only id,id] [--sample N]
// Committed: results/peers.md, answers in results/peers.json; a bench that was ended goes on where it stopped. Cases have to
// be installed (score.mjs of the corpus does it). --snapshots has triples that the corpus' driver made, ID.VERSION/1…3.
import { openSnapshot } from '@ebb/heap';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { here, KeptAnswers, machine, readSubjects, type Subject } from './corpus.ts';

const { values } = parseArgs({
  options: {
    corpus: { type: 'string' },
    snapshots: { type: 'string' },
    only: { type: 'string' },
    sample: { type: 'string' },
  },
});
const corpus = values.corpus ?? join(here, '../../../shared/corpus');
const peers = join(here, 'peers');
if (!existsSync(join(peers, 'node_modules'))) {
  const flags = ['install', '--no-audit', '--no-fund', '--no-save', '--ignore-scripts'];
  execFileSync('npm', flags, { cwd: peers, stdio: 'inherit' });
}

/** Whether each method reports a leak; null where it failed. */
type Said = Record<string, boolean | null>;
const kept = new KeptAnswers<Said>(join(here, 'results/peers.json'));
const LIMIT_MS = 300_000;

/** Three snapshots by the corpus' driver: after the warm-up, half-way, at the end. */
function snapshots(subject: Subject, folder: string, iterations: number): string[] {
  const { warmUp, nodeArgs, env } = subject;
  const flags = ['--expose-gc', '--max-old-space-size=2048', ...nodeArgs, join(corpus, 'driver.mjs')];
  const args = [
    ...flags,
    join(subject.folder, 'workload.mjs'),
    'snapshots',
    folder,
    String(warmUp),
    String(iterations),
  ];
  execFileSync(process.execPath, args, {
    cwd: subject.folder,
    env: { ...process.env, NODE_ENV: 'production', ...env },
    stdio: 'ignore',
    timeout: LIMIT_MS,
  });
  return [1, 2, 3].map((at) => join(folder, `${String(at)}.heapsnapshot`));
}

/** Objects of each class; strings, numbers, arrays and what is V8's own are left out, as fuite does. */
async function counts(file: string): Promise<Map<string, number>> {
  const heap = await openSnapshot(file);
  try {
    const found = new Map<string, number>();
    for (let offset: number | null = 0; offset !== null;) {
      const page = await heap.classes({ offset, limit: 1000 });
      for (const { type, objects } of page.rows) {
        const name = /^function\b/u.test(type) ? '(closure)' : type;
        if (/^(?:\((?!closure|regexp)|system |string$|number$|InternalNode)/u.test(name)) continue;
        found.set(name, (found.get(name) ?? 0) + objects);
      }
      offset = page.next;
    }
    return found;
  } finally {
    await heap.close();
  }
}

async function heapBytes(file: string): Promise<number> {
  const heap = await openSnapshot(file);
  try {
    return (await heap.summary()).heapBytes;
  } finally {
    await heap.close();
  }
}

const ITERATIONS_OF_FUITE = 7;

async function fuite(subject: Subject, folder: string): Promise<boolean> {
  const [before, after] = snapshots(subject, folder, 2 * ITERATIONS_OF_FUITE);
  const [start, end] = [await counts(before), await counts(after)];
  return [...end].some(([type, objects]) => {
    const delta = objects - (start.get(type) ?? objects);
    return delta > 0 && delta % ITERATIONS_OF_FUITE === 0;
  });
}

/** In a process of its own: it prints much, and keeps what it has read. */
function memlab(script: string, args: string[]): string {
  const { stdout, status } = spawnSync(process.execPath, ['--max-old-space-size=4096', '-e', script, ...args], {
    cwd: peers,
    encoding: 'utf8',
    timeout: LIMIT_MS,
  });
  if (status !== 0) throw new Error('memlab failed');
  return stdout;
}

const FIND = `const [a, b, c, workDir] = process.argv.slice(1);
require('@memlab/api').findLeaksBySnapshotFilePaths(a, b, c, { workDir, consoleMode: 'SILENT' })
  .then((leaks) => console.log('\\nLEAKS ' + leaks.length));`;
const GROWING = `const [folder, workDir] = process.argv.slice(1);
const { default: Analysis } = require('@memlab/heap-analysis/dist/plugins/CollectionUnboundGrowthAnalysis.js');
new Analysis().analyzeSnapshotsInDirectory(folder, { workDir })
  .then(({ analysisOutputFile }) => console.log('\\n' + require('fs').readFileSync(analysisOutputFile, 'utf8')));`;

/** It lists collections by their sizes, `· Map [object](@85287):  801 > 1001 > 1001`: one that rose in both steps counts. */
function risesTwice(printed: string): boolean {
  return [...printed.matchAll(/\n· .*?:\s+(\S+) > (\S+) > (\S+)/gu)].some(([, ...sizes]) => {
    const [first, second, third] = sizes.map((size) => Number(size.replaceAll(',', '')));
    return first < second && second < third;
  });
}

/** The workload as one test of jest, five hundred iterations of it. */
function jest(subject: Subject, folder: string): boolean {
  writeFileSync(
    join(folder, 'case.test.mjs'),
    `import * as workload from ${JSON.stringify(join(subject.folder, 'workload.mjs'))};
test('the workload', async () => {
  await workload.setup?.();
  for (let i = 0; i < 500; i++) await workload.iterate(i);
  await workload.teardown?.();
}, ${String(LIMIT_MS)});\n`,
  );
  writeFileSync(
    join(folder, 'jest.config.json'),
    JSON.stringify({ rootDir: folder, transform: {}, testMatch: ['**/*.test.mjs'], testEnvironment: 'node' }),
  );
  const bin = join(peers, 'node_modules/jest/bin/jest.js');
  const flags = ['--experimental-vm-modules', ...subject.nodeArgs, bin, '--config', join(folder, 'jest.config.json')];
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, '--detectLeaks', '--forceExit', '--no-cache'], {
    cwd: subject.folder,
    env: { ...process.env, ...subject.env, NODE_OPTIONS: '' },
    encoding: 'utf8',
    timeout: LIMIT_MS,
  });
  const said = stdout + stderr;
  if (/test suite is leaking memory/u.test(said)) return true;
  if (/Tests:\s+1 passed/u.test(said)) return false;
  throw new Error(`jest did not run it: ${said.slice(-600)}`);
}

async function askAll(subject: Subject): Promise<Said> {
  const folder = mkdtempSync(join(tmpdir(), 'ebb-peers-'));
  const sub = (): string => mkdtempSync(join(folder, 'a-'));
  const said: Said = {};
  const ask = async (name: string, method: () => boolean | Promise<boolean>): Promise<void> => {
    try {
      said[name] = await method();
    } catch (error) {
      console.error(`${subject.id} ${subject.version}, ${name}: ${String(error).slice(0, 800)}`);
      said[name] = null;
    }
  };
  try {
    const given = join(values.snapshots ?? folder, `${subject.id}.${subject.version}`);
    const triples = (): string => (existsSync(join(given, '3.heapsnapshot')) ? given : '');
    let at = triples();
    if (at === '') snapshots(subject, (at = sub()), subject.iterations);
    const files = [1, 2, 3].map((k) => join(at, `${String(k)}.heapsnapshot`));
    await ask('jest --detectLeaks', () => jest(subject, sub()));
    await ask('fuite’s method', () => fuite(subject, sub()));
    await ask('memlab, leak finder', () => !/\nLEAKS 0\b/u.test(memlab(FIND, [...files, sub()])));
    await ask('memlab, growing collections', () => risesTwice(memlab(GROWING, [at, sub()])));
    await ask('the heap grew', async () => (await heapBytes(files[2])) > (await heapBytes(files[0])));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return said;
}

const subjects = readSubjects(join(corpus, 'cases'), values);
for (const subject of subjects) {
  const key = `${subject.id} ${subject.version}`;
  if (kept.all[key] !== undefined) continue;
  if (!existsSync(join(subject.folder, 'workload.mjs'))) console.error(`${key} is not installed`);
  else kept.keep(key, await askAll(subject));
  console.error(key, JSON.stringify(kept.all[key]));
}

// What `ebb test` said of the same, in its first run of the other bench.
const repeated = join(here, 'results/repeat.json');
const own = existsSync(repeated)
  ? (JSON.parse(readFileSync(repeated, 'utf8')) as Record<string, { verdict: string }[]>)
  : {};
const everything = readSubjects(join(corpus, 'cases'), {});
const rows = everything.flatMap(({ id, version }) => {
  const said = kept.all[`${id} ${version}`];
  if (said === undefined) return [];
  const verdict = own[`${id} ${version}`]?.[0]?.verdict;
  const ebb = verdict === undefined || verdict === 'error' ? null : verdict === 'leak';
  const all: Said = { 'ebb test': ebb, ...said };
  return [{ id, version, said: all }];
});
const methods = Object.keys(rows[0]?.said ?? {});
const out = [
  machine(),
  '',
  `${String(rows.length)} of ${String(everything.length)} subjects, by an order that says nothing of them. A method that did not run a subject counts neither way; where \`ebb test\` has no answer, the other bench has not asked it yet.`,
  '',
  '| method | leaks found | false alarms |',
  '|---|---|---|',
];
for (const method of methods) {
  const cell = (version: string): string => {
    const answered = rows.filter((row) => row.version === version && typeof row.said[method] === 'boolean');
    return `${String(answered.filter((row) => row.said[method]).length)} of ${String(answered.length)}`;
  };
  out.push(`| ${method} | ${cell('leaky')} | ${cell('fixed')} |`);
}
out.push('', `| case | version | ${methods.join(' | ')} |`, `|---|---|${'---|'.repeat(methods.length)}`);
const word = (said: boolean | null | undefined): string => (typeof said === 'boolean' ? (said ? 'leak' : 'none') : '–');
for (const { id, version, said } of rows)
  out.push(`| ${id} | ${version} | ${methods.map((m) => word(said[m])).join(' | ')} |`);
const report = `${out.join('\n')}\n`;
process.stdout.write(report);
writeFileSync(join(here, 'results/peers.md'), report);
