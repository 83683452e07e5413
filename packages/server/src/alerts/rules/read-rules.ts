/** Reads alert rules from YAML, and says everything that is wrong with them at once. */
import { usualRules, type LevelRules } from '../../incident/decide.ts';
import { zoneOf } from '../../incident/zone.ts';
import type { FlappingRule } from '../../store/flapping.ts';
import { levels } from './matcher.ts';
import { readLabelNames, readLabels, readMatcher } from './read-matcher.ts';
import { readReceivers, readUrl, type Environment } from './read-receivers.ts';
import { nearest } from './nearest.ts';
import {
  usualAlertRules,
  type AlertRules,
  type HeartbeatRule,
  type HighMemoryRule,
  type Inhibition,
  type Override,
  type Route,
  type SilentRule,
} from './rules.ts';
import { YamlFile, type Problem, type Value } from './yaml-file.ts';

const second = 1000;
const minute = 60 * second;
const day = 86_400 * second;

/** What was read: the rules, or what is wrong with them, in the order of the file. */
export type ReadRules = { rules: AlertRules; problems: [] } | { rules: null; problems: Problem[] };

/**
 * Reads the rules. With an environment, the variables that the rules name have to be there; without one the file is
 * checked by itself.
 */
export function readRules(text: string, environment?: Environment): ReadRules {
  const file = new YamlFile(text);
  const rules = file.root.isNothing ? usualAlertRules : readAll(file, environment);
  const problems = file.problems.sort((a, b) => a.line - b.line || a.column - b.column);
  return problems.length === 0 ? { rules, problems: [] } : { rules: null, problems };
}

const names = [
  ...['url', 'levels', 'high_memory', 'silent', 'services', 'flapping', 'inhibit'],
  ...['routes', 'receivers', 'heartbeat'],
];

function readAll(file: YamlFile, environment: Environment): AlertRules {
  const fields = file.root.fields(names);
  const receivers = fields.take('receivers', (value) => readReceivers(value, environment)) ?? new Map();
  const known = fields.take('receivers', (value) => namesOf(value)) ?? [];
  const toldLevels = fields.take('levels', readLevels) ?? {};
  const ownLevels: LevelRules = { ...usualRules, ...toldLevels };
  if (ownLevels.pageWithinSeconds > ownLevels.warnWithinSeconds)
    fields.take('levels', (value) => value.wrong('page_within is longer than warn_within: nothing would be a warning'));
  return {
    url: fields.take('url', readBase) ?? null,
    usual: {
      levels: ownLevels,
      highMemory: fields.take('high_memory', readHighMemory) ?? null,
      silent: fields.take('silent', readSilent) ?? null,
      labels: {},
    },
    services: fields.take('services', (value) => value.listOf(readOverride)) ?? [],
    flapping: fields.take('flapping', readFlapping) ?? usualAlertRules.flapping,
    inhibit: fields.take('inhibit', (value) => value.listOf(readInhibition)) ?? [],
    routes: fields.take('routes', (value) => value.listOf((entry) => readRoute(entry, known))) ?? [],
    receivers,
    heartbeat: fields.take('heartbeat', (value) => readHeartbeat(value, environment)) ?? null,
  };
}

function namesOf(value: Value): string[] {
  return value
    .fields(null)
    .all()
    .map(([name]) => name);
}

function readBase(value: Value): string | null {
  const text = value.text(2000);
  if (text === null) return null;
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    return value.wrong('is no URL that begins with http:// or https://');
  return text.replace(/\/+$/, '');
}

function readLevels(value: Value): Partial<LevelRules> {
  const fields = value.fields(['page_within', 'warn_within', 'quiet']);
  const read = (found: Value): number | null => found.duration(second, 365 * day, 'from 1s to 365d');
  const [pageMs, warnMs] = [fields.take('page_within', read), fields.take('warn_within', read)];
  const quietMs = fields.take('quiet', (found) => found.duration(second, 7 * day, 'from 1s to 7d'));
  return {
    ...(pageMs === undefined ? {} : { pageWithinSeconds: pageMs / second }),
    ...(warnMs === undefined ? {} : { warnWithinSeconds: warnMs / second }),
    ...(quietMs === undefined ? {} : { quietMs }),
  };
}

function readHighMemory(value: Value): HighMemoryRule | null {
  if (isOff(value)) return null;
  const fields = value.fields(['above', 'for', 'level']);
  return {
    aboveShare: fields.take('above', (found) => found.share()) ?? 0.9,
    forMs: fields.take('for', (found) => found.duration(0, 6 * 60 * minute, 'up to 6h')) ?? 5 * minute,
    level: fields.take('level', (found) => found.oneOf(levels)) ?? 'warning',
  };
}

