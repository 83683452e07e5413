/** What may be done about services, and is: plans, orders, those who carry them out, and what Ebb does by itself. */
import type { Transaction } from 'kysely';
import type { Alerting } from '../alerts/alerting.ts';
import { writeNotice } from '../alerts/outbox/outbox.ts';
import { targetsOf } from '../alerts/rules/routing.ts';
import { ServerError } from '../errors/server-error.ts';
import { Rounds } from '../rounds/rounds.ts';
import type { Database } from '../store/database.ts';
import type { FleetReader } from '../store/fleet-reader.ts';
import { hasEnded } from '../store/running.ts';
import type { RouteReader } from '../store/route-minutes.ts';
import type { ProcessRow, Schema, ServiceRow } from '../store/schema.ts';
import type { ActionKind } from './action.ts';
import { ActionStore, type RunnerTold } from './action-store.ts';
import {
  dueForRestart,
  hasFailedTooOften,
  isWorse,
  rollbackByItself,
  type KnownChanges,
  type Served,
} from './automatic.ts';
import { capacityOf, type Capacity } from './capacity.ts';
import { readDemand, readLoad } from './load-reader.ts';
import { planAction, type Plan } from './plan.ts';
import { policyFor, type AutomaticPolicy, type ResponsePolicy, type ServicePolicy } from './policy.ts';
import type { ActionRow } from './tables.ts';

/** What it works with. */
export interface ResponseOptions {
  database: Database;
  fleet: FleetReader;
  routes: RouteReader;
  alerting: Alerting;
  policy: ResponsePolicy;
  /** What is known of the service's changes; null where nothing is. */
  known: (serviceId: number) => Promise<KnownChanges | null>;
  /** Milliseconds since the epoch. */
  now: () => number;
  onError: (error: unknown) => void;
}

/** What somebody wants to be done. */
export interface Wanted {
  serviceId: number;
  kind: ActionKind;
  version?: string;
  /** The flag to switch off, or the route to shed. */
  subject?: string;
  instances?: readonly string[];
}

/** Who wants it. */
export interface Orderer {
  name: string;
  role: 'responder' | 'admin' | null;
}

const everyMs = 2000;
/** A process that was not heard of for so long does not count as serving: agents report once a minute. */
const servingMs = 150_000;
/** Failures before an action are counted for so long. */
const beforeMs = 10 * 60_000;
/** Of a process that a rollback ended, so much later nothing is heard any more. */
const goneAfterMs = 90_000;
/** Until so long after a rollback somebody is told that it did not come about. */
const seenUntilMs = 15 * 60_000;
const keptMs = 90 * 86_400_000;
const byItself = 'ebb (automatic)';

/** Of what is told together. */
const longestSummary = 2000;

/** Responses of a server. */
export class Response {
  readonly actions: ActionStore;
  readonly #options: ResponseOptions;
  #policy: ResponsePolicy;
  #rounds: Rounds | undefined;
  #forgottenMs = 0;

  constructor(options: ResponseOptions) {
    this.#options = options;
    this.#policy = options.policy;
    this.actions = new ActionStore(options.database);
  }

  /** Puts another policy in its place: what is planned from now on goes by it. */
  replacePolicy(policy: ResponsePolicy): void {
    this.#policy = policy;
  }

  /** Looks every two seconds what goes wrong, and what is to be done by itself. */
  start(): void {
    this.#rounds ??= new Rounds(async () => await this.round(), { everyMs, onError: this.#options.onError });
  }

  async stop(): Promise<void> {
    await this.#rounds?.stop();
  }

  /**
   * Says exactly what would be done. Nothing is.
   *
   * @throws {ServerError} EBB_SERVER_NOT_FOUND
   */
  async plan(wanted: Wanted, orderer: Orderer): Promise<Plan> {
    const { fleet, now } = this.#options;
    const service = await fleet.service(wanted.serviceId);
    if (service === undefined) throw new ServerError('EBB_SERVER_NOT_FOUND', `there is no service ${wanted.serviceId}`);
    return await this.#planFor(service, await this.#serving(service.id, now()), wanted, orderer);
  }

