/**
 * Writes reports in one transaction: samples, what is known last of each process, changes of verdict. Processes that no
 * agent judges are judged here, from the state that the last commit left: a server that is killed loses nothing that it
 * acknowledged, and two servers on one database judge as one.
 */
import type { Transaction } from 'kysely';
import type { ProcessReport } from '../ingest/report.ts';
import { canJudge, judgeSeries } from '../judge/judge-series.ts';
import { runsOut } from '../judge/pool.ts';
import type { UsualRises } from '../judge/usual-rises.ts';
import { appendNews, type News } from './news.ts';
import { inPieces } from './in-pieces.ts';
import { newProcess, withReport, withVerdict } from './latest.ts';
import type { Engine } from './migrations/index.ts';
import { noteNewVersions } from './new-versions.ts';
import { countRoutes } from './route-minutes.ts';
import { lockRows, PutRows } from './row-statements.ts';
import type { JudgeTable, ProcessRow, SampleRow, Schema, VerdictChangeTable } from './schema.ts';

/** An agent's verdict counts for so long; then the server judges by what else is told. */
const edgeVerdictLastsMs = 15 * 60_000;

/** Who is known already, and the keys that the database gave them. What is added counts once the transaction is through. */
export interface Known {
  services: ReadonlyMap<string, number>;
  processes: ReadonlyMap<string, number>;
  added: { services: Map<string, number>; processes: Map<string, number> };
}

/** A process or service that was known has been taken out of the database since: what is known has to be read anew. */
export class Forgotten extends Error {
  override readonly name = 'Forgotten';
}

/** The key of a service in {@link Known}. */
export function serviceKey({ identity }: Pick<ProcessReport, 'identity'>): string {
  return JSON.stringify([identity.service, identity.namespace, identity.environment]);
}

/** The key of a process in {@link Known}. */
export function processKey(report: Pick<ProcessReport, 'identity'>): string {
  return `${serviceKey(report)}${JSON.stringify([report.identity.version, report.identity.instance])}`;
}

/** Writes the reports, in the order of time for each process. */
export async function commitReports(
  db: Transaction<Schema>,
  engine: Engine,
  reports: readonly ProcessReport[],
  known: Known,
  { usual, nowMs }: { usual: Pick<UsualRises, 'of'>; nowMs: number },
): Promise<void> {
  const serviceIds = await servicesOf(db, reports, known);
  const ids = await processesOf(db, engine, reports, serviceIds, known);
  const byProcess = new Map<number, ProcessReport[]>();
  for (const report of reports) {
    const id = ids(report);
    const others = byProcess.get(id);
    if (others === undefined) byProcess.set(id, [report]);
    else others.push(report);
  }
  // In one order everywhere, so that two servers wait for each other and never both.
  const ordered = [...byProcess.keys()].sort((a, b) => a - b);
  const processes = await lockRows<ProcessRow>(db, engine, 'processes', ordered);
  if (processes.length < byProcess.size) throw new Forgotten();
  const states = await judgesOf(db, [...byProcess.keys()], byProcess);
  const told: Told = { processes: [], samples: new Map(), changes: [], news: [], judges: [] };
  for (const process of processes) tellProcess(told, process, byProcess.get(process.id) ?? [], { states, usual });
  const rows = told.processes.map((row) => ({ ...row, heard_ms: nowMs }));
  await store(db, engine, { ...told, processes: rows });
  await countRoutes(
    db,
    engine,
    processes.map((process) => ({ process, reports: byProcess.get(process.id) ?? [] })),
  );
}

interface Told {
  processes: ProcessRow[];
  samples: Map<string, SampleRow>;
  changes: VerdictChangeTable[];
  /** What of the changes those who follow live are told. */
  news: News[];
  judges: JudgeTable[];
}

