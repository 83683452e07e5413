import type { ProcessReport } from '../ingest/report.ts';
import { ServerError } from '../errors/server-error.ts';
import type { UsualRises } from '../judge/usual-rises.ts';
import { commitReports, Forgotten, processKey, serviceKey, type Known } from './commit-reports.ts';
import { databaseError } from './database-error.ts';
import type { Database } from './database.ts';

/** How much is taken. */
export interface WriterLimits {
  /** Processes that the database may know of; more are refused until old ones are forgotten. */
  mostProcesses: number;
  /** Services, as above. */
  mostServices: number;
  /** Reports that may wait for the database. */
  mostWaiting: number;
}

/** Reports in one transaction. */
const mostAtOnce = 2000;
/** Where so many calls went into the last transaction, the next one waits a moment for more: each costs the same. */
const busyCalls = 8;
const gatherMs = 20;

const nothingUsual: Pick<UsualRises, 'of'> = { of: () => null };

interface Waiting {
  reports: readonly ProcessReport[];
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Writes reports by group commit: what comes while a transaction runs goes together into the next one. A call resolves
 * when its reports are committed.
 */
export class ReportWriter {
  readonly #database: Database;
  readonly #limits: WriterLimits;
  readonly #now: () => number;
  readonly #usual: Pick<UsualRises, 'of'>;
  readonly #services = new Map<string, number>();
  readonly #processes = new Map<string, number>();
  #waiting: Waiting[] = [];
  #waitingReports = 0;
  #run: Promise<void> | null = null;
  #closed = false;

  private constructor(database: Database, limits: WriterLimits, now: () => number, usual: Pick<UsualRises, 'of'>) {
    this.#database = database;
    this.#limits = limits;
    this.#now = now;
    this.#usual = usual;
  }

  /** A writer that knows who is in the database already. */
  static async open(
    database: Database,
    limits: WriterLimits,
    now: () => number = Date.now,
    usual: Pick<UsualRises, 'of'> = nothingUsual,
  ): Promise<ReportWriter> {
    const writer = new ReportWriter(database, limits, now, usual);
    await writer.learn();
    return writer;
  }

  /** Reads anew which processes the database knows of: after old ones were forgotten. */
  async learn(): Promise<void> {
    const { query } = this.#database;
    const services = await query.selectFrom('services').selectAll().execute();
    const identities = new Map(
      services.map(({ id, name, namespace, environment }) => [id, { service: name, namespace, environment }]),
    );
    const processes = await query.selectFrom('processes').select(['id', 'service_id', 'version', 'instance']).execute();
    this.#services.clear();
    this.#processes.clear();
    const unknown = { revision: null, host: null, pid: null, runtime: null, version: '', instance: '' };
    for (const [id, service] of identities)
      this.#services.set(serviceKey({ identity: { ...unknown, ...service } }), id);
    for (const { id, service_id: serviceId, version, instance } of processes) {
      const service = identities.get(serviceId);
      if (service === undefined) continue;
      this.#processes.set(processKey({ identity: { ...unknown, ...service, version, instance } }), id);
    }
  }

  /** How many processes the database knows of. */
  get knownProcesses(): number {
    return this.#processes.size;
  }

  /** Leaves out reports of processes and services that would be too many. */
  admit(reports: readonly ProcessReport[]): { taken: ProcessReport[]; refused: ('processes' | 'services')[] } {
    const taken: ProcessReport[] = [];
    const refused: ('processes' | 'services')[] = [];
    const newProcesses = new Set<string>();
    const newServices = new Set<string>();
    for (const report of reports) {
      const [process, service] = [processKey(report), serviceKey(report)];
      const isNew = !this.#processes.has(process);
      if (isNew) {
        newProcesses.add(process);
        if (!this.#services.has(service)) newServices.add(service);
      }
      const why =
        isNew && this.#services.size + newServices.size > this.#limits.mostServices
          ? 'services'
          : isNew && this.#processes.size + newProcesses.size > this.#limits.mostProcesses
            ? 'processes'
            : null;
      if (why === null) {
        taken.push(report);
        continue;
      }
      refused.push(why);
      newProcesses.delete(process);
      if (why === 'services') newServices.delete(service);
    }
    return { taken, refused };
  }

  /**
   * Resolves when the reports are committed.
   *
   * @throws {ServerError} EBB_SERVER_BUSY when too many wait; EBB_SERVER_DATABASE when the database does not take them
   */
  async write(reports: readonly ProcessReport[]): Promise<void> {
    if (reports.length === 0) return;
    if (this.#closed) throw new ServerError('EBB_SERVER_BUSY', 'the server is being stopped');
    if (this.#waitingReports + reports.length > this.#limits.mostWaiting)
      throw new ServerError('EBB_SERVER_BUSY', `${this.#waitingReports} reports wait for the database`);
    this.#waitingReports += reports.length;
    const written = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ reports, resolve, reject });
    });
    this.#run ??= this.#writeAll();
    await written;
  }

  /** Takes nothing more, and resolves when what waits is written. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#run;
  }

  async #writeAll(): Promise<void> {
    // What comes in the same turn of the event loop goes along.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      await this.#writeBatch(batch);
      if (batch.length >= busyCalls && !this.#closed) await new Promise((resolve) => setTimeout(resolve, gatherMs));
    }
    // At once: who writes a moment later finds nobody at work.
    this.#run = null;
  }

  /** What the database refuses is refused to who sent it, and to nobody else. */
  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const reports = batch.flatMap((waiting) => waiting.reports);
      await this.#commit(reports).catch(async (error: unknown) => {
        if (!(error instanceof Forgotten)) throw error;
        await this.learn();
        await this.#commit(reports);
      });
      for (const { resolve } of batch) resolve();
    } catch (error) {
      if (batch.length > 1 && isRefusal(error)) {
        const half = batch.length >> 1;
        await this.#writeBatch(batch.slice(0, half));
        await this.#writeBatch(batch.slice(half));
        return;
      }
      const told = databaseError(error);
      for (const { reject } of batch) reject(told);
    }
  }

  #take(): Waiting[] {
    let reports = 0;
    let count = 0;
    while (
      count < this.#waiting.length &&
      (count === 0 || reports + this.#waiting[count].reports.length <= mostAtOnce)
    ) {
      reports += this.#waiting[count].reports.length;
      count += 1;
    }
    this.#waitingReports -= reports;
    return this.#waiting.splice(0, count);
  }

  async #commit(reports: readonly ProcessReport[]): Promise<void> {
    const { engine, query } = this.#database;
    const added: Known['added'] = { services: new Map(), processes: new Map() };
    const known: Known = { services: this.#services, processes: this.#processes, added };
    await query.transaction().execute(async (transaction) => {
      await commitReports(transaction, engine, reports, known, { usual: this.#usual, nowMs: this.#now() });
    });
    for (const [key, id] of added.services) this.#services.set(key, id);
    for (const [key, id] of added.processes) this.#processes.set(key, id);
  }
}

/** Whether the database works and does not want these rows. (PostgreSQL's classes 22 and 23: data, constraints.) */
function isRefusal(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^2[23]\w{3}$/.test(code);
}
