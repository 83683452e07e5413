import { sql, type Kysely, type Transaction } from 'kysely';
import type { ServiceName } from '../changes/change.ts';
import { databaseError } from '../store/database-error.ts';
import type { Database } from '../store/database.ts';
import { inPieces } from '../store/in-pieces.ts';
import type { Schema } from '../store/schema.ts';
import { findOrMakeService } from '../store/service-of.ts';
import type { Capture, CodeLocation, Finding, Holder, ToldFinding } from './finding.ts';
import type { FindingRow } from './tables.ts';

/** What is asked of a service's findings. */
export interface FindingsWanted {
  /** Those that were told then or later. */
  sinceMs: number;
  /** The newest so many; default 100. */
  most?: number;
}

/** Findings that a service may have; beyond it those that were told the longest ago go. */
const mostOfService = 1000;
/** Findings that are kept at most, of all services. */
const mostKept = 100_000;
const forgottenAtOnce = 10_000;

/** What was found to hold the memory of services. */
export class FindingStore {
  readonly #database: Database;
  readonly #mostServices: number;

  constructor(database: Database, { mostServices }: { mostServices: number }) {
    this.#database = database;
    this.#mostServices = mostServices;
  }

  /**
   * Stores findings of one process; resolves when they are committed. What was known is brought up to date.
   *
   * @returns null where there is no room for another service
   * @throws {ServerError} EBB_SERVER_DATABASE when the database does not take it
   */
  async record(service: ServiceName, findings: readonly ToldFinding[], nowMs: number): Promise<number | null> {
    const store = this.#database.query.transaction().execute(async (db) => {
      const id = await findOrMakeService(db, service, { nowMs, mostServices: this.#mostServices });
      if (id === null) return null;
      // In one order everywhere, so that two servers wait for each other and never both.
      const ordered = [...findings].sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
      for (const finding of ordered) await storeFinding(db, id, finding, nowMs);
      await forgetBeyond(db, mostOfService, id);
      return id;
    });
    return await store.catch((error: unknown) => {
      throw databaseError(error);
    });
  }

  /**
   * The findings of a service, one for each version and fingerprint: the one that was told last first, and of those that
   * were told together the one that grew the most.
   */
  async findingsOf(serviceId: number, wanted: FindingsWanted): Promise<Finding[]> {
    return await findingsOf(this.#database.query, serviceId, wanted);
  }
}

/** As {@link FindingStore.findingsOf}, within a transaction. */
export async function findingsOf(
  db: Kysely<Schema>,
  serviceId: number,
  { sinceMs, most = 100 }: FindingsWanted,
): Promise<Finding[]> {
  const rows = await db
    .selectFrom('findings')
    .selectAll()
    .where('service_id', '=', serviceId)
    .where('last_seen_ms', '>=', sinceMs)
    .orderBy('last_seen_ms', 'desc')
    .orderBy((row) => row.fn.coalesce('growth_bytes', sql.lit(0)), 'desc')
    .orderBy('id', 'desc')
    .limit(most)
    .execute();
  return rows.map(findingOf);
}

/** Forgets findings that nobody has told since a time, and all but the newest. */
export async function forgetFindings(db: Kysely<Schema>, beforeMs: number): Promise<void> {
  await db.deleteFrom('findings').where('last_seen_ms', '<', beforeMs).execute();
  await forgetBeyond(db, mostKept, null);
}

async function storeFinding(
  db: Transaction<Schema>,
  serviceId: number,
  finding: ToldFinding,
  nowMs: number,
): Promise<void> {
  const { version, fingerprint, revision, instance, kind, title, subject, holder, insertedAt, routes } = finding;
  await db
    .insertInto('findings')
    .values({
      ...{ service_id: serviceId, version, fingerprint, revision, instance, kind, title, subject },
      confirmed: Number(finding.confirmed),
      holder: JSON.stringify(holder),
      inserted_at: insertedAt === null ? null : JSON.stringify(insertedAt),
      package: finding.package,
      sample_type: finding.sampleType,
      retained_bytes: finding.retainedBytes,
      growth_bytes: finding.growthBytes,
      bytes_per_request: finding.bytesPerRequest,
      routes: JSON.stringify(routes),
      captures: JSON.stringify(finding.captures),
      first_seen_ms: nowMs,
      last_seen_ms: nowMs,
      times: 1,
    })
    .onConflict((conflict) =>
      conflict.columns(['service_id', 'version', 'fingerprint']).doUpdateSet((set) => ({
        ...{ revision: set.ref('excluded.revision'), instance: set.ref('excluded.instance') },
        ...{ kind: set.ref('excluded.kind'), title: set.ref('excluded.title'), subject: set.ref('excluded.subject') },
        ...{ holder: set.ref('excluded.holder'), inserted_at: set.ref('excluded.inserted_at') },
        ...{ package: set.ref('excluded.package'), sample_type: set.ref('excluded.sample_type') },
        ...{ retained_bytes: set.ref('excluded.retained_bytes'), growth_bytes: set.ref('excluded.growth_bytes') },
        // Who has seen no requests does not know better than who has.
        bytes_per_request: set.fn.coalesce('excluded.bytes_per_request', 'findings.bytes_per_request'),
        routes: set.ref('excluded.routes'),
        captures: sql<string>`case when excluded.captures = '[]' then findings.captures else excluded.captures end`,
        confirmed: sql<number>`case when excluded.confirmed = 1 then 1 else findings.confirmed end`,
        last_seen_ms: sql<number>`case when excluded.last_seen_ms > findings.last_seen_ms then excluded.last_seen_ms else findings.last_seen_ms end`,
        times: sql<number>`findings.times + case when excluded.instance <> '' and excluded.instance = findings.instance then 0 else 1 end`,
      })),
    )
    .execute();
}

/** Forgets what was told the longest ago, of all or of one service. */
async function forgetBeyond(db: Kysely<Schema>, most: number, serviceId: number | null): Promise<void> {
  const all = db.selectFrom('findings').select('id');
  const wanted = serviceId === null ? all : all.where('service_id', '=', serviceId);
  const tooMany = await wanted
    .orderBy('last_seen_ms', 'desc')
    .orderBy('id', 'desc')
    .offset(most)
    .limit(forgottenAtOnce)
    .execute();
  await inPieces(tooMany, async (piece) => {
    const ids = piece.map(({ id }) => id);
    await db.deleteFrom('findings').where('id', 'in', ids).execute();
  });
}

function findingOf(row: FindingRow): Finding {
  const { id, version, fingerprint, revision, instance, kind, title, subject, times } = row;
  return {
    ...{ id, version, fingerprint, revision, instance, kind, title, subject, times },
    serviceId: row.service_id,
    confirmed: row.confirmed === 1,
    holder: JSON.parse(row.holder) as Holder,
    insertedAt: row.inserted_at === null ? null : (JSON.parse(row.inserted_at) as CodeLocation),
    package: row.package,
    sampleType: row.sample_type,
    retainedBytes: row.retained_bytes,
    growthBytes: row.growth_bytes,
    bytesPerRequest: row.bytes_per_request,
    routes: JSON.parse(row.routes) as string[],
    captures: JSON.parse(row.captures) as Capture[],
    firstSeenMs: row.first_seen_ms,
    lastSeenMs: row.last_seen_ms,
  };
}
