// Is a page lost, or a step taken twice, when servers are killed (SIGKILL) at so many random moments while they page? And
// how long is it from a verdict to its page?
//
//   npm run bench:oncall -w packages/server -- [sqlite|postgres] [kills] [seed]     --write: results/oncall-ENGINE.md
//
// One server on SQLite, two on PostgreSQL. Services leak in batches; each incident has to come to six pages, in the order
// of its policy, by clocks that run twenty times as fast, so that a kill falls between any two writes of a page. Then a
// server on the real clock is told of leaks, one after the other, and the time from the report to the page is measured.
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killWhilePaging } from '../../packages/server/src/fixtures/oncall-kills.ts';
import { startReceiver } from '../../packages/server/src/fixtures/receiver.ts';
import { otlpJson } from '../../packages/server/src/fixtures/reports.ts';
import { makePlace, type EngineName } from './place.ts';
import { startServerProcess } from './server-process.ts';
import { showTable } from './show-table.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean' } },
});
const [engineName = 'sqlite', killsText = '200', seedText = String(randomInt(2 ** 31))] = positionals;
const engine = engineName as EngineName;
const replicas = engine === 'sqlite' ? 1 : 2;
const measured = 30;
const beganMs = performance.now();

const killed = makePlace(engine);
const random = generator(Number(seedText));
const told = {
  database: killed.database,
  replicas,
  kills: Number(killsText),
  services: 8,
  killsInBatch: 15,
  speed: 20,
};
const result = await killWhilePaging({ ...told, random }, (soFar) => console.error(JSON.stringify(soFar)));
killed.remove();

const latencies = (await latenciesMs()).sort((a, b) => a - b);
const at = (share: number): string =>
  `${((latencies[Math.ceil(share * latencies.length) - 1] ?? NaN) / 1000).toFixed(1)} s`;
const table = [
  `# ${result.kills} times \`kill -9\` while people are paged, with ${engine === 'sqlite' ? 'SQLite' : 'PostgreSQL'} and ${replicas === 1 ? 'one server' : 'two servers'}`,
  '',
  `\`npm run bench:oncall -w packages/server -- ${engine} ${killsText} ${seedText}\`, ${new Date().toISOString().slice(0, 10)}: ${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, Node.js ${process.versions.node}; ${((performance.now() - beganMs) / 60_000).toFixed(0)} minutes.`,
  '',
  '| | |',
  '| --- | --- |',
  `| incidents that were paged | ${result.incidents} |`,
  `| services that leaked and were not paged | ${result.missed} |`,
  `| pages | ${result.pages} |`,
  `| of these lost | ${result.lost} |`,
  `| incidents with a step left out, or taken twice | ${result.outOfOrder} |`,
  `| pages told under more than one key | ${result.twice} |`,
  `| from the report with the verdict to the page, of ${latencies.length}: median, 95 %, most | ${at(0.5)}, ${at(0.95)}, ${at(1)} |`,
  '',
].join('\n');
showTable(table, options.write === true ? `oncall-${engine}` : null);
if (result.lost + result.outOfOrder + result.twice + result.missed > 0) process.exitCode = 1;

/** From a report that says that a service leaks to the page, service by service, on a server as users start it. */
async function latenciesMs(): Promise<number[]> {
  const place = makePlace(engine);
  const receiver = await startReceiver();
  const folder = mkdtempSync(join(tmpdir(), 'ebb-oncall-bench-'));
  const plan = join(folder, 'oncall.yaml');
  writeFileSync(
    plan,
    `people: { ada: { reach: [{ webhook: { url: "${receiver.url}" } }] } }
policies: { default: { steps: [{ to: [{ person: ada }] }] } }
routes: [{ policy: default, match: { min_level: notice } }]
`,
  );
  const server = await startServerProcess([...place.flags, '--oncall', plan]);
  const found: number[] = [];
  try {
    for (let i = 0; i < measured; i++) {
      const paged = new Promise<number>((resolve) => {
        receiver.answer = (_told, response) => {
          resolve(performance.now());
          response.end();
        };
      });
      // At any moment of the server's rounds.
      await new Promise((resolve) => setTimeout(resolve, random() * 2000));
      const sentMs = performance.now();
      const response = await fetch(`${server.url}/v1/metrics`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${server.agents}` },
        body: JSON.stringify(otlpJson(Date.now(), { service: `shop-${i}`, verdict: 'leak' })),
      });
      if (response.status !== 200) throw new Error(`status ${response.status}`);
      found.push((await paged) - sentMs);
    }
    return found;
  } finally {
    await server.stop();
    await receiver.close();
    place.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

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
