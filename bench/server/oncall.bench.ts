// Is a page lost, or a step taken twice, when servers are killed (SIGKILL) at so many random moments while they page?
//
//   npm run bench:oncall -w packages/server -- [sqlite|postgres] [kills] [seed]     --write: results/oncall-ENGINE.md
//
// One server on SQLite, two on PostgreSQL. Services begin to leak one after the other; each incident has to come to six
// pages, in the order of its policy, by clocks that run twenty times as fast, so that a kill falls between any two writes of
// a page. A kill counts only while somebody is being paged.
import { randomInt } from 'node:crypto';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { killWhilePaging } from '../../packages/server/src/fixtures/oncall-kills.ts';
import { makePlace, type EngineName } from './place.ts';
import { showTable } from './show-table.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean' } },
});
const [engineName = 'sqlite', killsText = '200', seedText = String(randomInt(2 ** 31))] = positionals;
const engine = engineName as EngineName;
const replicas = engine === 'sqlite' ? 1 : 2;
const beganMs = performance.now();

const killed = makePlace(engine);
const random = generator(Number(seedText));
const told = {
  database: killed.database,
  replicas,
  kills: Number(killsText),
  services: 10,
  speed: 20,
};
const result = await killWhilePaging({ ...told, random }, (soFar) => console.error(JSON.stringify(soFar)));
killed.remove();

const table = [
  `# ${result.kills} times \`kill -9\` while people are paged, with ${engine === 'sqlite' ? 'SQLite' : 'PostgreSQL'} and ${replicas === 1 ? 'one server' : 'two servers'}`,
  '',
  `\`npm run bench:oncall -w packages/server -- ${engine} ${killsText} ${seedText}\`, ${new Date().toISOString().slice(0, 10)}: ${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, Node.js ${process.versions.node}; ${((performance.now() - beganMs) / 60_000).toFixed(0)} minutes, on a shared machine.`,
  '',
  '| | |',
  '| --- | --- |',
  `| incidents that were paged | ${result.incidents} |`,
  `| services that leaked and were not paged | ${result.missed} |`,
  `| pages | ${result.pages} |`,
  `| of these lost | ${result.lost} |`,
  `| incidents whose pages are not those of the policy, in its order | ${result.outOfOrder} |`,
  `| escalations that did not change exactly eight times, or are told otherwise on the timeline | ${result.changedTwice} |`,
  `| messages that came again, with the key that the receiver had | ${result.repeated} |`,
  `| pages told under more than one key | ${result.twice} |`,
  '',
].join('\n');
showTable(table, options.write === true ? `oncall-${engine}` : null);
if (result.lost + result.outOfOrder + result.changedTwice + result.twice + result.missed > 0) process.exitCode = 1;

/** Mulberry32: the same moments for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
