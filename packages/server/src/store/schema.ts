/**
 * The tables, as they are after the last migration. Times are milliseconds since the epoch, sizes bytes; both fit a
 * double exactly.
 */
import type { Verdict } from '@ebb/trend';
import type { Generated, Selectable } from 'kysely';
import type { Role } from '../access/token.ts';
import type { OutboxSchema } from '../alerts/outbox/tables.ts';
import type { SilenceSchema } from '../alerts/silences/tables.ts';
import type { AttributionSchema } from '../attribution/tables.ts';
import type { OnCallSchema } from '../oncall/tables.ts';
import type { ChangeKind } from '../changes/change.ts';
import type { FindingsSchema } from '../findings/tables.ts';
import type { Cause } from '../incident/cause.ts';
import type { IncidentEventKind } from '../incident/event-kind.ts';
import type { Level } from '../incident/level.ts';
import type { IncidentWorkSchema } from '../incident/tables.ts';
import type { PostmortemSchema } from '../postmortem/tables.ts';
import type { ResponseSchema } from '../response/tables.ts';
import type { SignalKind, SignalSource } from '../signals/signal.ts';

/** Who may talk to the server. */
export interface TokenTable {
  id: Generated<number>;
  name: string;
  role: Role;
  hash: string;
  created_ms: number;
  expires_ms: number | null;
  revoked_ms: number | null;
}

/** What was done by whom, and what was refused: appended, never changed, and forgotten in time. */
export interface AuditTable {
  id: Generated<number>;
  time_ms: number;
  /** The token's name. */
  actor: string;
  action: string;
  detail: string;
}

/** A service in one environment. */
export interface ServiceTable {
  id: Generated<number>;
  name: string;
  /** Empty where there is none, as with every text that is part of a key. */
  namespace: string;
  environment: string;
  first_seen_ms: number;
}

/** A process of one version of a service, with what it told last. */
export interface ProcessTable {
  id: Generated<number>;
  service_id: number;
  version: string;
  instance: string;
  revision: string | null;
  host: string | null;
  pid: number | null;
  runtime: string | null;
  first_seen_ms: number;
  last_seen_ms: number;
  /** When this server heard of it last, by its own clock. */
  heard_ms: number;
  /** How often it reports, as far as it has shown. */
  interval_ms: number | null;
  /** When it told that it ends; null unless that was its last word. */
  ended_ms: number | null;
  started_ms: number | null;
  /** When its instance was seen with a later start than before. */
  restarted_ms: number | null;
  /** How full it was before that: a share of the nearer limit. */
  ended_share: number | null;
  rss_bytes: number | null;
  /** Live memory after the last full collection: heap and external. */
  floor_bytes: number | null;
  heap_used_bytes: number | null;
  heap_limit_bytes: number | null;
  container_limit_bytes: number | null;
  requests: number | null;
  gc_share: number | null;
  loop_delay_p99_seconds: number | null;
  /** Who judged: the agent in the process, or the server. */
  judged_by: 'agent' | 'server';
  /** When the verdict was given last, changed or not. */
  judged_ms: number;
  verdict: Verdict;
  verdict_since_ms: number;
  /** 1 while growth is worth evidence. */
  suspicious: number;
  bytes_per_second: number | null;
  bytes_per_second_low: number | null;
  bytes_per_second_high: number | null;
  bytes_per_request: number | null;
  seconds_to_limit: number | null;
  seconds_to_limit_soonest: number | null;
  seconds_to_limit_latest: number | null;
}

/** One row a minute and process, or what is left of them after a while: one an hour. */
export interface SampleTable {
  process_id: number;
  time_ms: number;
  rss_bytes: number | null;
  floor_bytes: number | null;
  heap_used_bytes: number | null;
  requests: number | null;
  gc_share: number | null;
  loop_delay_p99_seconds: number | null;
  bytes_per_second: number | null;
  seconds_to_limit: number | null;
}

/** A process got another verdict. */
export interface VerdictChangeTable {
  process_id: number;
  time_ms: number;
  verdict: Verdict;
  /** Null for its first one. */
  before: Verdict | null;
}

/** What the server's own judge of a process knows: see `MemoryJudge.save`. */
export interface JudgeTable {
  process_id: number;
  judged_ms: number;
  state: Uint8Array;
}

