// What does it cost to read a snapshot, beside the peers and the floor, in CPU and memory, and does it grow with the
// file alone? Each engine runs in processes of its own, in turns; the median counts. Ebb's is the analysis of one snapshot
// (names, classes, retained sizes, paths, findings), and the same with all that `ebb analyze` can tell of one besides
// (duplicated strings, buffers, waste, kept scopes, treemap); heap-snapshot-toolkit parses and computes retained sizes
// and class names; memlab parses and computes dominators and retained sizes; the floor is floor.mjs.
// `npm run bench -w packages/heap` measures the first two sizes; arguments name others, in MB, or snapshots that exist:
// … -- 57 348 1300 /tmp/large.heapsnapshot (write-snapshot.cjs writes them)
// Committed: results/analyze.md. Peers that are not in the repository's own lock file are installed in peers/.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const dist = (file: string): string => new URL(`../../packages/heap/dist/${file}`, import.meta.url).href;

const subjects = process.argv.slice(2);
if (subjects.length === 0) subjects.push('57', '348');
const BYTES_PER_SESSION = 1170;
/** Above it one round is enough: it takes minutes. */
const ROUNDS_BELOW_MEGABYTES = 500;
const ROUNDS = 3;

/** Each is a program that reads the file in `process.argv[1]` and leaves the `nodes` and the `rootBytes` that it found. */
const engines: Record<string, string> = {
  Ebb: `
    const { parseSnapshot } = await import('${dist('parse/parse-snapshot.js')}');
    const { buildGraph } = await import('${dist('graph/heap-graph.js')}');
    const { openHeap } = await import('${dist('opened/opened-heap.js')}');
    const { findDominating } = await import('${dist('finding/dominating.js')}');
    const { classTable } = await import('${dist('contents/class-table.js')}');
    const { countClasses, describeClasses } = await import('${dist('contents/classes.js')}');
    const { retainedByClass } = await import('${dist('contents/retained-by-class.js')}');
    const heap = openHeap(buildGraph(parseSnapshot(process.argv[1])), { cwd: process.cwd(), onProgress() {} });
    const table = classTable(heap);
    const ofClasses = retainedByClass(heap, { classOf: table.classOf, classCount: table.names.length });
    const { classes } = describeClasses(heap, table, countClasses(heap, table), ofClasses);
    if (findDominating(heap).length === 0 || classes.length === 0) throw new Error('nothing found');
    const nodes = heap.graph.nodeCount, rootBytes = heap.retained[0];`,
  'Ebb, all contents': `
    const { analyze } = await import('${dist('finding/analyze.js')}');
    const report = analyze({ files: [process.argv[1]], cwd: process.cwd(), work: [], contents: true, onProgress() {} });
    if (report.findings.length === 0) throw new Error('nothing found');
    const nodes = report.snapshots[0].objects, rootBytes = report.snapshots[0].heapBytes;`,
  'heap-snapshot-toolkit': `
    const { createReadStream } = await import('node:fs');
    const { parse } = await import('heap-snapshot-toolkit');
    const { retainedSizes } = await parse(createReadStream(process.argv[1], 'utf8'));
    const nodes = retainedSizes.length, rootBytes = retainedSizes[0];`,
  memlab: `
    const { createRequire } = await import('node:module');
    const { getFullHeapFromFile } = createRequire('${new URL('peers/package.json', import.meta.url).href}')('@memlab/heap-analysis');
    const heap = await getFullHeapFromFile(process.argv[1]);
    let nodes = 0, rootBytes = null; // it takes another definition of what the root retains
    heap.nodes.forEach(() => { nodes++; });`,
};

interface Run {
  cpuSeconds: number;
  wallSeconds: number;
  peakRssMegabytes: number;
  nodes: number;
  rootBytes: number | null;
}

/** Undefined where the engine gave up. */
function runEngine(name: string, file: string): Run | undefined {
  const before = performance.now();
  const program = `${engines[name]}
    const { user, system } = process.cpuUsage();
    const peakRssMegabytes = process.resourceUsage().maxRSS / 1024;
    console.log('\\n' + JSON.stringify({ cpuSeconds: (user + system) / 1e6, peakRssMegabytes, nodes, rootBytes }));
    process.exit();`;
  const args = ['--max-old-space-size=16000', '--input-type=module', '-e', program, file];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: here('.'), encoding: 'utf8' });
  if (status !== 0) {
    process.stderr.write(`${name}: ${stderr.slice(-2000)}\n`);
    return undefined;
  }
  return { ...(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Run), wallSeconds: since(before) };
}

function runFloor(file: string): Run {
  const before = performance.now();
  const stdout = execFileSync(process.execPath, [here('floor.mjs'), file], { encoding: 'utf8' });
  return { ...(JSON.parse(stdout) as Run), rootBytes: null, wallSeconds: since(before) };
}

const since = (startMs: number): number => (performance.now() - startMs) / 1000;
const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];
const FLOOR = 'the floor';

interface Row {
  megabytes: number;
  nodes: number;
  of: Record<string, { cpuSeconds: number; wallSeconds: number; peakRssMegabytes: number }>;
}