  /**
   * Plans, and orders what nothing speaks against.
   *
   * @throws {ServerError} EBB_SERVER_NOT_FOUND, EBB_SERVER_NOT_ALLOWED with what speaks against it
   */
  async order(wanted: Wanted & { why: string }, orderer: Orderer, automatic = false): Promise<ActionRow> {
    const plan = await this.plan(wanted, orderer);
    if (!plan.allowed) throw new ServerError('EBB_SERVER_NOT_ALLOWED', plan.refusals.join('; '));
    const told = { serviceId: wanted.serviceId, plan, why: wanted.why, orderedBy: orderer.name, automatic };
    const row = await this.actions.order(told, this.#options.now());
    if (row === undefined)
      throw new ServerError('EBB_SERVER_NOT_ALLOWED', `another action of ${plan.service} was ordered in this moment`);
    return row;
  }

  /** The kinds of actions that may be ordered for a service; none where the file says nothing of it. */
  allowed(service: ServiceRow): readonly ActionKind[] {
    return this.#policyOf(service)?.allow ?? [];
  }

  /** The next order for a runner: undefined while there is nothing to do. */
  async next(runner: RunnerTold): Promise<ActionRow | undefined> {
    const { fleet, now } = this.#options;
    const ids = (await fleet.services()).filter(({ name }) => name === runner.service).map(({ id }) => id);
    return await this.actions.claim(runner, ids, now());
  }

  /** One look: leases, actions that make it worse, and what is to be done by itself. */
  async round(): Promise<void> {
    const { fleet, now } = this.#options;
    const nowMs = now();
    await this.actions.giveUpSilent(nowMs);
    for (const action of await this.actions.allPending()) await this.#stopIfWorse(action, nowMs);
    await this.#lookForVersions(nowMs);
    if (this.#policy.some(({ automatic }) => automatic !== null))
      for (const service of await fleet.services()) await this.#actByItself(service, nowMs);
    if (nowMs - this.#forgottenMs > 3_600_000) {
      this.#forgottenMs = nowMs;
      await this.actions.forget(nowMs - keptMs);
    }
  }

  async #planFor(
    service: ServiceRow,
    processes: readonly ProcessRow[],
    { kind, version, subject, instances }: Wanted,
    orderer: Orderer,
  ): Promise<Plan> {
    const { known, now } = this.#options;
    const policy = this.#policyOf(service);
    return planAction({
      kind,
      service: service.name,
      version: version ?? null,
      subject: subject ?? null,
      capacity: version === undefined ? null : await this.#capacity(service.id, version, processes),
      instances: instances ?? null,
      policy,
      processes,
      runners: await this.actions.runners(service.name, now()),
      pending: await this.actions.pending(service.id),
      used: policy === undefined ? 0 : await this.actions.used(service.id, now() - policy.budget.perMs),
      advice: (await known(service.id))?.advice ?? null,
      ordererRole: orderer.role,
    });
  }

  async #capacity(serviceId: number, version: string, processes: readonly ProcessRow[]): Promise<Capacity> {
    const { query } = this.#options.database;
    const nowMs = this.#options.now();
    return capacityOf(
      version,
      await readLoad(query, { serviceId, version, nowMs }),
      await readDemand(query, processes, nowMs),
    );
  }

  #policyOf({ name: service, namespace, environment }: ServiceRow): ServicePolicy | undefined {
    return policyFor(this.#policy, { service, namespace, environment });
  }