function tellProcess(
  told: Told,
  start: ProcessRow,
  reports: ProcessReport[],
  { states, usual }: { states: ReadonlyMap<number, Uint8Array>; usual: Pick<UsualRises, 'of'> },
): void {
  let process = start;
  let state = states.get(process.id) ?? null;
  let judgedHere = false;
  for (const report of reports.sort((a, b) => a.timeMs - b.timeMs)) {
    const { timeMs } = report;
    const isNews = timeMs >= process.last_seen_ms;
    process = withReport(process, report);
    const byAgent = process.judged_by === 'agent' && timeMs - process.judged_ms < edgeVerdictLastsMs;
    let verdict = isNews ? report.edge : null;
    if (isNews && verdict === null && !byAgent && timeMs > process.judged_ms && canJudge(report)) {
      const judged = judgeSeries(state, { ...report, figures: figuresOf(process, report) }, usual.of(process, report));
      ({ verdict, state } = judged);
      judgedHere = true;
    }
    if (verdict !== null) {
      const first = process.judged_ms === 0;
      const by = report.edge === null ? 'server' : 'agent';
      const { process: after, changed } = withVerdict(process, verdict, by, timeMs);
      process = after;
      if (changed !== null || first) {
        const change = { verdict: verdict.verdict, before: first ? null : (changed?.before ?? null) };
        told.changes.push({ process_id: process.id, time_ms: timeMs, ...change });
        // That a process has started is no news.
        if (!first || runsOut(verdict.verdict))
          told.news.push({
            kind: 'verdict',
            serviceId: process.service_id,
            told: { processId: process.id, timeMs, ...change },
          });
      }
    }
    told.samples.set(`${process.id} ${timeMs}`, sampleOf(process.id, report, verdict));
  }
  told.processes.push(process);
  if (judgedHere && state !== null) told.judges.push({ process_id: process.id, judged_ms: process.judged_ms, state });
}

/** Limits are told seldom, in a series of their own: those known last count. */
function figuresOf(process: ProcessRow, { figures }: ProcessReport): ProcessReport['figures'] {
  return {
    ...figures,
    heapLimitBytes: figures.heapLimitBytes ?? process.heap_limit_bytes,
    containerLimitBytes: figures.containerLimitBytes ?? process.container_limit_bytes,
  };
}

function sampleOf(processId: number, { timeMs, figures }: ProcessReport, verdict: ProcessReport['edge']): SampleRow {
  return {
    process_id: processId,
    time_ms: timeMs,
    rss_bytes: figures.rssBytes,
    floor_bytes: figures.floorBytes,
    heap_used_bytes: figures.heapUsedBytes,
    requests: figures.requests,
    gc_share: figures.gcShare,
    loop_delay_p99_seconds: figures.loopDelayP99Seconds,
    bytes_per_second: verdict?.bytesPerSecond ?? null,
    seconds_to_limit: verdict?.secondsToLimit ?? null,
  };
}

async function servicesOf(
  db: Transaction<Schema>,
  reports: readonly ProcessReport[],
  known: Known,
): Promise<(report: ProcessReport) => number> {
  for (const report of reports) {
    const key = serviceKey(report);
    if (known.services.has(key) || known.added.services.has(key)) continue;
    const { service: name, namespace, environment } = report.identity;
    await db
      .insertInto('services')
      .values({ name, namespace, environment, first_seen_ms: report.timeMs })
      .onConflict((conflict) => conflict.columns(['name', 'namespace', 'environment']).doNothing())
      .execute();
    const { id } = await db
      .selectFrom('services')
      .select('id')
      .where('name', '=', name)
      .where('namespace', '=', namespace)
      .where('environment', '=', environment)
      .executeTakeFirstOrThrow();
    known.added.services.set(key, id);
  }
  return (report) => idIn(known.services, known.added.services, serviceKey(report));
}

async function processesOf(
  db: Transaction<Schema>,
  engine: Engine,
  reports: readonly ProcessReport[],
  serviceIdOf: (report: ProcessReport) => number,
  known: Known,
): Promise<(report: ProcessReport) => number> {
  const unknown = new Map<string, ProcessReport>();
  for (const report of reports) {
    const key = processKey(report);
    if (!known.processes.has(key) && !unknown.has(key)) unknown.set(key, report);
  }
  // Ordered as locks are, see above.
  const entries = [...unknown].sort(([a], [b]) => (a < b ? -1 : 1));
  await keepServices(
    db,
    engine,
    entries.map(([, report]) => serviceIdOf(report)),
  );
  await noteNewVersions(
    db,
    entries.map(([, report]) => report),
    serviceIdOf,
  );
  await inPieces(entries, async (piece) => {
    const made = await db
      .insertInto('processes')
      .values(piece.map(([, report]) => newProcess(serviceIdOf(report), report)))
      .onConflict((conflict) => conflict.columns(['service_id', 'version', 'instance']).doNothing())
      .returning(['id', 'service_id', 'version', 'instance'])
      .execute();
    const ids = new Map(made.map((row) => [JSON.stringify([row.service_id, row.version, row.instance]), row.id]));
    for (const [key, report] of piece) {
      const { version, instance } = report.identity;
      const id = ids.get(JSON.stringify([serviceIdOf(report), version, instance]));
      // Another server was faster.
      known.added.processes.set(key, id ?? (await idOf(db, serviceIdOf(report), { version, instance })));
    }
  });
  return (report) => idIn(known.processes, known.added.processes, processKey(report));
}

