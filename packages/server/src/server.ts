import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { Alerting } from './alerts/alerting.ts';
import { usualAlertRules, type AlertRules } from './alerts/rules/rules.ts';
import { Authenticator } from './access/authenticator.ts';
import { Passwords } from './access/password.ts';
import { Refusals } from './access/refusals.ts';
import { ServerError } from './errors/server-error.ts';
import { keepAttributions } from './attribution/attribution-keeper.ts';
import { AttributionStore } from './attribution/attribution-store.ts';
import { FindingStore } from './findings/finding-store.ts';
import { makeApp } from './http/app.ts';
import type { HttpLimits } from './http/context.ts';
import { OnCall } from './oncall/on-call.ts';
import { nobody, type OnCallPlan } from './oncall/plan/plan.ts';
import { IntakeCounters } from './ingest/intake-counters.ts';
import { usualRules } from './incident/decide.ts';
import { keepImpacts } from './incident/impact-keeper.ts';
import { IncidentDesk } from './incident/desk.ts';
import { keepIncidents } from './incident/incident-keeper.ts';
import { keepTimelines } from './incident/scribe.ts';
import { teamOf } from './incident/team.ts';
import { Aftermath } from './postmortem/aftermath.ts';
import { PostmortemDesk } from './postmortem/postmortem-desk.ts';
import { keepPostmortems } from './postmortem/postmortem-keeper.ts';
import { PostmortemStore } from './postmortem/postmortem-store.ts';
import { Response } from './response/response.ts';
import type { ResponsePolicy } from './response/policy.ts';
import { ChangeStore } from './store/changes.ts';
import { NewsFeed } from './live/news-feed.ts';
import { serviceStates } from './live/service-states.ts';
import { NewsReader } from './store/news.ts';
import { openDatabase, type DatabasePlace } from './store/database.ts';
import { FleetReader } from './store/fleet-reader.ts';
import { Housekeeper } from './store/housekeeper.ts';
import { IncidentStore } from './store/incidents.ts';
import { ReportWriter, type WriterLimits } from './store/report-writer.ts';
import { RouteReader } from './store/route-minutes.ts';
import { SignalStore } from './store/signals.ts';
import { SessionStore } from './store/sessions.ts';
import { TokenStore } from './store/tokens.ts';
import { UserStore } from './store/users.ts';

/** How a server is started. */
export interface ServerOptions {
  database: DatabasePlace;
  /** Default `127.0.0.1`: nobody else on the network reaches it. */
  host?: string;
  /** Default 4318, where OpenTelemetry's exporters send to; 0 for any. */
  port?: number;
  /** A file of alert rules; without one, incidents are kept and nobody is told. */
  rulesFile?: string;
  /** A plan of who is on call; without one, nobody is paged. */
  onCallFile?: string;
  /** A file that says what may be done about which service; without one, nothing may. */
  responseFile?: string;
  /** Where secrets that the rules name are; default: the process's environment. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** Where readers reach it, such as `https://ebb.example.com`, if that is not where it listens. */
  publicUrl?: URL;
  /** Milliseconds since the epoch; for tests. */
  now?: () => number;
  limits?: Partial<HttpLimits & WriterLimits>;
}

/** A server that runs. */
export interface Server {
  /** Where it is reached. */
  url: string;
  /** Where the data is: a file, or a URL without its password. */
  databasePlace: string;
  /** The tokens that were made because there was none; told once, and kept nowhere. */
  firstTokens: { admin: string; agent: string } | null;
  /**
   * Reads the alert rules, the on-call plan and what may be done about services anew.
   *
   * @throws {ServerError} EBB_SERVER_RULES, EBB_SERVER_ONCALL, EBB_SERVER_RESPONSE_POLICY when they cannot be used: then
   *   the ones before hold on
   */
  reloadRules(): Promise<void>;
  /** Takes nothing more, finishes what it has begun, and closes the database. */
  close(): Promise<void>;
}

const defaults: HttpLimits = {
  bodyBytes: 8 * 2 ** 20,
  requestsPerMinute: 60_000,
  refusalsPerMinute: 60,
  logInsPerMinute: 10,
  mostFollowers: 200,
};
const sqliteLimits: WriterLimits = { mostProcesses: 50_000, mostServices: 5000, mostWaiting: 20_000 };
const postgresLimits: WriterLimits = { ...sqliteLimits, mostProcesses: 500_000 };

