// Does Ebb say the right thing of a real service? Both outages are played with the storefront as `ebb demo` plays them, again and
// again, up to the moment at which each change is guilty or exonerated; with --whole to the end, from the code to the postmortem.
// By hand: node_modules/.bin/node bench/attribution/storefront.bench.ts [--runs N] [--whole] [--write]   (--write: results/storefront.md)
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { outages } from '../../examples/storefront/dist/outages/outage.js';
import { play, playToChanges, type PlayedToChanges } from '../../examples/storefront/dist/outages/play.js';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1' },
    whole: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const runs = Number(values.runs);
const folder = mkdtempSync(join(tmpdir(), 'ebb-outages-'));
const options = { requestsPerSecond: 160, say: () => undefined, signal: new AbortController().signal };
type Outage = (typeof outages)[string];

const isRightOf = (outage: Outage, { changesTold }: PlayedToChanges): boolean =>
  changesTold.parts.every(({ version, part }) => (part === 'guilty') === (version === outage.guilty));

/** Right or not, and what the table says of it behind that. */
async function playOnce(outage: Outage): Promise<{ played: PlayedToChanges; isRight: boolean; more: string[] }> {
  if (!values.whole) {
    const played = await playToChanges(outage, options);
    return { played, isRight: isRightOf(outage, played), more: [] };
  }
  const postmortemFile = join(folder, `${outage.guilty}.md`);
  const played = await play(outage, { ...options, postmortemFile });
  const isTold = readFileSync(postmortemFile, 'utf8').includes(`${outage.guilty} is guilty`);
  const { culprit, recovery, load } = played;
  const more = [culprit.afterS.toFixed(0), recovery.afterS.toFixed(0), `${load.failures} of ${load.requests}`];
  return { played, isRight: isRightOf(outage, played) && isTold, more };
}

const head = ['outage', 'run', 'said', 'right', 'paged', 'changes', 'load'];
if (values.whole) head.push('code', 'recovery', 'failed requests');
const rows: string[] = [];
let wrong = 0;
for (let run = 1; run <= runs; run++) {
  // Both at once: what one does is the other one's noise, and it takes half the time.
  const cells = await Promise.all(
    Object.entries(outages).map(async ([name, outage]) => {
      try {
        const { played, isRight, more } = await playOnce(outage);
        const said = played.changesTold.parts.map(({ version, part }) => `${version} ${part}`).join(', ');
        const seconds = [played.pagedAfterS, played.changesTold.afterS].map((value) => value.toFixed(0));
        return [name, String(run), said, isRight ? 'yes' : 'NO', ...seconds, loadavg()[0].toFixed(1), ...more];
      } catch (error) {
        return [name, String(run), error instanceof Error ? error.message : String(error), 'NO'];
      }
    }),
  );
  wrong += cells.filter(([, , , right]) => right === 'NO').length;
  rows.push(...cells.map((row) => `| ${head.map((_, at) => row[at] ?? '').join(' | ')} |`));
  console.log(rows.slice(-cells.length).join('\n'));
}
rmSync(folder, { recursive: true, force: true });
const text = [
  '# The two outages, on the storefront, for real',
  '',
  `Node ${process.version.slice(1)}, ${cpus().length} × ${cpus()[0].model}, ${new Date().toISOString().slice(0, 10)}. Made by \`bench/attribution/storefront.bench.ts --runs ${runs}${values.whole ? ' --whole' : ''} --write\`: a cluster of two workers, ${options.requestsPerSecond} requests a second, as \`ebb demo\` plays them, both at once on the machine. ${rows.length - wrong} of ${rows.length} right.`,
  '',
  `Seconds: from the deploy of what leaks to the page, and from the page until each change is guilty or exonerated${values.whole ? ', until the code at fault is named, and until recovery is proven' : ''}. Load: the machine's, at the end of the play.`,
  '',
  `| ${head.join(' | ')} |`,
  '|---|---:|---|---|---:|---:|---:|' + (values.whole ? '---:|---:|---:|' : ''),
  ...rows,
  '',
].join('\n');
console.log(text);
if (values.write) writeFileSync(new URL('results/storefront.md', import.meta.url), text);
process.exit(wrong > 0 ? 1 : 0);
