/**
 * Requests by service, route and minute: what the counters of its processes rose by, and sketches of distinct clients.
 *
 * Written in the transaction of the reports they came with. The services' rows are locked meanwhile, so that two servers
 * add up to the same minute one after the other; sketches that are merged twice are the same sketch.
 */
import type { Kysely, Transaction } from 'kysely';
import { mergeSketches } from '../impact/sketch.ts';
import { newTotals, riseOf, type RouteTotals } from '../impact/route-totals.ts';
import type { ProcessReport } from '../ingest/report.ts';
import { inPieces } from './in-pieces.ts';
import type { Engine } from './migrations/index.ts';
import { lockRows, PutRows, rowsOfPairs } from './row-statements.ts';
import type { ProcessRow, RouteMinuteTable, RouteTotalsTable, Schema } from './schema.ts';

/** Routes of a service that are told apart in a minute; what comes beyond is counted together. */
const mostRoutes = 300;
const otherRoute = 'other';
const minuteMs = 60_000;

/** A process, and what it told in the order of time. */
export interface ToldByProcess {
  process: ProcessRow;
  reports: readonly ProcessReport[];
}

/** Counts the requests that the reports tell of. */
export async function countRoutes(
  db: Transaction<Schema>,
  engine: Engine,
  told: readonly ToldByProcess[],
): Promise<void> {
  const speaking = told.filter(({ reports }) => reports.some(({ routes }) => routes !== undefined));
  if (speaking.length === 0) return;
  const serviceIds = [...new Set(speaking.map(({ process }) => process.service_id))].sort((a, b) => a - b);
  if (engine === 'postgres') await lockRows(db, engine, 'services', serviceIds);
  const totals = await totalsOf(
    db,
    speaking.map(({ process }) => process.id),
  );
  const minutes = new Minutes();
  for (const { process, reports } of speaking) {
    for (const { timeMs, routes, figures } of reports) {
      if (routes === undefined) continue;
      const known = totals.get(process.id) ?? newTotals(timeMs, figures.startedMs ?? process.started_ms);
      totals.set(process.id, known);
      const minute = minutes.of(process.service_id, timeMs);
      for (const rise of riseOf(known, routes.series, timeMs)) minute.add(rise);
      for (const { route, who, sketch } of routes.sketches) minute.merge(route, who, sketch);
    }
  }
  const rows = [...totals].map(([id, known]) => ({ process_id: id, totals: JSON.stringify(known) }));
  await putTotals.run(db, engine, rows);
  await storeMinutes(db, engine, minutes.all());
}

const putTotals = new PutRows<RouteTotalsTable>({
  table: 'route_totals',
  columns: { whole: ['process_id'], real: [], text: ['totals'] },
  key: ['process_id'],
  onConflict: 'replace',
});
const putMinutes = new PutRows<RouteMinuteTable>({
  table: 'route_minutes',
  columns: {
    whole: ['service_id', 'minute_ms'],
    real: ['requests', 'failed', 'good'],
    text: ['route', 'clients', 'affected'],
  },
  key: ['service_id', 'minute_ms', 'route'],
  onConflict: 'replace',
});

async function totalsOf(db: Transaction<Schema>, ids: readonly number[]): Promise<Map<number, RouteTotals>> {
  const totals = new Map<number, RouteTotals>();
  await inPieces(ids, async (piece) => {
    const rows = await db.selectFrom('route_totals').selectAll().where('process_id', 'in', piece).execute();
    for (const row of rows) totals.set(row.process_id, JSON.parse(row.totals) as RouteTotals);
  });
  return totals;
}

interface Counted {
  requests: number;
  failed: number;
  good: number;
  all: string[];
  affected: string[];
}

/** What was told of one service in one minute. */
class Minute {
  readonly serviceId: number;
  readonly minuteMs: number;
  readonly routes = new Map<string, Counted>();

  constructor(serviceId: number, startMs: number) {
    this.serviceId = serviceId;
    this.minuteMs = startMs;
  }

  /** For its route, and for all together. */
  add(rise: { route: string; requests: number; failed: number; good: number }): void {
    for (const counted of [this.#of(rise.route), this.#of('')]) {
      counted.requests += rise.requests;
      counted.failed += rise.failed;
      counted.good += rise.good;
    }
  }

  merge(route: string, who: 'all' | 'affected', sketch: string): void {
    this.#of(route)[who].push(sketch);
  }

  #of(route: string): Counted {
    let counted = this.routes.get(route);
    if (counted === undefined) {
      counted = { requests: 0, failed: 0, good: 0, all: [], affected: [] };
      this.routes.set(route, counted);
    }
    return counted;
  }
}

