/** The parts of a server, put together around its database. */
import { Authenticator } from './access/authenticator.ts';
import { Passwords } from './access/password.ts';
import { Refusals } from './access/refusals.ts';
import { Alerting } from './alerts/alerting.ts';
import { AttributionStore } from './attribution/attribution-store.ts';
import { CommitStore } from './attribution/commit-store.ts';
import type { Configuration } from './configuration.ts';
import { FindingStore } from './findings/finding-store.ts';
import type { Context } from './http/context.ts';
import { IncidentDesk } from './incident/desk.ts';
import { teamOf } from './incident/team.ts';
import { IntakeCounters } from './ingest/intake-counters.ts';
import { UsualRises } from './judge/usual-rises.ts';
import { NewsFeed } from './live/news-feed.ts';
import { serviceStates } from './live/service-states.ts';
import { OnCall } from './oncall/on-call.ts';
import { Aftermath } from './postmortem/aftermath.ts';
import { Letters } from './postmortem/letters/letters.ts';
import { PostmortemDesk } from './postmortem/postmortem-desk.ts';
import { PostmortemStore } from './postmortem/postmortem-store.ts';
import { Response } from './response/response.ts';
import { ChangeStore } from './store/changes.ts';
import type { Database } from './store/database.ts';
import { earlierRises } from './store/earlier-lives.ts';
import { FleetReader } from './store/fleet-reader.ts';
import { IncidentStore } from './store/incidents.ts';
import { NewsReader } from './store/news.ts';
import { ReportWriter, type WriterLimits } from './store/report-writer.ts';
import { RouteReader } from './store/route-minutes.ts';
import { SessionStore } from './store/sessions.ts';
import { SignalStore } from './store/signals.ts';
import { TokenStore } from './store/tokens.ts';
import { UserStore } from './store/users.ts';

/** A receiver of alerts that takes longer is tried again later. */
const receiverTimeoutMs = 10_000;

/** What the parts are made of. */
export interface PartsOptions {
  database: Database;
  configuration: Configuration;
  environment: Readonly<Record<string, string | undefined>>;
  limits: Context['limits'] & WriterLimits;
  publicUrl: URL | null;
  version: string;
  now: () => number;
  /** What hears of an error in the background, by what could not be done. */
  tell: (what: string) => (error: unknown) => void;
}

/** Puts the parts together. Nothing runs yet but the writer, which waits to be given reports. */
export async function makeParts(options: PartsOptions): Promise<Context> {
  const { database, configuration, environment, limits, publicUrl, version, now, tell } = options;
  const { rules, plan, policy } = configuration;
  const tokens = new TokenStore(database.query, database.engine);
  const fleet = new FleetReader(database.query);
  const routes = new RouteReader(database.query);
  const attributions = new AttributionStore(database);
  const baseUrl = (): string | null => publicUrl?.href.replace(/\/$/, '') ?? alerting.rules.url;
  const oncall: OnCall = new OnCall({
    database,
    plan,
    baseUrl,
    now,
    onError: tell('nobody could be paged'),
  });
  const alerting: Alerting = new Alerting({
    database,
    rules,
    pages: oncall.pages,
    letters: new Letters({ plan: () => oncall.plan, baseUrl }),
    environment,
    now,
    random: Math.random,
    timeoutMs: receiverTimeoutMs,
    onError: tell('alerts could not be sent'),
  });
  const usual = new UsualRises(async (later) => await earlierRises(database.query, later, now()), now);
  const incidents = new IncidentStore(database, alerting.listener);
  return {
    database,
    tokens,
    authenticator: new Authenticator(tokens, now),
    users: new UserStore(database.query),
    sessions: new SessionStore(database.query),
    passwords: new Passwords(),
    refusals: new Refusals(tokens, now),
    feed: new NewsFeed({
      reader: new NewsReader(database.query),
      states: async (serviceIds) => await serviceStates(fleet, serviceIds, now()),
      now,
      onError: tell('news could not be read'),
    }),
    writer: await ReportWriter.open(database, limits, now, usual),
    usual,
    fleet,
    incidents,
    desk: new IncidentDesk(database, alerting.listener),
    postmortems: new PostmortemDesk({
      ...{ query: database.query, store: new PostmortemStore(database), fleet, incidents, routes, now },
      teamOf: (service) => teamOf(alerting.rules, service),
      ownersOf: (service, path) => oncall.ownersOf(alerting.incidents.subjectOf({ ...service, level: 'page' }), path),
    }),
    aftermath: new Aftermath(database, incidents),
    signals: new SignalStore(database, limits),
    changes: new ChangeStore(database, limits),
    attributions,
    commits: new CommitStore(database),
    findings: new FindingStore(database, limits),
    routes,
    alerting,
    oncall,
    responders: oncall.responders(alerting),
    response: new Response({
      database,
      fleet,
      routes,
      alerting,
      policy,
      known: async (serviceId) => {
        const open = (await incidents.list({ open: true, most: 1000 })).find(({ service_id: id }) => id === serviceId);
        return open === undefined ? null : await attributions.find(open.id);
      },
      now,
      onError: tell('actions could not be looked at'),
    }),
    githubSecret: environment['EBB_GITHUB_WEBHOOK_SECRET'] || null,
    pagerDutySecrets: (environment['EBB_PAGERDUTY_WEBHOOK_SECRET'] ?? '').split(/[\s,]+/).filter(Boolean),
    counters: new IntakeCounters(),
    now,
    version,
    publicUrl,
    limits,
  };
}
