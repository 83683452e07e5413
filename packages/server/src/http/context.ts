import type { Alerting } from '../alerts/alerting.ts';
import type { Authenticator } from '../access/authenticator.ts';
import type { IntakeCounters } from '../ingest/intake-counters.ts';
import type { ChangeStore } from '../store/changes.ts';
import type { Database } from '../store/database.ts';
import type { FleetReader } from '../store/fleet-reader.ts';
import type { IncidentStore } from '../store/incidents.ts';
import type { ReportWriter } from '../store/report-writer.ts';
import type { RouteReader } from '../store/route-minutes.ts';
import type { SignalStore } from '../store/signals.ts';
import type { TokenStore } from '../store/tokens.ts';

/** What the routes work with. */
export interface Context {
  database: Database;
  tokens: TokenStore;
  authenticator: Authenticator;
  writer: ReportWriter;
  fleet: FleetReader;
  incidents: IncidentStore;
  signals: SignalStore;
  changes: ChangeStore;
  routes: RouteReader;
  alerting: Alerting;
  counters: IntakeCounters;
  /** Milliseconds since the epoch. */
  now: () => number;
  version: string;
  limits: HttpLimits;
}

/** How much one client may send. */
export interface HttpLimits {
  /** Bytes of a body, unpacked too. */
  bodyBytes: number;
  /** Requests a minute and address. */
  requestsPerMinute: number;
  /** Requests with a wrong token, a minute and address. */
  refusalsPerMinute: number;
}
