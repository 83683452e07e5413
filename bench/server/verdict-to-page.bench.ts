// How long is it from an agent's verdict to the page? From the moment at which the report that says `leak` is posted, to the
// moment at which the receiver of the person on call is told; on the real clock, with a server as users start it.
//
//   npm run bench:page -w packages/server -- [verdicts]     --write: results/verdict-to-page.md
//
// One after the other, at random moments of the server's rounds; and fifty services that leak in the same moment, all of
// which page the same person.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startReceiver, type FakeReceiver } from '../../packages/server/src/fixtures/receiver.ts';
import { otlpJson } from '../../packages/server/src/fixtures/reports.ts';
import { makePlace, type EngineName } from './place.ts';
import { startServerProcess, type ServerProcess } from './server-process.ts';
import { showTable } from './show-table.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean' } },
});
const verdicts = Number(positionals[0] ?? 200);
const atOnce = 50;
const mostSeconds = 5;
/** Of the slowest round on the way. After a page the rounds stand where they always do then: it takes all of it to be random. */
const longestRoundMs = 2000;
const anyMomentOfRounds = async (): Promise<void> =>
  await new Promise((resolve) => setTimeout(resolve, Math.random() * longestRoundMs));

const rows: { name: string; seconds: number[] }[] = [];
for (const engine of ['sqlite', 'postgres'] as const) {
  const { apart, together } = await measure(engine);
  const database = engine === 'sqlite' ? 'SQLite' : 'PostgreSQL';
  rows.push({ name: `${database}, one after the other`, seconds: apart });
  rows.push({ name: `${database}, ${atOnce} in the same moment`, seconds: together });
}
const at = (seconds: readonly number[], share: number): string =>
  `${(seconds[Math.ceil(share * seconds.length) - 1] ?? NaN).toFixed(2)} s`;
const table = [
  '# From a verdict to its page',
  '',
  `\`npm run bench:page -w packages/server -- ${verdicts}\`, ${new Date().toISOString().slice(0, 10)}: ${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, Node.js ${process.versions.node}, on a shared machine. From the moment at which the report with the verdict is posted to the moment at which the receiver is told; the goal is ${mostSeconds} s at most.`,
  '',
  '| | verdicts | pages | median | 99 % | longest |',
  '| --- | ---: | ---: | ---: | ---: | ---: |',
  ...rows.map(
    ({ name, seconds }) =>
      `| ${name} | ${name.includes('same') ? atOnce : verdicts} | ${seconds.length} | ${at(seconds, 0.5)} | ${at(seconds, 0.99)} | ${at(seconds, 1)} |`,
  ),
  '',
].join('\n');
showTable(table, options.write === true ? 'verdict-to-page' : null);
if (rows.some(({ seconds }) => (seconds.at(-1) ?? Infinity) > mostSeconds)) process.exitCode = 1;

/** Seconds, the shortest first. */
async function measure(engine: EngineName): Promise<{ apart: number[]; together: number[] }> {
  const place = makePlace(engine);
  const receiver = await startReceiver();
  const folder = mkdtempSync(join(tmpdir(), 'ebb-page-bench-'));
  const plan = join(folder, 'oncall.yaml');
  writeFileSync(
    plan,
    `people: { ada: { reach: [{ webhook: { url: "${receiver.url}" } }] } }
policies: { default: { steps: [{ to: [{ person: ada }] }] } }
routes: [{ policy: default, match: { min_level: notice } }]
`,
  );
  const server = await startServerProcess([...place.flags, '--oncall', plan]);
  try {
    const secondsTo = pageClock(receiver);
    const apart: number[] = [];
    for (let i = 0; i < verdicts; i++) {
      await anyMomentOfRounds();
      apart.push(await secondsTo(server, `shop-${i}`));
    }
    await anyMomentOfRounds();
    const names = Array.from({ length: atOnce }, (_, i) => `fleet-${i}`);
    const together = await Promise.all(names.map(async (name) => await secondsTo(server, name)));
    const ascending = (a: number, b: number): number => a - b;
    return { apart: apart.sort(ascending), together: together.sort(ascending) };
  } finally {
    await server.stop();
    await receiver.close();
    place.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Tells how long it is to the page of a service. */
function pageClock(receiver: FakeReceiver): (server: ServerProcess, service: string) => Promise<number> {
  const waiting = new Map<string, (timeMs: number) => void>();
  receiver.answer = ({ json }, response) => {
    const timeMs = performance.now();
    for (const { service, change } of json.incidents as { service: string; change: string }[])
      if (change === 'paged') waiting.get(service)?.(timeMs);
    response.end();
  };
  return async ({ url, agents = '' }, service) => {
    const paged = new Promise<number>((resolve) => waiting.set(service, resolve));
    const sentMs = performance.now();
    const response = await fetch(`${url}/v1/metrics`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${agents}` },
      body: JSON.stringify(otlpJson(Date.now(), { service, verdict: 'leak' })),
    });
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    return ((await paged) - sentMs) / 1000;
  };
}
