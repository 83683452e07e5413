// Is anything lost that was acknowledged, when the server is killed (SIGKILL) at so many random moments under load?
//
//   npm run bench:killed -w packages/server -- [sqlite|postgres] [kills] [seed]     --write: results/killed-ENGINE.md
//
// Clients send reports of processes that turn into leaks and back, one request after the other each. At a random moment
// (from nothing at all to 3 s after the server listened) the server is killed; with PostgreSQL its backends go on
// until they notice. Then what it had acknowledged is looked for in the database: each sample; each change of verdict;
// each incident that the API told of; and, by the last server, the incident of each service that leaks. None is opened
// twice. Some of the services are new in each round, so that alerts are under way at each kill: in the end the receiver
// has heard of each incident that was ever opened, under one key.
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startReceiver } from '../../packages/server/src/fixtures/receiver.ts';
import { otlpJson } from '../../packages/server/src/fixtures/reports.ts';
import type { Database } from '../../packages/server/src/fixtures/database.ts';
import { makePlace, type EngineName } from './place.ts';
import { startServerProcess, type ServerProcess } from './server-process.ts';
import { machine, showTable } from './show-table.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean' } },
});
const [engineName = 'sqlite', killsText = '200', seedText = String(randomInt(2 ** 31))] = positionals;
const engine = engineName as EngineName;
const kills = Number(killsText);
const clients = 16;
/** So many of them are services that nobody knew before. */
const newInEachRound = 4;
/** A delivery that a dead server had begun is free after its lease. */
const alertsWithinMs = 180_000;
const latestKillMs = 3000;
const random = generator(Number(seedText));

/** What a client was told is kept. */
interface Acknowledged {
  service: string;
  instance: string;
  timeMs: number;
  verdict: string;
}

const place = makePlace(engine);
const receiver = await startReceiver();
const folder = mkdtempSync(join(tmpdir(), 'ebb-killed-rules-'));
const rules = join(folder, 'rules.yaml');
writeFileSync(rules, `routes: [{ to: [team] }]\nreceivers: { team: { webhook: { url: "${receiver.url}" } } }\n`);
const flags = [...place.flags, '--rules', rules];
let token = '';
let admin = '';
const lost = { samples: 0, changes: 0, told: 0, incidents: 0 };
/** Incidents that the API has told of, all in all. */
const told = new Set<number>();
let acknowledgedInAll = 0;
let killedUnderWay = 0;
const beganMs = performance.now();
for (let kill = 0; kill < kills; kill++) {
  const server = await startServerProcess(flags);
  token = server.agents ?? token;
  admin = server.admin ?? admin;
  const { acknowledged, underWay } = await sendAndKill(server, kill);
  acknowledgedInAll += acknowledged.length;
  if (underWay > 0) killedUnderWay += 1;
  const database = await place.open();
  lost.samples += await missingSamples(database, acknowledged);
  lost.changes += await missingChanges(database, acknowledged);
  lost.told += await missingIncidents(database);
  await database.close();
  if (kill % 20 === 19 || kill === kills - 1) {
    console.error(`${kill + 1} kills, ${acknowledgedInAll} acknowledged, lost ${JSON.stringify(lost)}`);
  }
}
// A last server, which is left alone: what leaks has its incident, and one only.
const server = await startServerProcess(flags);
const { leaking, open, doubled } = await incidentsOf(server);
lost.incidents = leaking.filter((service) => !open.includes(service)).length;
const alerts = await alertsOf();
await server.stop();
await receiver.close();
rmSync(folder, { recursive: true });
place.remove();