/** A receiver of alerts that takes longer is tried again later. */
const receiverTimeoutMs = 10_000;
const dayMs = 86_400_000;
/** Room for new processes is made before it is used up. */
const filledShare = 0.8;

/** Node.js has `node:sqlite` without a flag since then. */
const oldestNode: readonly [major: number, minor: number] = [22, 13];

/**
 * Starts a server: opens the database, brings it up to date, and listens.
 *
 * @throws {ServerError} EBB_SERVER_NODE_VERSION, EBB_SERVER_LISTEN, and what {@link openDatabase} throws
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  checkNode(process.versions.node);
  const environment = options.environment ?? process.env;
  const policy = await readResponsePolicy(options.responseFile);
  const now = options.now ?? Date.now;
  const rules = await readRules(options.rulesFile, environment);
  const plan = await readPlan(options.onCallFile, environment, now());
  const database = await openDatabase(options.database);
  try {
    const limits = {
      ...defaults,
      ...(database.engine === 'sqlite' ? sqliteLimits : postgresLimits),
      ...options.limits,
    };
    const tokens = new TokenStore(database.query);
    const firstTokens = await makeFirstTokens(tokens, now());
    const writer = await ReportWriter.open(database, limits, now);
    const fleet = new FleetReader(database.query);
    const oncall: OnCall = new OnCall({
      database,
      plan,
      baseUrl: () => options.publicUrl?.href.replace(/\/$/, '') ?? alerting.rules.url,
      now,
      onError: (error) => {
        app.log.error({ err: error }, 'nobody could be paged');
      },
    });
    const alerting: Alerting = new Alerting({
      database,
      rules,
      pages: oncall.pages,
      environment,
      now,
      random: Math.random,
      timeoutMs: receiverTimeoutMs,
      onError: (error) => {
        app.log.error({ err: error }, 'alerts could not be sent');
      },
    });
    const incidents = new IncidentStore(database, alerting.listener);
    const signals = new SignalStore(database, limits);
    const routes = new RouteReader(database.query);
    const attributions = new AttributionStore(database);
    const feed = new NewsFeed({
      reader: new NewsReader(database.query),
      states: async (serviceIds) => await serviceStates(fleet, serviceIds, now()),
      now,
      onError: (error) => {
        app.log.error({ err: error }, 'news could not be read');
      },
    });
    const aftermath = new Aftermath(database, incidents);
    const postmortems = new PostmortemDesk({
      ...{ query: database.query, store: new PostmortemStore(database), fleet, incidents, routes, now },
      teamOf: (service) => teamOf(alerting.rules, service),
    });
    const response = new Response({
      database,
      fleet,
      routes,
      alerting,
      policy,
      advice: async (serviceId) => {
        const open = (await incidents.list({ open: true, most: 1000 })).find(({ service_id: id }) => id === serviceId);
        return open === undefined ? null : ((await attributions.find(open.id))?.advice ?? null);
      },
      now,
      onError: (error) => {
        app.log.error({ err: error }, 'actions could not be looked at');
      },
    });
    const app = await makeApp({
      database,
      attributions,
      tokens,
      authenticator: new Authenticator(tokens, now),
      users: new UserStore(database.query),
      sessions: new SessionStore(database.query),
      passwords: new Passwords(),
      refusals: new Refusals(tokens, now),
      feed,
      writer,
      fleet,
      incidents,
      desk: new IncidentDesk(database, alerting.listener),
      postmortems,
      aftermath,
      signals,
      changes: new ChangeStore(database, limits),
      findings: new FindingStore(database, limits),
      routes,
      alerting,
      oncall,
      responders: oncall.responders(alerting),
      githubSecret: environment['EBB_GITHUB_WEBHOOK_SECRET'] || null,
      response,
      counters: new IntakeCounters(),
      now,
      version: packageVersion(),
      publicUrl: options.publicUrl ?? null,
      limits,
    });
    const { host = '127.0.0.1', port = 4318 } = options;
    try {
      await app.listen({ host, port });
    } catch (error) {
      await app.close();
      await feed.stop();
      const reason = error instanceof Error ? error.message : String(error);
      throw new ServerError('EBB_SERVER_LISTEN', `port ${port} of ${host} cannot be listened on: ${reason}`, {
        cause: error,
      });
    }
    const housekeeper = new Housekeeper({
      database,
      writer,
      retention: {
        samplesMs: 2 * dayMs,
        hoursMs: 90 * dayMs,
        mostProcesses: Math.floor(limits.mostProcesses * filledShare),
        mostServices: Math.floor(limits.mostServices * filledShare),
      },
      now,
      onError: (error) => {
        app.log.error({ err: error }, 'the database could not be tidied');
      },
    });
    const attributionKeeper = keepAttributions({
      incidents,
      attributions,
      now,
      onError: (error) => {
        app.log.error({ err: error }, 'changes could not be held against the growth');
      },
    });
    const keeper = keepIncidents({
      fleet,
      incidents,
      signals,
      rules: usualRules,
      alerting,
      now,
      onError: (error) => {
        app.log.error({ err: error }, 'incidents could not be looked at');
      },
    });
    const impactKeeper = keepImpacts({
      incidents,
      routes,
      now,
      onError: (error) => {
        app.log.error({ err: error }, 'what incidents do could not be measured');
      },
    });
    const scribe = keepTimelines({
      fleet,
      incidents,
      routes,
      now,
      onError: (error) => {
        app.log.error({ err: error }, 'timelines could not be written');
      },
    });
    const postmortemKeeper = keepPostmortems({
      ...{ postmortems, aftermath, incidents, fleet, database, now },
      rules: () => alerting.rules,
      onError: (error) => {
        app.log.error({ err: error }, 'postmortems could not be written');
      },
    });
    alerting.start();
    oncall.start(alerting);
    response.start();
    return {
      url: urlOf(app.server.address() as AddressInfo),
      databasePlace: database.place,
      firstTokens,
      reloadRules: async () => {
        const [newRules, newPlan, newPolicy] = [
          await readRules(options.rulesFile, environment),
          await readPlan(options.onCallFile, environment, now()),
          await readResponsePolicy(options.responseFile),
        ];
        alerting.replaceRules(newRules);
        oncall.replacePlan(newPlan);
        response.replacePolicy(newPolicy);
      },
      close: async () => {
        await app.close();
        await feed.stop();
        await housekeeper.stop();
        await attributionKeeper.stop();
        await keeper.stop();
        await impactKeeper.stop();
        await oncall.stop();
        await scribe.stop();
        await postmortemKeeper.stop();
        await response.stop();
        await alerting.stop();
        await writer.close();
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** @throws {ServerError} EBB_SERVER_NODE_VERSION */
export function checkNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = oldestNode;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new ServerError(
    'EBB_SERVER_NODE_VERSION',
    `the server needs Node.js ${oldestNode.join('.')} or later; this is ${version}`,
  );
}

