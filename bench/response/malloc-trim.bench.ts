/**
 * What would `malloc_trim` give back of a process that leaks, and of one that only holds freed memory? And what does raising
 * the heap's limit in a running process do? Both are answers to "can something be won without a restart?", for each Node
 * that is there (`npm ci --prefix test/nodes`). Takes the native addon of `@ebb/capture`; Linux with
 * glibc.
 *
 * By hand: node_modules/.bin/node bench/response/malloc-trim.bench.ts [--write]
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { availableNodes } from '../../test/nodes/index.ts';

const { href: malloc } = new URL('../../packages/capture/dist/malloc/index.js', import.meta.url);

/** What is resident, by how it came to be. */
const programs: Readonly<Record<string, string>> = {
  'a leak of 1.5 million objects': `for (let at = 0; at < 1.5e6; at++) kept.push({ at, name: 'entry ' + at });`,
  'a leak of 6,000 buffers of 40 kB': `for (let at = 0; at < 6000; at++) kept.push(Buffer.alloc(40_000, 1));`,
  '18,000 buffers of 40 kB that came and went, one in fifty kept': `
    let all = [];
    for (let at = 0; at < 18_000; at++) all.push(Buffer.alloc(40_000, 1));
    kept.push(...all.filter((_, at) => at % 50 === 0));
    all = null;`,
};

interface Trimmed {
  before: number;
  after: number;
  tookMs: number;
  stoodMs: number;
  kept: number;
}

/** As the agent does it, while the program allocates 64 kB in each turn of its event loop. */
function trimmed(node: string, text: string): Trimmed {
  const program = `
    import { mallocTrim } from ${JSON.stringify(malloc)};
    const kept = [];
    (() => { ${text} })();
    // Nothing on the stack holds anything then; and V8 frees array buffers in a thread of its own.
    setTimeout(() => gc(), 50);
    setTimeout(() => gc(), 300);
    setTimeout(async () => {
      const before = process.memoryUsage.rss();
      const startedMs = performance.now();
      let [over, lastMs, stoodMs, held] = [false, startedMs, 0, null];
      const turn = () => {
        held = Buffer.allocUnsafeSlow(65_536).fill(1);
        const nowMs = performance.now();
        stoodMs = Math.max(stoodMs, nowMs - lastMs);
        lastMs = nowMs;
        if (!over) setImmediate(turn);
      };
      setImmediate(turn);
      if (!(await mallocTrim().trim())) throw new Error('nothing was trimmed');
      const tookMs = performance.now() - startedMs;
      over = true;
      const after = process.memoryUsage.rss();
      setImmediate(() => console.log(JSON.stringify({ before, after, tookMs, stoodMs, kept: kept.length })));
    }, 1000);`;
  return JSON.parse(
    execFileSync(node, ['--expose-gc', '--input-type=module', '-e', program], { encoding: 'utf8' }),
  ) as Trimmed;
}

/** The limit as V8 tells it, before and after it was asked for more. */
function raised(node: string): { before: number; after: number } {
  const program = `
    const v8 = require('node:v8');
    const before = v8.getHeapStatistics().heap_size_limit;
    v8.setFlagsFromString('--max-old-space-size=1000');
    setTimeout(() => console.log(JSON.stringify({ before, after: v8.getHeapStatistics().heap_size_limit })), 100);`;
  return JSON.parse(execFileSync(node, ['--max-old-space-size=150', '-e', program], { encoding: 'utf8' })) as never;
}

const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
const glibc = execFileSync('getconf', ['GNU_LIBC_VERSION'], { encoding: 'utf8' }).trim();
const nodes = availableNodes();
const versions = nodes.map(({ path }) => execFileSync(path, ['--version'], { encoding: 'utf8' }).trim());
const lines = [
  `${glibc}, ${cpus().length} × ${cpus()[0]?.model ?? '?'}, load ${loadavg()[0]?.toFixed(1) ?? '?'}. Resident set before and after, how long it took, and the longest that the program, which allocates meanwhile, stood.`,
  '',
  `| what is resident | ${versions.map((version) => `Node ${version}`).join(' | ')} |`,
  `|---|${versions.map(() => '---').join('|')}|`,
  ...Object.entries(programs).map(([name, text]) => {
    const cells = nodes.map(({ path }) => {
      const { before, after, tookMs, stoodMs, kept } = trimmed(path, text);
      if (kept === 0) throw new Error('nothing was kept');
      return `${mb(before)} → ${mb(after)}, ${tookMs.toFixed(1)} ms (stood ${stoodMs.toFixed(1)})`;
    });
    return `| ${name} | ${cells.join(' | ')} |`;
  }),
  `| heap limit of a process started with 150 MB, after \`v8.setFlagsFromString('--max-old-space-size=1000')\` | ${nodes
    .map(({ path }) => {
      const { before, after } = raised(path);
      return `${mb(before)} → ${mb(after)}`;
    })
    .join(' | ')} |`,
];
console.log(lines.join('\n'));
if (process.argv.includes('--write')) {
  const results = new URL('results/', import.meta.url);
  mkdirSync(results, { recursive: true });
  writeFileSync(new URL('malloc-trim.md', results), `# What could be won without a restart\n\n${lines.join('\n')}\n`);
}
