import type { Alerting } from '../alerts/alerting.ts';
import type { Authenticator } from '../access/authenticator.ts';
import type { Passwords } from '../access/password.ts';
import type { Refusals } from '../access/refusals.ts';
import type { AttributionStore } from '../attribution/attribution-store.ts';
import type { CommitStore } from '../attribution/commit-store.ts';
import type { FindingStore } from '../findings/finding-store.ts';
import type { IntakeCounters } from '../ingest/intake-counters.ts';
import type { ChangeStore } from '../store/changes.ts';
import type { OnCall } from '../oncall/on-call.ts';
import type { Responders } from '../oncall/escalation/respond.ts';
import type { NewsFeed } from '../live/news-feed.ts';
import type { Database } from '../store/database.ts';
import type { FleetReader } from '../store/fleet-reader.ts';
import type { UsualRises } from '../judge/usual-rises.ts';
import type { IncidentDesk } from '../incident/desk.ts';
import type { Aftermath } from '../postmortem/aftermath.ts';
import type { PostmortemDesk } from '../postmortem/postmortem-desk.ts';
import type { IncidentStore } from '../store/incidents.ts';
import type { ReportWriter } from '../store/report-writer.ts';
import type { Response } from '../response/response.ts';
import type { RouteReader } from '../store/route-minutes.ts';
import type { SignalStore } from '../store/signals.ts';
import type { SessionStore } from '../store/sessions.ts';
import type { TokenStore } from '../store/tokens.ts';
import type { UserStore } from '../store/users.ts';

/** What the routes work with. */
export interface Context {
  database: Database;
  attributions: AttributionStore;
  commits: CommitStore;
  tokens: TokenStore;
  authenticator: Authenticator;
  users: UserStore;
  sessions: SessionStore;
  passwords: Passwords;
  refusals: Refusals;
  feed: NewsFeed;
  writer: ReportWriter;
  usual: UsualRises;
  fleet: FleetReader;
  incidents: IncidentStore;
  desk: IncidentDesk;
  postmortems: PostmortemDesk;
  aftermath: Aftermath;
  signals: SignalStore;
  changes: ChangeStore;
  findings: FindingStore;
  routes: RouteReader;
  alerting: Alerting;
  oncall: OnCall;
  responders: Responders;
  /** What GitHub signs its webhooks with; null where none are taken. */
  githubSecret: string | null;
  /** What PagerDuty signs its webhooks with, one for each subscription; none where none are taken. */
  pagerDutySecrets: readonly string[];
  response: Response;
  counters: IntakeCounters;
  /** Milliseconds since the epoch. */
  now: () => number;
  version: string;
  /** Where readers reach the server, if that is not where it listens: behind a proxy. */
  publicUrl: URL | null;
  limits: HttpLimits;
}

/** How much one client may send. */
export interface HttpLimits {
  /** Bytes of a body, unpacked too. */
  bodyBytes: number;
  /** Requests a minute and address, those with telemetry aside. */
  requestsPerMinute: number;
  /** Requests with telemetry, a minute and address: a whole company's processes may come through one proxy. */
  reportsPerMinute: number;
  /** Requests with a wrong token, a minute and address. */
  refusalsPerMinute: number;
  /** Attempts to log in, a minute, address and name. */
  logInsPerMinute: number;
  /** Those who follow `/api/v1/events` at once. */
  mostFollowers: number;
}