/** A service is somebody's business; one incident at a time is open for a service. */
export interface IncidentTable {
  id: Generated<number>;
  service_id: number;
  /** The highest that it had. */
  level: Level;
  cause: Cause;
  /** What it is about now. */
  summary: string;
  /** What it does to requests and clients, as JSON: see `Impact`; null while nothing is measured. */
  impact: string | null;
  opened_ms: number;
  quiet_since_ms: number | null;
  /** How often it was opened again because it flaps. */
  reopened: number;
  resolved_ms: number | null;
  /** Somebody resolved it while it went on: until then, at most, the same is no new incident. Null where nobody did. */
  held_until_ms: number | null;
}

/** What happened in an incident: appended, never changed. */
export interface IncidentEventTable {
  id: Generated<number>;
  incident_id: number;
  time_ms: number;
  kind: IncidentEventKind;
  text: string;
  /** What it tells of (`signal 12`): that is told once. Null where nothing of the kind is meant. */
  ref: string | null;
  /** Who did it; null for the server itself. */
  actor: string | null;
}

/** What is told of a service beside its memory: see `ToldSignal`. */
export interface SignalTable {
  id: Generated<number>;
  service_id: number;
  source: SignalSource;
  key: string;
  told_start_ms: number;
  kind: SignalKind;
  level: Level | null;
  title: string;
  text: string;
  url: string | null;
  started_ms: number;
  ended_ms: number | null;
  /** When it was told last. */
  told_ms: number;
}

/** A change that somebody told, or that shows in telemetry. */
export interface ChangeTable {
  id: Generated<number>;
  /** Null where nobody said whose it is. */
  service_id: number | null;
  time_ms: number;
  kind: ChangeKind;
  summary: string;
  source: string;
  version: string | null;
  revision: string | null;
  /** JSON: `ChangeLink[]`. */
  links: string;
  /** With the slot, it makes a change that is told again the same one. */
  content_hash: string;
  slot_ms: number;
}

/** Requests of a route of a service in one minute; the route is empty for all of them together. */
export interface RouteMinuteTable {
  service_id: number;
  route: string;
  minute_ms: number;
  requests: number;
  failed: number;
  /** Answered in time, and not failed. */
  good: number;
  /** Sketches of distinct clients, all and those that met a slow or failed answer; null where nobody sends them. */
  clients: string | null;
  affected: string | null;
}

/** How far a process's request counters were when they were last told, as JSON: see `route-totals.ts`. */
export interface RouteTotalsTable {
  process_id: number;
  totals: string;
}

/** Who may log in with a password. */
export interface UserTable {
  id: Generated<number>;
  /** In small letters. */
  name: string;
  role: Exclude<Role, 'agent'>;
  /** What is kept of the password: see `access/password.ts`. */
  password: string;
  created_ms: number;
}

/** A browser that has logged in: with a password, or with a token. */
export interface SessionTable {
  id: Generated<number>;
  hash: string;
  user_id: number | null;
  token_id: number | null;
  created_ms: number;
  used_ms: number;
  expires_ms: number;
}

/** News for those who follow live, in the order in which it is told. */
export interface NewsTable {
  id: Generated<number>;
  kind: 'verdict' | 'incident';
  service_id: number;
  /** JSON. */
  told: string;
}

/** All tables. */
export interface Schema
  extends
    AttributionSchema,
    OutboxSchema,
    SilenceSchema,
    FindingsSchema,
    IncidentWorkSchema,
    PostmortemSchema,
    OnCallSchema,
    ResponseSchema {
  tokens: TokenTable;
  audit: AuditTable;
  services: ServiceTable;
  processes: ProcessTable;
  samples: SampleTable;
  hourly_samples: SampleTable;
  verdict_changes: VerdictChangeTable;
  judges: JudgeTable;
  incidents: IncidentTable;
  incident_events: IncidentEventTable;
  signals: SignalTable;
  changes: ChangeTable;
  route_minutes: RouteMinuteTable;
  route_totals: RouteTotalsTable;
  users: UserTable;
  sessions: SessionTable;
  news: NewsTable;
}

/** A service as it is read. */
export type ServiceRow = Selectable<ServiceTable>;
/** A process as it is read. */
export type ProcessRow = Selectable<ProcessTable>;
/** A sample as it is read. */
export type SampleRow = Selectable<SampleTable>;
/** An incident as it is read. */
export type IncidentRow = Selectable<IncidentTable>;
/** A signal as it is read. */
export type SignalRow = Selectable<SignalTable>;
/** A change as it is read. */
export type ChangeRow = Selectable<ChangeTable>;
/** A user as it is read. */
export type UserRow = Selectable<UserTable>;
/** News as it is read. */
export type NewsRow = Selectable<NewsTable>;