const table = [
  `# ${kills} times \`kill -9\` with ${engine === 'sqlite' ? 'SQLite' : 'PostgreSQL'}`,
  '',
  `\`npm run bench:killed -w packages/server -- ${engine} ${kills} ${seedText}\`, ${new Date().toISOString().slice(0, 10)}: ${machine()}; ${clients} clients, killed up to ${latestKillMs} ms after it listened; ${((performance.now() - beganMs) / 60_000).toFixed(0)} minutes.`,
  '',
  '| | |',
  '| --- | --- |',
  `| killed while requests were under way | ${killedUnderWay} of ${kills} |`,
  `| reports acknowledged | ${acknowledgedInAll} |`,
  `| of these lost | ${lost.samples} |`,
  `| changes of verdict acknowledged and lost | ${lost.changes} |`,
  `| incidents that the API told of | ${told.size} |`,
  `| of these lost | ${lost.told} |`,
  `| services that leak in the end, without an incident | ${lost.incidents} of ${leaking.length} |`,
  `| services with two incidents at once | ${doubled} |`,
  `| incidents that were opened, all in all | ${alerts.opened} |`,
  `| of these the receiver of alerts never heard of | ${alerts.unheard} |`,
  `| of these it heard of under two keys | ${alerts.underTwoKeys} |`,
  `| of these it heard of twice, under the same key | ${alerts.again} |`,
  '',
].join('\n');
showTable(table, options.write === true ? `killed-${engine}` : null);
const wrong = [...Object.values(lost), doubled, alerts.unheard, alerts.underTwoKeys];
if (wrong.some((count) => count > 0)) process.exitCode = 1;

