/** What a postmortem is made of: all that the server knows of an incident. */
import type { ToldCommits } from '../attribution/commits.ts';
import type { ToldChangePart } from '../attribution/told.ts';
import type { Finding } from '../findings/finding.ts';
import type { Impact } from '../impact/impact.ts';
import type { Cause } from '../incident/cause.ts';
import type { IncidentEventKind } from '../incident/event-kind.ts';
import type { Level } from '../incident/level.ts';
import type { Team } from '../incident/team.ts';
import type { HypothesisRow, IncidentRoleRow } from '../incident/tables.ts';
import type { ChangeRow, ProcessRow, SampleRow, ServiceRow, SignalRow } from '../store/schema.ts';
import type { IncidentTimes } from './incident-times.ts';

/** Memory of the process that grew the most. */
export interface GrownProcess {
  process: Pick<
    ProcessRow,
    'instance' | 'version' | 'heap_limit_bytes' | 'container_limit_bytes' | 'bytes_per_second' | 'restarted_ms'
  >;
  /** Oldest first. */
  samples: readonly FactSample[];
  /** Of the other processes, those that grew the most first: for the figure. */
  others: readonly (readonly FactSample[])[];
}

/** A sample as far as a postmortem needs it. */
export type FactSample = Pick<SampleRow, 'time_ms' | 'floor_bytes' | 'rss_bytes' | 'gc_share'>;

/** An earlier incident with the same fingerprint. */
export interface Repeat {
  incidentId: number;
  openedMs: number;
}

/** An entry of the timeline. */
export interface ToldEvent {
  timeMs: number;
  kind: IncidentEventKind;
  text: string;
  actor: string | null;
}

/** All of it. */
export interface PostmortemFacts {
  incident: {
    id: number;
    level: Level;
    cause: Cause;
    summary: string;
    openedMs: number;
    resolvedMs: number | null;
    reopened: number;
  };
  service: Pick<ServiceRow, 'name' | 'namespace' | 'environment'>;
  team: Team;
  times: IncidentTimes;
  impact: Impact | null;
  /** In the order of time. */
  timeline: readonly ToldEvent[];
  signals: readonly Pick<SignalRow, 'kind' | 'title' | 'source' | 'level' | 'started_ms' | 'ended_ms'>[];
  /** The first one first. */
  changes: readonly ChangeRow[];
  /** The parts that changes have in the growth, as far as they were judged; the first one first. */
  parts: readonly ToldChangePart[];
  hypotheses: readonly HypothesisRow[];
  roles: readonly IncidentRoleRow[];
  /** What held the memory; null where nothing was found. */
  culprit: Finding | null;
  /** What the repository's history tells of it; null where nobody looked. */
  commits: ToldCommits | null;
  /** People of the teams that own the culprit's file, by the on-call plan. */
  owners: readonly string[];
  repeats: readonly Repeat[];
  grown: GrownProcess | null;
  /** Versions that ran, with what was judged of them last. */
  versions: readonly { version: string; processes: number; grew: number }[];
}
