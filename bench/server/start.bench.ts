// How long does `ebb up` take from nothing to serving, and how much memory: on an empty directory, and on what it left?
//
//   npm run bench:start -w packages/server -- [runs]     --write: results/start.md
//
// Measured from the start of the process until it says where it listens, and asked at once whether it is well. Beside it
// stands Node.js with an empty program, which is what no server can be below.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startServerProcess } from './server-process.ts';
import { machine, showTable } from './show-table.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean' } },
});
const runs = Number(positionals[0] ?? 10);
const mostMs = 2000;
const mostMb = 120;

interface Run {
  ms: number;
  cpuMs: number;
  rssMb: number;
}
const empty: Run[] = [];
const again: Run[] = [];
for (let i = 0; i < runs; i++) {
  const folder = mkdtempSync(join(tmpdir(), 'ebb-start-'));
  for (const kind of [empty, again]) {
    const server = await startServerProcess(['--data', folder]);
    const health = await fetch(`${server.url}/api/v1/health`);
    if (health.status !== 200) throw new Error(`it says ${health.status}`);
    kind.push({ ms: server.startMs, cpuMs: server.cpuSeconds() * 1000, rssMb: server.peakRssMb() });
    await server.stop();
  }
  rmSync(folder, { recursive: true, force: true });
}
const bare = Array.from({ length: runs }, () => {
  const beganMs = performance.now();
  spawnSync(process.execPath, ['-e', '']);
  return performance.now() - beganMs;
});

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
const row = (name: string, all: Run[]): string =>
  `| ${name} | ${median(all.map(({ ms }) => ms)).toFixed(0)} ms (${Math.max(...all.map(({ ms }) => ms)).toFixed(0)}) | ${median(all.map(({ cpuMs }) => cpuMs)).toFixed(0)} ms | ${median(all.map(({ rssMb }) => rssMb)).toFixed(0)} MB (${Math.max(...all.map(({ rssMb }) => rssMb)).toFixed(0)}) |`;
const table = [
  '# From nothing to serving',
  '',
  `\`npm run bench:start -w packages/server -- ${runs}\`, ${new Date().toISOString().slice(0, 10)}: ${machine()}, SQLite. Medians of ${runs} (and the most).`,
  '',
  '| `ebb up` on | until it serves | CPU | RSS at most |',
  '| --- | --- | --- | --- |',
  row('an empty directory', empty),
  row('what it left', again),
  `| (\`node -e ''\`, until it has ended) | ${median(bare).toFixed(0)} ms | | |`,
  '',
].join('\n');
showTable(table, options.write === true ? 'start' : null);
if (median(empty.map(({ ms }) => ms)) > mostMs || median(empty.map(({ rssMb }) => rssMb)) > mostMb)
  process.exitCode = 1;