/** The file of an argument: its own, or one of that many megabytes that is made for it. */
function fileOf(folder: string, subject: string): string {
  if (existsSync(subject)) return subject;
  const file = join(folder, `${subject}.heapsnapshot`);
  const sessions = Math.round((Number(subject) * 1e6) / BYTES_PER_SESSION);
  execFileSync(process.execPath, ['--max-old-space-size=8000', here('write-snapshot.cjs'), file, String(sessions)]);
  return file;
}

function measure(folder: string, subject: string): Row {
  const file = fileOf(folder, subject);
  const sizeMegabytes = statSync(file).size / 1e6;
  const names = [...Object.keys(engines), FLOOR];
  const runs = new Map<string, Run[]>(names.map((name) => [name, []]));
  const rounds = sizeMegabytes < ROUNDS_BELOW_MEGABYTES ? ROUNDS : 1;
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const run = name === FLOOR ? runFloor(file) : runEngine(name, file);
      if (run) runs.get(name)?.push(run);
    }
  }
  const all = [...runs.values()].flat();
  if (new Set(all.map(({ nodes }) => nodes)).size !== 1)
    throw new Error('The engines disagree on the number of nodes.');
  const rootBytes = new Set(all.flatMap((run) => run.rootBytes ?? []));
  if (rootBytes.size !== 1) throw new Error('Ebb and the toolkit disagree on what the root retains.');
  const row: Row = { megabytes: sizeMegabytes, nodes: all[0].nodes, of: {} };
  for (const [name, list] of runs) {
    if (list.length === 0) continue;
    const of = (figure: 'cpuSeconds' | 'wallSeconds' | 'peakRssMegabytes'): number =>
      median(list.map((run) => run[figure]));
    row.of[name] = {
      cpuSeconds: of('cpuSeconds'),
      wallSeconds: of('wallSeconds'),
      peakRssMegabytes: of('peakRssMegabytes'),
    };
  }
  if (file !== subject) rmSync(file);
  return row;
}

function table(rows: Row[]): string {
  const names = Object.keys(rows[0].of);
  const cell = ({ of }: Row, name: string): string =>
    name in of ? `${of[name].cpuSeconds.toFixed(2)} s, ${(of[name].peakRssMegabytes / 1024).toFixed(2)} GB` : 'gave up';
  const peer = 'heap-snapshot-toolkit';
  const ratios = ({ of }: Row): string =>
    [
      (of['Ebb'].cpuSeconds / of[peer].cpuSeconds).toFixed(2),
      (of['Ebb'].peakRssMegabytes / of[peer].peakRssMegabytes).toFixed(2),
      (of['Ebb'].cpuSeconds / of[FLOOR].cpuSeconds).toFixed(2),
      `${of['Ebb'].wallSeconds.toFixed(1)} s`,
    ].join(' | ');
  return [
    `| file | nodes | ${names.join(' | ')} | Ebb's CPU to the toolkit's | its memory | its CPU to the floor's | its wall time |`,
    `|${'---|'.repeat(names.length + 6)}`,
    ...rows.map(
      (row) =>
        `| ${row.megabytes.toFixed(0)} MB | ${(row.nodes / 1e6).toFixed(1)} M | ${names.map((name) => cell(row, name)).join(' | ')} | ${ratios(row)} |`,
    ),
  ].join('\n');
}

function plot(rows: Row[]): string {
  const series = (name: string): string =>
    `  line [${rows.map(({ of }) => of[name].cpuSeconds.toFixed(1)).join(', ')}]`;
  return [
    '```mermaid',
    'xychart-beta',
    '  title "CPU seconds by size of the file: Ebb, and above it the toolkit"',
    `  x-axis "MB" [${rows.map(({ megabytes }) => megabytes.toFixed(0)).join(', ')}]`,
    '  y-axis "CPU seconds"',
    series('Ebb'),
    series('heap-snapshot-toolkit'),
    '```',
  ].join('\n');
}

if (!existsSync(here('peers/node_modules'))) {
  const env = { ...process.env, PUPPETEER_SKIP_DOWNLOAD: '1' };
  execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: here('peers'), env, stdio: 'inherit' });
}
const folder = mkdtempSync(join(tmpdir(), 'ebb-bench-'));
try {
  const loadBefore = loadavg()[0];
  const rows = subjects.map((subject) => measure(folder, subject));
  const perMegabyte = rows.map((row) => ((row.of['Ebb'].cpuSeconds / row.megabytes) * 1000).toFixed(1));
  const text = `# Analysing one snapshot

Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB; load ${loadBefore.toFixed(1)} before, ${loadavg()[0].toFixed(1)} after.
CPU seconds (user and system, all threads) and peak memory of the whole process; median of ${ROUNDS} runs in turns, of one above ${ROUNDS_BELOW_MEGABYTES} MB.

${table(rows)}

Ebb's CPU milliseconds a megabyte: ${perMegabyte.join(', ')}.

${plot(rows)}

Ebb: names, classes, retained sizes, paths, findings; its ratios are those. All contents: duplicated strings, buffers,
over-allocated collections, kept scopes and the treemap as well, as \`ebb analyze\` tells them of one snapshot. The toolkit
parses and computes retained sizes, distances and class names; memlab parses and computes retained sizes by another
definition. The floor (floor.mjs) computes both adjacencies, dominators, retained sizes and distances, and nothing else.
Ebb and the toolkit find the same bytes retained by the root; all find the same number of nodes.
`;
  process.stdout.write(text);
  writeFileSync(here('results/analyze.md'), text);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