function readSilent(value: Value): SilentRule | null {
  if (isOff(value)) return null;
  const fields = value.fields(['after', 'share', 'level']);
  return {
    afterMs: fields.take('after', (found) => found.duration(10 * second, day, 'from 10s to 1d')) ?? 5 * minute,
    share: fields.take('share', (found) => found.share()) ?? 0.5,
    level: fields.take('level', (found) => found.oneOf(levels)) ?? 'page',
  };
}

/** `off` in quotes or not: YAML 1.2 has no such boolean. */
function isOff(value: Value): boolean {
  return value.is('off') || value.is(false);
}

function readOverride(value: Value): Override {
  const fields = value.fields(['match', 'levels', 'high_memory', 'silent', 'labels']);
  // Null is off, and undefined as for all.
  const highMemory = fields.take('high_memory', (found) => [readHighMemory(found)])?.[0];
  const silent = fields.take('silent', (found) => [readSilent(found)])?.[0];
  return {
    match: fields.need('match', (found) => readMatcher(found, [])) ?? {},
    levels: fields.take('levels', readLevels) ?? {},
    ...(highMemory === undefined ? {} : { highMemory }),
    ...(silent === undefined ? {} : { silent }),
    labels: fields.take('labels', readOwnLabels) ?? {},
  };
}

function readOwnLabels(value: Value): Record<string, string> {
  const labels = readLabels(value, (label) => label.text(200));
  const { zone } = labels;
  if (zone !== undefined && zoneOf(zone) === null)
    value.wrong(`the label 'zone' is the team's time zone, such as Africa/Nairobi; there is no '${zone}'`);
  return labels;
}

function readFlapping(value: Value): FlappingRule {
  const fields = value.fields(['times', 'within', 'quiet']);
  const { times, withinMs, quietMs } = usualAlertRules.flapping;
  return {
    times: fields.take('times', (found) => found.whole(2, 100)) ?? times,
    withinMs: fields.take('within', (found) => found.duration(minute, 30 * day, 'from 1m to 30d')) ?? withinMs,
    quietMs: fields.take('quiet', (found) => found.duration(second, 7 * day, 'from 1s to 7d')) ?? quietMs,
  };
}

function readInhibition(value: Value): Inhibition {
  const fields = value.fields(['source', 'target', 'equal']);
  return {
    source: fields.need('source', (found) => readMatcher(found, ['min_level', 'labels'])) ?? {},
    target: fields.need('target', (found) => readMatcher(found, ['max_level', 'labels'])) ?? {},
    equal: fields.take('equal', readLabelNames) ?? [],
  };
}

function readRoute(value: Value, receivers: readonly string[]): Route {
  const fields = value.fields(['match', 'to', 'group_by', 'group_wait', 'group_interval', 'repeat_interval']);
  const duration = (name: string, usualMs: number): number =>
    fields.take(name, (found) => found.duration(0, day, 'up to 1d')) ?? usualMs;
  return {
    match: fields.take('match', (found) => readMatcher(found, ['min_level', 'max_level', 'labels'])) ?? {},
    to: fields.need('to', (found) => found.listOf((entry) => readReceiverName(entry, receivers))) ?? [],
    groupBy: fields.take('group_by', readLabelNames) ?? ['service', 'namespace', 'environment'],
    groupWaitMs: duration('group_wait', 0),
    groupIntervalMs: duration('group_interval', minute),
    repeatIntervalMs:
      fields.take('repeat_interval', (found) => found.duration(minute, 7 * day, 'from 1m to 7d')) ?? null,
  };
}

function readReceiverName(value: Value, receivers: readonly string[]): string | null {
  const name = value.text(100);
  if (name === null || receivers.includes(name)) return name;
  const meant = nearest(name, receivers);
  return value.wrong(`there is no receiver '${name}'${meant === null ? '' : `; was '${meant}' meant?`}`);
}

function readHeartbeat(value: Value, environment: Environment): HeartbeatRule | null {
  const fields = value.fields(['url', 'url_env', 'every']);
  const url = readUrl(fields, environment);
  const everyMs = fields.take('every', (found) => found.duration(10 * second, 60 * minute, 'from 10s to 1h')) ?? minute;
  return url === null ? null : { url, everyMs };
}
