// What does it cost to read a large snapshot up to the retained size of every node, in CPU and memory, beside DevTools'
// engine (heap-snapshot-toolkit) in the same run? Each engine runs in processes of its own, in turns; the median counts.
// Run by hand: node_modules/.bin/node bench/heap/analyze.bench.ts [sessions] [rounds] > bench/heap/results/analyze.md
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const sessions = Number(process.argv[2] ?? 150_000);
const rounds = Number(process.argv[3] ?? 3);
const dist = (file: string): string => new URL(`../../packages/heap/dist/${file}`, import.meta.url).href;

/** Each is a program that reads the file in `process.argv[1]` and leaves `retained`: retained bytes by node. */
const engines: Record<string, string> = {
  // The parts, not the whole analysis: the peer does not look for leaks either.
  Ebb: `
    const { parseSnapshot } = await import('${dist('parse/parse-snapshot.js')}');
    const { buildGraph } = await import('${dist('graph/heap-graph.js')}');
    const { computeDominators, retainedSizes } = await import('${dist('graph/dominators.js')}');
    const parsed = parseSnapshot(process.argv[1]);
    mark('parse');
    const graph = buildGraph(parsed);
    mark('graph');
    const tree = computeDominators(graph);
    mark('dominators');
    const retained = retainedSizes(graph, tree);`,
  'heap-snapshot-toolkit': `
    const { createReadStream } = await import('node:fs');
    const { parse } = await import('heap-snapshot-toolkit');
    const { retainedSizes: retained } = await parse(createReadStream(process.argv[1], 'utf8'));`,
};

interface Run {
  cpuSeconds: number;
  peakRssMegabytes: number;
  nodes: number;
  rootBytes: number;
  phases: Record<string, number>;
}

const around = (engine: string): string => `
  const phases = {};
  let last = process.cpuUsage();
  const mark = (phase) => {
    const { user, system } = process.cpuUsage(last);
    phases[phase] = (user + system) / 1e6;
    last = process.cpuUsage();
  };
  ${engine}
  const { user, system } = process.cpuUsage();
  console.log(JSON.stringify({
    cpuSeconds: (user + system) / 1e6,
    peakRssMegabytes: process.resourceUsage().maxRSS / 1024,
    nodes: retained.length,
    rootBytes: retained[0],
    phases,
  }));`;

function run(engine: string, file: string): Run {
  const args = ['--max-old-space-size=12000', '--input-type=module', '-e', around(engine), file];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Run;
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

const folder = mkdtempSync(join(tmpdir(), 'ebb-bench-'));
try {
  const file = join(folder, 'large.heapsnapshot');
  const writer = fileURLToPath(new URL('write-snapshot.cjs', import.meta.url));
  execFileSync(process.execPath, ['--max-old-space-size=4000', writer, file, String(sessions)]);
  const runs: Record<string, Run[]> = Object.fromEntries(Object.keys(engines).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, engine] of Object.entries(engines)) runs[name].push(run(engine, file));
  }
  const answers = new Set(Object.values(runs).flatMap((list) => list.map(({ nodes, rootBytes }) => nodes * rootBytes)));
  if (answers.size !== 1) throw new Error('The engines disagree on what the root retains.');
  const megabytes = (statSync(file).size / 1e6).toFixed(0);
  const nodes = (runs['Ebb'][0].nodes / 1e6).toFixed(1);
  console.log(`# Reading a snapshot up to retained sizes\n`);
  console.log(
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}; ${megabytes} MB, ${nodes} million nodes,`,
  );
  console.log(`median of ${rounds} runs in turns.\n`);
  console.log('| engine | CPU, s | peak memory, MB |\n|---|---|---|');
  for (const [name, list] of Object.entries(runs)) {
    const cpu = median(list.map(({ cpuSeconds }) => cpuSeconds)).toFixed(1);
    console.log(`| ${name} | ${cpu} | ${median(list.map(({ peakRssMegabytes }) => peakRssMegabytes)).toFixed(0)} |`);
  }
  const parts = Object.keys(runs['Ebb'][0].phases).map((phase) => {
    return `${phase} ${median(runs['Ebb'].map(({ phases }) => phases[phase])).toFixed(1)} s`;
  });
  console.log(
    `\nEbb's CPU: ${parts.join(', ')}. heap-snapshot-toolkit cannot stop there: it also computes distances, class`,
  );
  console.log('names and statistics. Both find the same number of nodes and the same bytes retained by the root.');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
