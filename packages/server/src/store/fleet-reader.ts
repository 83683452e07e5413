import { sql, type Kysely } from 'kysely';
import type { ProcessRow, SampleRow, Schema, ServiceRow, VerdictChangeTable } from './schema.ts';

/** What a service is judged by, of a process: there may be a hundred thousand. */
export type JudgedProcess = Pick<
  ProcessRow,
  | ('id' | 'service_id' | 'version' | 'first_seen_ms' | 'last_seen_ms' | 'ended_ms' | 'verdict' | 'suspicious')
  | ('bytes_per_second' | 'seconds_to_limit' | 'seconds_to_limit_soonest' | 'seconds_to_limit_latest')
>;

/** What an incident is decided by, of a process: looked at every two seconds while one is open. */
export type WatchedProcess = JudgedProcess &
  Pick<
    ProcessRow,
    | ('instance' | 'restarted_ms' | 'ended_share' | 'gc_share' | 'loop_delay_p99_seconds')
    | ('rss_bytes' | 'floor_bytes' | 'heap_limit_bytes' | 'container_limit_bytes')
  >;

const judgedColumns: readonly (keyof JudgedProcess)[] = [
  ...(['id', 'service_id', 'version', 'first_seen_ms', 'last_seen_ms', 'ended_ms', 'verdict', 'suspicious'] as const),
  ...(['bytes_per_second', 'seconds_to_limit', 'seconds_to_limit_soonest', 'seconds_to_limit_latest'] as const),
];

const watchedColumns: readonly (keyof WatchedProcess)[] = [
  ...judgedColumns,
  ...(['instance', 'restarted_ms', 'ended_share', 'gc_share', 'loop_delay_p99_seconds'] as const),
  ...(['rss_bytes', 'floor_bytes', 'heap_limit_bytes', 'container_limit_bytes'] as const),
];

/** What is known of services and processes. */
export class FleetReader {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  /** All services, by name. */
  async services(): Promise<ServiceRow[]> {
    return await this.#db.selectFrom('services').selectAll().orderBy('name').orderBy('environment').execute();
  }

  /** One service; undefined when there is none. */
  async service(id: number): Promise<ServiceRow | undefined> {
    return await this.#db.selectFrom('services').selectAll().where('id', '=', id).executeTakeFirst();
  }

  /** Processes heard of since a time, of one service or all. */
  async processes(options: { sinceMs: number; serviceId?: number }): Promise<ProcessRow[]> {
    let query = this.#db.selectFrom('processes').selectAll().where('last_seen_ms', '>=', options.sinceMs);
    if (options.serviceId !== undefined) query = query.where('service_id', '=', options.serviceId);
    return await query.orderBy('id').execute();
  }

  /** Of processes heard of since a time what services are judged by: of one service, or of all. */
  async judged({ sinceMs, serviceId }: { sinceMs: number; serviceId?: number }): Promise<JudgedProcess[]> {
    const query = this.#db.selectFrom('processes').select(judgedColumns).where('last_seen_ms', '>=', sinceMs);
    const wanted = serviceId === undefined ? query : query.where('service_id', '=', serviceId);
    return await wanted.orderBy('id').execute();
  }

  /** Of a service's processes, heard of since a time, what its incidents are decided by. */
  async watched({ sinceMs, serviceId }: { sinceMs: number; serviceId: number }): Promise<WatchedProcess[]> {
    return await this.#db
      .selectFrom('processes')
      .select(watchedColumns)
      .where('last_seen_ms', '>=', sinceMs)
      .where('service_id', '=', serviceId)
      .orderBy('id')
      .execute();
  }

  /**
   * The services of which a process, heard of since a time, runs out; or was this near to its limit before it was started
   * anew, or when it was heard of last, if it is silent now.
   */
  async servicesOfConcern(options: { sinceMs: number; silentSinceMs: number; nearShare: number }): Promise<number[]> {
    const { sinceMs, silentSinceMs } = options;
    const nearShare = sql.lit(options.nearShare);
    const rows = await this.#db
      .selectFrom('processes')
      .select('service_id')
      .distinct()
      .where('last_seen_ms', '>=', sinceMs)
      .where((where) =>
        where.or([
          where('verdict', 'in', ['leak', 'native']),
          where.and([where('restarted_ms', '>=', sinceMs), where('ended_share', '>=', options.nearShare)]),
          where.and([
            where('last_seen_ms', '<', silentSinceMs),
            where.or([
              where('floor_bytes', '>=', sql<number>`heap_limit_bytes * ${nearShare}`),
              where('rss_bytes', '>=', sql<number>`container_limit_bytes * ${nearShare}`),
            ]),
          ]),
        ]),
      )
      .execute();
    return rows.map(({ service_id: serviceId }) => serviceId);
  }

  /** One process; undefined when there is none. */
  async process(id: number): Promise<ProcessRow | undefined> {
    return await this.#db.selectFrom('processes').selectAll().where('id', '=', id).executeTakeFirst();
  }

  /** The samples of a process between two times, oldest first: those an hour, then those a minute. */
  async samples(processId: number, fromMs: number, toMs: number, most: number): Promise<SampleRow[]> {
    const rows: SampleRow[] = [];
    for (const table of ['hourly_samples', 'samples'] as const) {
      rows.push(
        ...(await this.#db
          .selectFrom(table)
          .selectAll()
          .where('process_id', '=', processId)
          .where('time_ms', '>=', fromMs)
          .where('time_ms', '<', toMs)
          .orderBy('time_ms', 'desc')
          .limit(most)
          .execute()),
      );
    }
    return rows.sort((a, b) => a.time_ms - b.time_ms).slice(-most);
  }

  /** The newest changes of a process's verdict, oldest first. */
  async verdictChanges(processId: number, most: number): Promise<VerdictChangeTable[]> {
    const rows = await this.#db
      .selectFrom('verdict_changes')
      .selectAll()
      .where('process_id', '=', processId)
      .orderBy('time_ms', 'desc')
      .limit(most)
      .execute();
    return rows.reverse();
  }
}
