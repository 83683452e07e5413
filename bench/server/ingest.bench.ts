// Does one server process take in so many processes, each judged by its own agent, that report once a minute: no row
// lost, how late, at what cost, in how much memory, and is memory flat over an hour? How long from a verdict to its alert?
//
//   npm run bench -w packages/server -- [sqlite|postgres] [processes] [minutes] [seconds] [connections]
//     Ends with 1 where a row is lost, p99 is above 250 ms, RSS above 1 GB, or an alert later than 5 s.
//     --write: results/ingest-ENGINE.md; --profile DIR: the server's CPU profile
//     --fresh: each report over a connection of its own (more than 8,000 are not kept from one minute to the next)
//
// Starts `ebb up` as users do, on an empty database, and sends what a real agent sends (agent-report.ts) from another
// process, which shares the machine. First come so many simulated minutes: in each, every process reports once, as fast
// as answers come, a connection at a time. That compresses time and nothing else; what it would flatter is not read from
// it: the server's own timers (incidents every two seconds, tidying every ten minutes) run less often in a minute, and
// latency means nothing there. So cost and latency are also taken in a window of its own, of so many seconds at the real
// pace, in which processes turn into leaks, too: how long until a webhook hears of it? In the end the rows in the database
// are counted against the answers.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startReceiver } from '../../packages/server/src/fixtures/receiver.ts';
import { catchExport, ReportMaker } from './agent-report.ts';
import { makePlace, type EngineName } from './place.ts';
import type { KeepPace, PlayMinute, SenderSetup, Sent } from './sender.ts';
import { startServerProcess } from './server-process.ts';
import { machine, showTable } from './show-table.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean' }, profile: { type: 'string' }, fresh: { type: 'boolean', default: false } },
});
const [engineName = 'sqlite', ...numbers] = positionals;
const engine = engineName as EngineName;
const [processes = 10_000, minutes = 60, seconds = 60, connections = 1000] = numbers.map(Number);
const services = Math.max(1, Math.min(1000, Math.ceil(processes / 100)));
const leaks = 5;
const [mostLatencyMs, mostMb, mostDelayMs] = [250, 1000, 5000];