class Minutes {
  readonly #minutes = new Map<string, Minute>();

  of(serviceId: number, timeMs: number): Minute {
    const startMs = Math.floor(timeMs / minuteMs) * minuteMs;
    const key = minuteKey(serviceId, startMs);
    const known = this.#minutes.get(key) ?? new Minute(serviceId, startMs);
    this.#minutes.set(key, known);
    return known;
  }

  all(): Minute[] {
    return [...this.#minutes.values()].filter(({ routes }) => routes.size > 0);
  }
}

async function storeMinutes(db: Transaction<Schema>, engine: Engine, minutes: readonly Minute[]): Promise<void> {
  const stored = await rowsOfPairs<RouteMinuteTable>(
    db,
    engine,
    'route_minutes',
    ['service_id', 'minute_ms'],
    minutes.map(({ serviceId, minuteMs: startMs }) => [serviceId, startMs]),
  );
  const byMinute = new Map<string, Map<string, RouteMinuteTable>>();
  for (const row of stored) {
    const key = minuteKey(row.service_id, row.minute_ms);
    const rows = byMinute.get(key) ?? new Map<string, RouteMinuteTable>();
    byMinute.set(key, rows.set(row.route, row));
  }
  const touched = minutes.map((minute) => {
    const known = byMinute.get(minuteKey(minute.serviceId, minute.minuteMs));
    return addedUp(minute, known ?? new Map<string, RouteMinuteTable>());
  });
  await putMinutes.run(db, engine, touched.flat());
}

function minuteKey(serviceId: number, startMs: number): string {
  return `${serviceId} ${startMs}`;
}

/** What was told of a minute with what was known of it; only what changes. */
function addedUp(minute: Minute, rows: Map<string, RouteMinuteTable>): RouteMinuteTable[] {
  const key = { service_id: minute.serviceId, minute_ms: minute.minuteMs };
  const touched = new Map<string, RouteMinuteTable>();
  for (const [told, counted] of minute.routes) {
    const route = rows.has(told) || rows.size < mostRoutes || told === '' ? told : otherRoute;
    const row = rows.get(route) ?? { ...key, route, requests: 0, failed: 0, good: 0, clients: null, affected: null };
    const next: RouteMinuteTable = {
      ...row,
      requests: row.requests + counted.requests,
      failed: row.failed + counted.failed,
      good: row.good + counted.good,
      clients: counted.all.length === 0 ? row.clients : mergeSketches([row.clients, ...counted.all]),
      affected: counted.affected.length === 0 ? row.affected : mergeSketches([row.affected, ...counted.affected]),
    };
    rows.set(route, next);
    touched.set(route, next);
  }
  return [...touched.values()];
}

/** Requests by route and minute, and who was met. */
export class RouteReader {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  /** The counts of a service between two times, by route, then by minute. */
  async counts(
    serviceId: number,
    fromMs: number,
    toMs: number,
  ): Promise<{ route: string; minuteMs: number; requests: number; failed: number; good: number }[]> {
    return await this.#db
      .selectFrom('route_minutes')
      .select(['route', 'minute_ms as minuteMs', 'requests', 'failed', 'good'])
      .where('service_id', '=', serviceId)
      .where('minute_ms', '>=', fromMs)
      .where('minute_ms', '<', toMs)
      .orderBy('route')
      .orderBy('minute_ms')
      .execute();
  }

  /** The sketches of a route between two times: all clients, and those affected; null where nobody sent any. */
  async clients(
    serviceId: number,
    route: string,
    fromMs: number,
    toMs: number,
  ): Promise<{ all: string | null; affected: string | null }> {
    const rows = await this.#db
      .selectFrom('route_minutes')
      .select(['clients', 'affected'])
      .where('service_id', '=', serviceId)
      .where('route', '=', route)
      .where('minute_ms', '>=', fromMs)
      .where('minute_ms', '<', toMs)
      .execute();
    return {
      all: mergeSketches(rows.map(({ clients }) => clients)),
      affected: mergeSketches(rows.map(({ affected }) => affected)),
    };
  }
}