  async #serving(serviceId: number, nowMs: number): Promise<ProcessRow[]> {
    const rows = await this.#options.fleet.processes({ sinceMs: nowMs - servingMs, serviceId });
    return rows.filter((process) => !hasEnded(process));
  }

  async #stopIfWorse(action: ActionRow, nowMs: number): Promise<void> {
    if (action.state !== 'running' || action.stop_reason !== null || action.started_ms === null) return;
    const before = await this.#served(action.service_id, action.started_ms - beforeMs, action.started_ms);
    const since = await this.#served(action.service_id, action.started_ms, nowMs + 1);
    if (!isWorse(before, since)) return;
    const share = ({ requests, failed }: Served): string =>
      `${requests === 0 ? 0 : ((100 * failed) / requests).toFixed(1)} %`;
    const reason = `it makes things worse: ${share(since)} of requests fail since it began, ${share(before)} before`;
    await this.actions.stop(action.id, reason, nowMs);
  }

  /**
   * Whether processes run the version that somebody says he went to: telemetry is believed, and not the one who did it. One
   * that failed is told where it left some here and some there.
   */
  async #lookForVersions(nowMs: number): Promise<void> {
    const done = await this.actions.versionsChanged(nowMs - seenUntilMs, nowMs - servingMs);
    for (const { id, service_id: serviceId, version, kind, state, ended_ms: endedMs } of done) {
      const since = (await this.#serving(serviceId, nowMs)).filter(
        (process) => process.last_seen_ms > (endedMs ?? 0) + goneAfterMs,
      );
      const others = since.filter((process) => process.version !== version);
      if (since.length === 0 || others.length === 0) continue;
      if (state !== 'done' && others.length === since.length) continue;
      const runs = [...new Set(others.map((process) => process.version))].join(', ');
      const how = state === 'done' ? 'is said to be done, and' : 'did not end well and is half done:';
      const text = `action ${id}: the ${kind} to ${version ?? ''} ${how} ${others.length} of ${since.length} processes still run ${runs}`;
      const told = { ref: `action ${id} not seen`, text, kind: 'action-failed' as const };
      const incidentId = await this.actions.tellOnce(serviceId, told, nowMs);
      if (incidentId !== null) await this.#tellPeople(incidentId, text, nowMs);
    }
  }

  /** Of whole minutes: that in which an action begins counts to what was before. */
  async #served(serviceId: number, fromMs: number, toMs: number): Promise<Served> {
    const minutes = await this.#options.routes.counts(serviceId, fromMs, toMs);
    // The empty route is all of them together.
    return minutes
      .filter(({ route }) => route === '')
      .reduce((sum, { requests, failed }) => ({ requests: sum.requests + requests, failed: sum.failed + failed }), {
        requests: 0,
        failed: 0,
      });
  }

  async #actByItself(service: ServiceRow, nowMs: number): Promise<void> {
    const policy = this.#policyOf(service);
    const automatic = policy?.automatic ?? null;
    if (policy === undefined || automatic === null) return;
    const processes = await this.#serving(service.id, nowMs);
    const [due] = dueForRestart(processes, automatic);
    if (due === undefined) return;
    if (await this.#hasStopped(service, automatic, nowMs)) return;
    if (await this.#rollBackByItself(service, processes, automatic, nowMs)) return;
    const wanted = { serviceId: service.id, kind: 'restart' as const, instances: [due.instance] };
    const orderer = { name: byItself, role: null };
    const plan = await this.#planFor(service, processes, wanted, orderer);
    if (plan.allowed) {
      const seconds = Math.round(due.seconds_to_limit_soonest ?? due.seconds_to_limit ?? 0);
      const why = `the limit may be ${seconds} s away, and ${Math.round(automatic.leadMs / 1000)} s are to be left`;
      const told = { serviceId: service.id, plan, why, orderedBy: byItself, automatic: true };
      await this.actions.order(told, nowMs);
    } else if ((await this.actions.pending(service.id)) === undefined) {
      await this.#tellStopped(
        service,
        `refused ${withoutCounts(plan.refusals[0] ?? '')}`,
        plan.refusals.join('; '),
        nowMs,
      );
    }
  }

  /** Whether a rollback was ordered: where the file allows it, the guilty change is known, and the version before bears it. */
  async #rollBackByItself(
    service: ServiceRow,
    processes: readonly ProcessRow[],
    automatic: AutomaticPolicy,
    nowMs: number,
  ): Promise<boolean> {
    if (!automatic.rollback) return false;
    const incidentId = await this.actions.openIncident(service.id);
    if (incidentId === null) return false;
    const before = await this.actions.list({ incidentId, most: 100 });
    const version = rollbackByItself(automatic, await this.#options.known(service.id), before);
    if (version === null) return false;
    const { isEnough, sentence } = await this.#capacity(service.id, version, processes);
    if (isEnough !== true) {
      await this.#tellStopped(service, `capacity ${version}`, sentence, nowMs, 'roll back');
      return false;
    }
    const wanted = { serviceId: service.id, kind: 'rollback' as const, version };
    const plan = await this.#planFor(service, processes, wanted, { name: byItself, role: null });
    if (!plan.allowed) return false;
    const why = `the change after ${version} brought the leak, and the limit is near`;
    await this.actions.order({ serviceId: service.id, plan, why, orderedBy: byItself, automatic: true }, nowMs);
    return true;
  }

  /** After failures in a row, until somebody's order succeeds. */
  async #hasStopped(service: ServiceRow, automatic: AutomaticPolicy, nowMs: number): Promise<boolean> {
    const last = await this.actions.list({ serviceId: service.id, most: automatic.failures + 20 });
    const states = last.map(({ state }) => state);
    if (!hasFailedTooOften(states, automatic)) return false;
    const failed = last.find(({ state }) => state === 'failed' || state === 'unclear');
    const many =
      automatic.failures === 1 ? 'an action failed' : `${automatic.failures} actions in a row failed; the last`;
    const text = `${many}: ${failed?.outcome ?? 'no reason was given'}`;
    await this.#tellStopped(service, `failed ${failed?.id ?? 0}`, text, nowMs);
    return true;
  }

  async #tellStopped(service: ServiceRow, ref: string, why: string, nowMs: number, what = 'restart'): Promise<void> {
    const text = `Ebb does not ${what} ${service.name} by itself: ${why}`;
    const incidentId = await this.actions.tellOnce(service.id, { ref: `automatic ${ref}`.slice(0, 200), text }, nowMs);
    if (incidentId !== null) await this.#tellPeople(incidentId, text, nowMs);
  }

  async #tellPeople(incidentId: number, text: string, nowMs: number): Promise<void> {
    const { query } = this.#options.database;
    await query.transaction().execute(async (db) => {
      await this.#notify(db, incidentId, text, nowMs);
    });
  }

  /** To everybody who hears of the incident. */
  async #notify(db: Transaction<Schema>, incidentId: number, summary: string, nowMs: number): Promise<void> {
    const { alerting } = this.#options;
    const incident = (await alerting.incidents.list(db)).find(({ id }) => id === incidentId);
    if (incident === undefined) return;
    for (const target of targetsOf(alerting.rules, incident.subject)) {
      const about = `${incidentId}:${target.receiver}:automatic:`;
      const before = await db
        .selectFrom('notices')
        .select(['id', 'state', 'summary'])
        .where('key', 'like', `${about}%`)
        .orderBy('id', 'desc')
        .execute();
      // What still waits tells this, too: of two entries on an incident a message has the last one.
      const waiting = before.find(({ state }) => state === 'waiting');
      if (waiting !== undefined) {
        const both = `${waiting.summary}; ${summary}`.slice(0, longestSummary);
        await db.updateTable('notices').set({ summary: both }).where('id', '=', waiting.id).execute();
        continue;
      }
      const told = { key: about + String(nowMs), incidentId, kind: 'raised' as const, subject: incident.subject };
      await writeNotice(db, target, { ...told, summary, nowMs, isAgain: before.length > 0 });
    }
  }
}

/** With another count it is the same reason, which is told once. */
function withoutCounts(reason: string): string {
  return reason.replace(/\d+ \w+/g, '…');
}
