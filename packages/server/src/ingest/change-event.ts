/**
 * Change events as PagerDuty's Events API v2 takes them (`POST /v2/change/enqueue`): a routing key, a summary, and perhaps
 * a time, a source, details and links. Whose change it is stands in the details; senders name it in several ways.
 */
import type { ChangeKind, ChangeLink, NewChange, ServiceName } from '../changes/change.ts';
import { changeKinds } from '../changes/change.ts';
import { ServerError } from '../errors/server-error.ts';
import { webUrl } from './alertmanager.ts';
import { storable } from './identity.ts';
import { longestText } from './report.ts';

/** As PagerDuty has it. */
export const longestSummary = 1024;
const mostLinks = 20;
/** A clock may be ahead by so much; what is more is taken as now. */
const mostAheadMs = 10 * 60_000;
/** What was longer ago is no news, and may be an old message that somebody sends again. */
const oldestChangeMs = 30 * 86_400_000;

const serviceKeys = ['service', 'service.name', 'service_name', 'app', 'application'];
const namespaceKeys = ['namespace', 'service.namespace', 'service_namespace'];
const environmentKeys = ['environment', 'env', 'deployment.environment.name', 'deployment_environment'];
const versionKeys = ['version', 'service.version', 'service_version', 'release', 'tag'];
const revisionKeys = ['revision', 'vcs.ref.head.revision', 'commit', 'commit_sha', 'git_sha', 'sha'];

/** The routing key of an event, before anything else of it is believed; undefined where there is none. */
export function routingKeyOf(body: unknown): string | undefined {
  const key = asObject(body)?.['routing_key'];
  return typeof key === 'string' && key !== '' && key.length <= 200 ? key : undefined;
}

/**
 * Reads a change event.
 *
 * @param service whose it is, where the sender's URL says so and the details do not
 * @throws {ServerError} EBB_SERVER_BAD_REQUEST when there is no summary, or it is older than a month
 */
export function readChangeEvent(body: unknown, service: string | undefined, nowMs: number): NewChange {
  const event = asObject(body);
  const payload = asObject(event?.['payload']);
  const summary = textOf(payload?.['summary']);
  if (event === null || payload === null || summary === '')
    throw new ServerError('EBB_SERVER_BAD_REQUEST', 'the change event has no payload with a summary');
  const details = asObject(payload['custom_details']) ?? {};
  const first = (keys: readonly string[]): string => keys.map((key) => textOf(details[key])).find(Boolean) ?? '';
  const version = first(versionKeys).slice(0, longestText) || null;
  const revision = first(revisionKeys).slice(0, longestText) || null;
  const kind = textOf(details['kind']).toLowerCase();
  const told = payload['timestamp'];
  return {
    service: named({
      service: first(serviceKeys) || (service ?? ''),
      namespace: first(namespaceKeys),
      environment: first(environmentKeys),
    }),
    ...changeTime(told === undefined || told === null ? null : parseTime(told), nowMs),
    kind: changeKinds.find((one) => one === kind) ?? usualKind(version, revision),
    summary: summary.slice(0, longestSummary),
    source: textOf(payload['source']).slice(0, longestText),
    version,
    revision,
    links: linksOf(event['links']),
  };
}

/** The kind of a change of which only this is told. */
export function usualKind(version: string | null, revision: string | null): ChangeKind {
  return version === null && revision === null ? 'other' : 'deploy';
}

/**
 * The service that is named; null where none is.
 *
 * @throws {ServerError} EBB_SERVER_BAD_REQUEST when a name is too long
 */
export function named(name: ServiceName): ServiceName | null {
  if ([name.service, name.namespace, name.environment].some((text) => text.length > longestText))
    throw new ServerError('EBB_SERVER_BAD_REQUEST', `a name is longer than ${longestText} characters`);
  return name.service === '' ? null : name;
}

/**
 * When the change was: as it is told, or now.
 *
 * @throws {ServerError} EBB_SERVER_BAD_REQUEST when it is older than a month
 */
export function changeTime(toldMs: number | null, nowMs: number): Pick<NewChange, 'timeMs' | 'timeTold'> {
  if (toldMs === null) return { timeMs: nowMs, timeTold: false };
  if (toldMs < nowMs - oldestChangeMs)
    throw new ServerError('EBB_SERVER_BAD_REQUEST', 'the change is told to be older than 30 days');
  return toldMs > nowMs + mostAheadMs ? { timeMs: nowMs, timeTold: false } : { timeMs: toldMs, timeTold: true };
}

/** The links that may stand on a page, at most twenty. */
export function linksOf(told: unknown): ChangeLink[] {
  if (!Array.isArray(told)) return [];
  return told.slice(0, mostLinks).flatMap((link: unknown) => {
    const href = webUrl(asObject(link)?.['href']);
    return href === null ? [] : [{ href, text: textOf(asObject(link)?.['text']) }];
  });
}

function parseTime(told: unknown): number {
  const timeMs = typeof told === 'string' && told.length <= 64 ? Date.parse(told) : NaN;
  if (!Number.isFinite(timeMs) || timeMs <= 0)
    throw new ServerError('EBB_SERVER_BAD_REQUEST', 'the timestamp is no time like 2026-11-21T14:30:00Z');
  return timeMs;
}

function asObject(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

/** A text or a number, without what does not belong into a line; empty for everything else. */
function textOf(value: unknown): string {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value !== 'string') return '';
  return storable(value.slice(0, 2 * longestSummary))
    .replace(/\s+/g, ' ')
    .trim();
}