const caught = await catchExport();
const place = makePlace(engine);
const flags = options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profile}`];
const receiver = await startReceiver();
const folder = mkdtempSync(join(tmpdir(), 'ebb-ingest-'));
const rules = join(folder, 'rules.yaml');
writeFileSync(rules, `routes: [{ to: [team] }]\nreceivers: { team: { webhook: { url: "${receiver.url}" } } }\n`);
const server = await startServerProcess([...place.flags, '--rules', rules], flags);
const sender = fork(fileURLToPath(new URL('sender.ts', import.meta.url)));
async function order<Answer = Sent>(what: SenderSetup | PlayMinute | KeepPace): Promise<Answer> {
  sender.send(what);
  const [answer] = (await once(sender, 'message')) as [Answer];
  return answer;
}
const token = server.agents ?? '';
await order({
  kind: 'setup',
  caught,
  port: server.port,
  token,
  processes,
  services,
  connections,
  fresh: options.fresh,
});

const acknowledged = { total: 0 };
const statuses: Record<string, number> = {};
function count(sent: Sent): void {
  for (const [status, times] of Object.entries(sent.statuses)) {
    statuses[status] = (statuses[status] ?? 0) + times;
    if (status === '200') acknowledged.total += times;
  }
}

// The simulated time ends just before now.
const startMs = (Math.floor(Date.now() / 60_000) - minutes - 2) * 60_000;
const played: { cpuSeconds: number; databaseCpuSeconds: number; seconds: number; rssMb: number }[] = [];
for (let minute = 0; minute < minutes; minute++) {
  const [cpu, databaseCpu] = [server.cpuSeconds(), place.cpuSeconds()];
  const sent = await order({ kind: 'play', timeMs: startMs + minute * 60_000 });
  count(sent);
  played.push({
    cpuSeconds: server.cpuSeconds() - cpu,
    databaseCpuSeconds: place.cpuSeconds() - databaseCpu,
    seconds: sent.seconds,
    rssMb: server.rssMb(),
  });
  console.error(`minute ${minute}: ${JSON.stringify(played.at(-1))}, sender ${sent.cpuSeconds.toFixed(1)} s`);
}

/** Tells of a leak in a service of its own, and waits until the receiver hears: milliseconds from its sending. */
async function leakToAlert(number: number, maker: ReportMaker): Promise<number> {
  const service = `leaky-${number}`;
  const told = { service, version: '1', instance: 'a', rssBytes: 1e9, floorBytes: 9e8, requests: 1 };
  const sentMs = performance.now();
  const { status } = await fetch(`${server.url}/v1/metrics`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body: maker.body({ ...told, verdict: 'leak' }, Date.now()),
  });
  if (status === 200) acknowledged.total += 1;
  for (;;) {
    if (receiver.told.some(({ text }) => text.includes(`"${service}"`))) return performance.now() - sentMs;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const [paceCpu, paceDatabaseCpu] = [server.cpuSeconds(), place.cpuSeconds()];
const paced = order({ kind: 'pace', seconds });
const delaysMs: number[] = [];
const maker = new ReportMaker(caught);
for (let i = 0; i < leaks; i++) {
  await new Promise((resolve) => setTimeout(resolve, (seconds * 1000) / (leaks + 1)));
  delaysMs.push(await leakToAlert(i, maker));
}
const atPace = await paced;
count(atPace);
const paceCost = {
  server: (server.cpuSeconds() - paceCpu) / atPace.sent,
  database: (place.cpuSeconds() - paceDatabaseCpu) / atPace.sent,
};
const peakMb = server.peakRssMb();
sender.kill();
await server.stop();
await receiver.close();
rmSync(folder, { recursive: true });

const database = await place.open();
const { rows } = await database.query
  .selectFrom('samples')
  .select((select) => select.fn.countAll<number>().as('rows'))
  .executeTakeFirstOrThrow();
await database.close();
place.remove();

// Processes are new in the first minute.
const settled = played.slice(Math.min(1, played.length - 1));
const mean = (of: (minute: (typeof played)[number]) => number): number =>
  settled.reduce((sum, minute) => sum + of(minute), 0) / settled.length;
const early = played[Math.min(10, played.length - 1)]?.rssMb ?? NaN;
const late = played.at(-1)?.rssMb ?? NaN;
const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
const { plain, packed, packedByAgent } = maker.sizes();
const table = [
  `# ${processes.toLocaleString('en')} processes into one server with ${engine === 'sqlite' ? 'SQLite' : 'PostgreSQL'}`,
  '',
  `\`npm run bench -w packages/server -- ${engine} ${processes} ${minutes} ${seconds} ${connections}${options.fresh ? ' --fresh' : ''}\`, ${new Date().toISOString().slice(0, 10)}: ${machine()}, ${(totalmem() / 1e9).toFixed(0)} GB. Sender, server and database share the machine. ${services} services; a report has ${(plain / 1e3).toFixed(1)} kB of JSON, ${(packed / 1e3).toFixed(1)} kB packed (${(packedByAgent / 1e3).toFixed(1)} kB as the agent packs it).`,
  '',
  '| | |',
  '| --- | --- |',
  `| reports | ${Object.values(statuses).reduce((sum, times) => sum + times, 0)} in ${minutes} simulated minutes and ${seconds} s at the real pace, over ${options.fresh ? 'a connection each' : `${connections} connections that were kept`} |`,
  `| answers | ${Object.entries(statuses)
    .map(([status, times]) => `${times} × ${status}`)
    .join(', ')} |`,
  `| rows in the database | ${rows} of ${acknowledged.total} acknowledged |`,
  `| CPU of the server for a simulated minute | ${mean(({ cpuSeconds }) => cpuSeconds).toFixed(1)} s (${ms((mean(({ cpuSeconds }) => cpuSeconds) / processes) * 1e3)} a report); the first minute, in which all processes are new: ${played[0]?.cpuSeconds.toFixed(1) ?? '?'} s |`,
  `| CPU of the database for it | ${engine === 'sqlite' ? 'in the server' : `${mean(({ databaseCpuSeconds: cpu }) => cpu).toFixed(1)} s (${ms((mean(({ databaseCpuSeconds: cpu }) => cpu) / processes) * 1e3)} a report)`} |`,
  `| a simulated minute was played in | ${mean(({ seconds: took }) => took).toFixed(1)} s |`,
  `| at the real pace: CPU a report | server ${ms(paceCost.server * 1e3)}, database ${ms(paceCost.database * 1e3)} |`,
  `| at the real pace: latency | p50 ${ms(atPace.latencyMs.p50)}, p99 ${ms(atPace.latencyMs.p99)}, most ${ms(atPace.latencyMs.most)} |`,
  `| RSS | ${early.toFixed(0)} MB after ten minutes, ${late.toFixed(0)} MB after ${minutes}; ${peakMb.toFixed(0)} MB at most |`,
  `| from a verdict to its alert | ${delaysMs.map((delay) => (delay / 1000).toFixed(1)).join(', ')} s |`,
  '',
].join('\n');
showTable(table, options.write === true ? `ingest-${engine}` : null);
const isLost = rows < acknowledged.total || Object.keys(statuses).some((status) => status !== '200');
if (isLost || atPace.latencyMs.p99 > mostLatencyMs || peakMb > mostMb || Math.max(...delaysMs) > mostDelayMs)
  process.exitCode = 1;