async function readRules(file: string | undefined, environment: ServerOptions['environment']): Promise<AlertRules> {
  if (file === undefined) return usualAlertRules;
  // Loaded here: who has no rules does without the parser.
  const { readRulesFile } = await import('./alerts/rules/rules-file.ts');
  return readRulesFile(file, environment);
}

async function readPlan(
  file: string | undefined,
  environment: ServerOptions['environment'],
  nowMs: number,
): Promise<OnCallPlan> {
  if (file === undefined) return nobody;
  // Loaded here: who has no plan does without calendars and zones.
  const { readPlanFile } = await import('./oncall/plan/plan-file.ts');
  return readPlanFile(file, { environment, nowMs });
}

async function readResponsePolicy(file: string | undefined): Promise<ResponsePolicy> {
  if (file === undefined) return [];
  const { readPolicyFile } = await import('./response/read-policy.ts');
  return readPolicyFile(file);
}

async function makeFirstTokens(tokens: TokenStore, nowMs: number): Promise<Server['firstTokens']> {
  if ((await tokens.list()).length > 0) return null;
  const make = async (role: 'admin' | 'agent'): Promise<string> =>
    (await tokens.create({ name: `first ${role}`, role, nowMs, expiresMs: null })).token;
  return { admin: await make('admin'), agent: await make('agent') };
}

function urlOf({ address, port, family }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
