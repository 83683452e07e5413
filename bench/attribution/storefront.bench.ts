// Does Ebb say the right thing of a real service? Both outages are played with the storefront as `ebb demo` plays them, again and
// again, and everything is timed from the first page on.
// By hand: node_modules/.bin/node bench/attribution/storefront.bench.ts [--runs N] [--write]   (--write: results/storefront.md)
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { outages } from '../../examples/storefront/dist/outages/outage.js';
import { play, type Played } from '../../examples/storefront/dist/outages/play.js';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '1' }, write: { type: 'boolean', default: false } },
});
const runs = Number(values.runs);
const folder = mkdtempSync(join(tmpdir(), 'ebb-outages-'));
const signal = new AbortController().signal;

const rows: string[] = [];
const played: Played[] = [];
for (let run = 1; run <= runs; run++) {
  for (const [name, outage] of Object.entries(outages)) {
    const postmortemFile = join(folder, `${name}-${run}.md`);
    try {
      const one = await play(outage, { postmortemFile, requestsPerSecond: 160, say: () => undefined, signal });
      played.push(one);
      const isRight = one.changesTold.parts.every(
        ({ version, part }) => (part === 'guilty') === (version === outage.guilty),
      );
      const parts = one.changesTold.parts.map(({ version, part }) => `${version} ${part}`).join(', ');
      const inPostmortem = readFileSync(postmortemFile, 'utf8').includes(`${outage.guilty} is guilty`);
      const seconds = [one.pagedAfterS, one.changesTold.afterS, one.culprit.afterS, one.recovery.afterS];
      rows.push(
        `| ${name} | ${run} | ${parts} | ${isRight && inPostmortem ? 'yes' : 'NO'} | ${seconds.map((value) => value.toFixed(0)).join(' | ')} | ${one.load.failures} of ${one.load.requests} |`,
      );
    } catch (error) {
      rows.push(`| ${name} | ${run} | ${error instanceof Error ? error.message : String(error)} | NO | | | | | |`);
    }
    console.log(rows.at(-1));
  }
}
rmSync(folder, { recursive: true, force: true });
const text = [
  '# The two outages, on the storefront, for real',
  '',
  `Node ${process.version.slice(1)}, ${cpus().length} × ${cpus()[0].model}, load ${loadavg()[0].toFixed(1)} at the end. Made by \`bench/attribution/storefront.bench.ts --runs ${runs} --write\`: a cluster of two workers, 160 requests a second, as \`ebb demo\` plays them.`,
  '',
  'Seconds: from the deploy of what leaks to the page; from the page until each change is guilty or exonerated, until the code at fault is named, and until recovery is proven.',
  '',
  '| outage | run | said | right | paged | changes | code | recovery | failed requests |',
  '|---|---:|---|---|---:|---:|---:|---:|---:|',
  ...rows,
  '',
].join('\n');
console.log(text);
if (values.write) writeFileSync(new URL('results/storefront.md', import.meta.url), text);
process.exit(rows.some((row) => row.includes('| NO |')) ? 1 : 0);
