/** Alert rules: what is an alert, how urgent, who is told. Read from YAML by `read-rules.ts`. */
import { usualRules, type LevelRules } from '../../incident/decide.ts';
import type { Level } from '../../incident/level.ts';
import { usualFlapping, type FlappingRule } from '../../store/flapping.ts';
import { matchesName, type Matcher, type ServiceName } from './matcher.ts';

/** Memory above a share of the limit for a while is an alert, whether it grows or not. */
export interface HighMemoryRule {
  /** Of the container's limit for RSS, of the heap's for floors; from 0 to 1. */
  aboveShare: number;
  forMs: number;
  level: Level;
}

/** Processes that say nothing any more are an alert. */
export interface SilentRule {
  /** A process that was not heard of for so long, and for three of its reporting intervals, is silent. */
  afterMs: number;
  /** So large a share of a service's processes is an alert; all of them are always one. From 0 to 1. */
  share: number;
  level: Level;
}

/** While an incident that fits `source` is open, notices of others that fit `target` are not sent. */
export interface Inhibition {
  source: Matcher;
  target: Matcher;
  /** Labels that both have to have alike. */
  equal: readonly string[];
}

/** Who is told of what. Every route that fits counts. */
export interface Route {
  match: Matcher;
  to: readonly string[];
  /** Incidents that have these labels alike are told together. */
  groupBy: readonly string[];
  /** The first notice of a group waits so long for others. */
  groupWaitMs: number;
  /** Later ones are sent so long after the last at the earliest; what wakes somebody up does not wait for it. */
  groupIntervalMs: number;
  /** An incident that stays open is told again after so long; null: never. */
  repeatIntervalMs: number | null;
}

/** Where a URL stands: in the rules, or in an environment variable, when it is a secret. */
export type UrlSource = { url: string } | { env: string };

/** JSON in which strings have placeholders. */
export type Template = string | number | boolean | null | readonly Template[] | { readonly [key: string]: Template };

/** How a receiver is reached. Secrets are names of environment variables. */
export type Channel =
  | { type: 'webhook'; url: UrlSource; secretEnv: string | null; template: Template | null }
  | { type: 'alertmanager'; url: UrlSource; secretEnv: string | null }
  | { type: 'slack'; url: UrlSource }
  | { type: 'pagerduty'; url: UrlSource; secretEnv: string }
  | { type: 'email'; server: UrlSource; from: string; to: readonly string[] };

/** Somebody who is told. */
export interface Receiver {
  name: string;
  channel: Channel;
}

/** A sign of life that is sent to somebody outside, who raises the alarm when it does not come. */
export interface HeartbeatRule {
  url: UrlSource;
  everyMs: number;
}

/** What holds for a service. */
export interface ServiceRules {
  levels: LevelRules;
  highMemory: HighMemoryRule | null;
  silent: SilentRule | null;
  labels: Readonly<Record<string, string>>;
}

/** What holds for services that fit, instead of the rules for all. */
export interface Override {
  match: Matcher;
  levels: Partial<LevelRules>;
  highMemory?: HighMemoryRule | null;
  silent?: SilentRule | null;
  labels: Readonly<Record<string, string>>;
}

/** All rules. */
export interface AlertRules {
  /** Where people reach this server, without a slash at the end; for links. */
  url: string | null;
  usual: ServiceRules;
  /** Those that come later win. */
  services: readonly Override[];
  flapping: FlappingRule;
  inhibit: readonly Inhibition[];
  routes: readonly Route[];
  receivers: ReadonlyMap<string, Receiver>;
  heartbeat: HeartbeatRule | null;
}

/** What holds where no rules are given: incidents are kept, nobody is told. */
export const usualAlertRules: AlertRules = {
  url: null,
  usual: { levels: usualRules, highMemory: null, silent: null, labels: {} },
  services: [],
  flapping: usualFlapping,
  inhibit: [],
  routes: [],
  receivers: new Map(),
  heartbeat: null,
};

/** What holds for one service. */
export function rulesFor(rules: AlertRules, name: ServiceName): ServiceRules {
  let found = rules.usual;
  for (const { match, levels, highMemory, silent, labels } of rules.services) {
    if (!matchesName(match, name)) continue;
    found = {
      levels: { ...found.levels, ...levels },
      highMemory: highMemory === undefined ? found.highMemory : highMemory,
      silent: silent === undefined ? found.silent : silent,
      labels: { ...found.labels, ...labels },
    };
  }
  return found;
}