/** Sees to it that services stay while a process is added to them: they may have been forgotten, or be about to be. */
async function keepServices(db: Transaction<Schema>, engine: Engine, told: readonly number[]): Promise<void> {
  const ids = [...new Set(told)].sort((a, b) => a - b);
  let kept = 0;
  await inPieces(ids, async (piece) => {
    const query = db.selectFrom('services').select('id').where('id', 'in', piece).orderBy('id');
    kept += (await (engine === 'postgres' ? query.forKeyShare() : query).execute()).length;
  });
  if (kept < ids.length) throw new Forgotten();
}

async function idOf(
  db: Transaction<Schema>,
  serviceId: number,
  { version, instance }: { version: string; instance: string },
): Promise<number> {
  const { id } = await db
    .selectFrom('processes')
    .select('id')
    .where('service_id', '=', serviceId)
    .where('version', '=', version)
    .where('instance', '=', instance)
    .executeTakeFirstOrThrow();
  return id;
}

function idIn(known: ReadonlyMap<string, number>, added: ReadonlyMap<string, number>, key: string): number {
  const id = added.get(key) ?? known.get(key);
  if (id === undefined) throw new Error(`nobody is known by ${key}`);
  return id;
}

async function judgesOf(
  db: Transaction<Schema>,
  ids: readonly number[],
  byProcess: ReadonlyMap<number, readonly ProcessReport[]>,
): Promise<Map<number, Uint8Array>> {
  const states = new Map<number, Uint8Array>();
  const wanted = ids.filter((id) => byProcess.get(id)?.some((report) => report.edge === null && canJudge(report)));
  await inPieces(wanted, async (piece) => {
    const rows = await db
      .selectFrom('judges')
      .select(['process_id', 'state'])
      .where('process_id', 'in', piece)
      .execute();
    // pg gives a Buffer, which is a piece of a larger one: a copy is its own.
    for (const { process_id: id, state } of rows) states.set(id, new Uint8Array(state));
  });
  return states;
}

const putProcesses = new PutRows<ProcessRow>({
  table: 'processes',
  columns: {
    whole: [
      ...(['id', 'service_id', 'pid', 'first_seen_ms', 'last_seen_ms'] as const),
      ...(['judged_ms', 'verdict_since_ms', 'suspicious', 'restarted_ms'] as const),
      ...(['heard_ms', 'ended_ms'] as const),
    ],
    real: [
      ...(['started_ms', 'rss_bytes', 'floor_bytes', 'heap_used_bytes', 'heap_limit_bytes'] as const),
      ...(['container_limit_bytes', 'requests', 'gc_share', 'loop_delay_p99_seconds', 'bytes_per_second'] as const),
      ...(['bytes_per_second_low', 'bytes_per_second_high', 'bytes_per_request', 'seconds_to_limit'] as const),
      ...(['seconds_to_limit_soonest', 'seconds_to_limit_latest', 'ended_share', 'interval_ms'] as const),
    ],
    text: ['version', 'instance', 'revision', 'host', 'runtime', 'judged_by', 'verdict'],
  },
  key: ['id'],
  onConflict: 'replace',
});
// The rest of a moment that came in two requests is filled in; the same one again changes nothing.
const putSamples = new PutRows<SampleRow>({
  table: 'samples',
  columns: {
    whole: ['process_id', 'time_ms'],
    real: [
      ...(['rss_bytes', 'floor_bytes', 'heap_used_bytes', 'requests', 'gc_share'] as const),
      ...(['loop_delay_p99_seconds', 'bytes_per_second', 'seconds_to_limit'] as const),
    ],
    text: [],
  },
  key: ['process_id', 'time_ms'],
  onConflict: 'fill',
});

async function store(db: Transaction<Schema>, engine: Engine, told: Told): Promise<void> {
  await putProcesses.run(db, engine, told.processes);
  await putSamples.run(db, engine, [...told.samples.values()]);
  await inPieces(told.changes, async (piece) => {
    await db
      .insertInto('verdict_changes')
      .values(piece)
      .onConflict((conflict) => conflict.columns(['process_id', 'time_ms']).doNothing())
      .execute();
  });
  await appendNews(db, told.news);
  await inPieces(told.judges, async (piece) => {
    await db
      .insertInto('judges')
      .values(piece)
      .onConflict((conflict) =>
        conflict
          .column('process_id')
          .doUpdateSet((set) => ({ judged_ms: set.ref('excluded.judged_ms'), state: set.ref('excluded.state') })),
      )
      .execute();
  });
}