/** Each client is a service with one process; every third report changes its verdict. */
async function sendAndKill(
  server: ServerProcess,
  round: number,
): Promise<{ acknowledged: Acknowledged[]; underWay: number }> {
  const acknowledged: Acknowledged[] = [];
  let underWay = 0;
  let underWayAtKill = 0;
  let killed = false;
  const exited = once(server.child, 'exit');
  const timer = setTimeout(() => {
    killed = true;
    underWayAtKill = underWay;
    server.child.kill('SIGKILL');
  }, random() * latestKillMs);
  const client = async (number: number): Promise<void> => {
    for (let i = 0; !killed; i++) {
      // The last thing that each tells is a leak, in most rounds.
      const verdict = Math.floor(i / 3) % 2 === 0 ? 'leak' : 'clean';
      const service = number < newInEachRound ? `shop-${number}-${round}` : `shop-${number}`;
      const report = { service, instance: `r${round}`, verdict };
      const timeMs = Date.now() - 300_000 + i;
      try {
        underWay += 1;
        const { status } = await fetch(`${server.url}/v1/metrics`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
          body: JSON.stringify(otlpJson(timeMs, report)),
        });
        if (status === 200) acknowledged.push({ ...report, timeMs });
        else throw new Error(`status ${status}`);
      } catch (error) {
        if (!killed && server.child.signalCode === null) throw error;
      } finally {
        underWay -= 1;
      }
    }
  };
  const watcher = async (): Promise<void> => {
    while (!killed) {
      try {
        const answer = await fetch(`${server.url}/api/v1/incidents?open=false&most=1000`, {
          headers: { authorization: `Bearer ${admin}` },
        });
        for (const { id } of (await answer.json()) as { id: number }[]) told.add(id);
      } catch (error) {
        if (!killed && server.child.signalCode === null) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  await Promise.all([watcher(), ...Array.from({ length: clients }, async (_, number) => await client(number))]);
  clearTimeout(timer);
  await exited;
  return { acknowledged, underWay: underWayAtKill };
}

async function missingSamples(database: Database, acknowledged: readonly Acknowledged[]): Promise<number> {
  const rows = await database.query
    .selectFrom('samples')
    .innerJoin('processes', 'processes.id', 'samples.process_id')
    .innerJoin('services', 'services.id', 'processes.service_id')
    .select(['name', 'instance', 'time_ms'])
    .where('instance', 'in', ['', ...new Set(acknowledged.map(({ instance }) => instance))])
    .execute();
  const stored = new Set(rows.map(({ name, instance, time_ms: timeMs }) => `${name} ${instance} ${timeMs}`));
  return acknowledged.filter(({ service, instance, timeMs }) => !stored.has(`${service} ${instance} ${timeMs}`)).length;
}

/** A change is acknowledged with the report that brings it; what stands last in the database is at least as new. */
async function missingChanges(database: Database, acknowledged: readonly Acknowledged[]): Promise<number> {
  const rows = await database.query
    .selectFrom('verdict_changes')
    .innerJoin('processes', 'processes.id', 'verdict_changes.process_id')
    .innerJoin('services', 'services.id', 'processes.service_id')
    .select(['name', 'instance', 'time_ms', 'verdict_changes.verdict'])
    .where('instance', 'in', ['', ...new Set(acknowledged.map(({ instance }) => instance))])
    .execute();
  const stored = new Set(rows.map((row) => `${row.name} ${row.instance} ${row.time_ms} ${row.verdict}`));
  const last = new Map<string, string>();
  let missing = 0;
  for (const { service, instance, timeMs, verdict } of acknowledged) {
    const process = `${service} ${instance}`;
    if (last.get(process) !== verdict && !stored.has(`${process} ${timeMs} ${verdict}`)) missing += 1;
    last.set(process, verdict);
  }
  return missing;
}

async function missingIncidents({ query }: Database): Promise<number> {
  const rows = await query.selectFrom('incidents').select('id').execute();
  const stored = new Set(rows.map(({ id }) => id));
  return [...told].filter((id) => !stored.has(id)).length;
}

/** Services that leak by what the database says, and those with an incident, once each of them has one or ten seconds are over. */
async function incidentsOf(server: ServerProcess): Promise<{ leaking: string[]; open: string[]; doubled: number }> {
  const headers = { authorization: `Bearer ${admin}` };
  const get = async <Answer>(path: string): Promise<Answer> =>
    (await (await fetch(server.url + path, { headers })).json()) as Answer;
  const untilMs = performance.now() + 10_000;
  for (;;) {
    const services = await get<{ id: number; name: string; verdict: string }[]>('/api/v1/services');
    const leaking = services.filter(({ verdict }) => verdict === 'leak');
    const incidents = await get<{ serviceId: number }[]>('/api/v1/incidents?most=1000');
    const ids = incidents.map(({ serviceId }) => serviceId);
    const nameOf = (id: number): string => services.find((service) => service.id === id)?.name ?? String(id);
    if (leaking.every(({ id }) => ids.includes(id)) || performance.now() > untilMs) {
      const doubled = ids.length - new Set(ids).size;
      return { leaking: leaking.map(({ name }) => name), open: ids.map(nameOf), doubled };
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** What the receiver heard, once it has heard of every incident or the time for that is over. */
async function alertsOf(): Promise<{ opened: number; unheard: number; underTwoKeys: number; again: number }> {
  const database = await place.open();
  const untilMs = performance.now() + alertsWithinMs;
  for (;;) {
    const rows = await database.query
      .selectFrom('incidents')
      .innerJoin('services', 'services.id', 'incidents.service_id')
      .select(['incidents.id', 'name'])
      .execute();
    const heard = heardOf();
    const unheard = rows.filter(({ name }) => !heard.has(name)).length;
    if (unheard === 0 || performance.now() > untilMs) {
      await database.close();
      const keys = [...heard.values()];
      return {
        opened: rows.length,
        unheard,
        underTwoKeys: keys.filter((all) => new Set(all).size > 1).length,
        again: keys.filter((all) => all.length > new Set(all).size).length,
      };
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** The keys of the messages that told of the opening of a service's incident. */
function heardOf(): Map<string, string[]> {
  const keys = new Map<string, string[]>();
  for (const { headers, json } of receiver.told) {
    const { incidents } = json as { incidents: { service: string; change: string }[] };
    for (const { service, change } of incidents)
      if (change === 'opened') keys.set(service, [...(keys.get(service) ?? []), String(headers['idempotency-key'])]);
  }
  return keys;
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
