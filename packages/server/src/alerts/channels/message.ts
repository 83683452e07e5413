/** What a receiver is told, whatever the channel. */
import type { Cause } from '../../incident/cause.ts';
import type { Level } from '../../incident/level.ts';
import type { ServiceName } from '../rules/matcher.ts';

/** Why somebody is told: what happened to the incident, or that it goes on. */
export type NoticeKind =
  | 'opened'
  | 'raised'
  | 'reopened'
  | 'explained'
  | 'acknowledged'
  | 'resolved'
  | 'still-open'
  | 'paged'
  | 'action-due'
  | 'test';

/** News of one incident. */
export interface IncidentNews extends ServiceName {
  /** 0 for a test. */
  id: number;
  change: NoticeKind;
  level: Level;
  cause: Cause;
  summary: string;
  openedMs: number;
  /** Null while it is open. */
  resolvedMs: number | null;
  labels: Readonly<Record<string, string>>;
  /** Where people look at it; null where the rules do not say where the server is reached. */
  link: string | null;
  /** Why this person is told: as whom they are on call. Only in pages. */
  why?: string;
  /** Whoever opens it can acknowledge this incident, as the person who is paged, without logging in. */
  acknowledgeLink?: string | null;
  /**
   * How many acknowledgements this pager has heard of before: it knows no way back from one, so that a page after it needs
   * a key of its own to ring. Only in what goes to a person.
   */
  acknowledgedBefore?: number;
}

/** One message to one receiver. The same again after a failure has the same key. */
export interface AlertMessage {
  key: string;
  receiver: string;
  sentMs: number;
  incidents: readonly IncidentNews[];
}

/** Open while one of the incidents is. */
export function statusOf({ incidents }: AlertMessage): 'open' | 'resolved' {
  return incidents.some(({ resolvedMs }) => resolvedMs === null) ? 'open' : 'resolved';
}

/** The gravest level of the incidents. */
export function levelOfMessage({ incidents }: AlertMessage): Level {
  const has = (level: Level): boolean => incidents.some((incident) => incident.level === level);
  return has('page') ? 'page' : has('warning') ? 'warning' : 'notice';
}

/** A headline: how grave, what became of it, whose. */
export function titleOf(message: AlertMessage): string {
  const { incidents } = message;
  const [first] = incidents;
  const status = statusOf(message) === 'resolved' ? 'resolved' : levelOfMessage(message);
  const names = [...new Set(incidents.map(nameOf))];
  const who = names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
  return `${first?.change === 'test' ? 'TEST ' : ''}[${status}] ${who}`;
}

/** What there is to read: a line an incident. */
export function textOf({ incidents }: AlertMessage): string {
  return incidents.map(lineOf).join('\n');
}

/** The line of one incident. */
export function lineOf({ change, level, summary, link, why }: IncidentNews): string {
  const where = link === null ? '' : ` ${link}`;
  if (change === 'acknowledged') return `acknowledged ${summary}${where}`;
  const what = change === 'resolved' ? 'resolved' : change === 'test' ? 'a test' : `${wordOf(change)}, ${level}`;
  const because = why === undefined || change === 'resolved' ? '' : ` (you are paged: ${why})`;
  return `${what}: ${summary}${because}${where}`;
}

/** One name for an incident at a receiver, from its start to its end; another database's incidents have others. */
export function incidentKey({ id, openedMs }: Pick<IncidentNews, 'id' | 'openedMs'>): string {
  return `ebb-incident-${id}-${openedMs.toString(36)}`;
}

/** The keys of an incident at a pager, the first one first: one more for each page after an acknowledgement. */
export function pagerKeys(incident: IncidentNews): [string, ...string[]] {
  const first = incidentKey(incident);
  const more = Array.from({ length: incident.acknowledgedBefore ?? 0 }, (_, i) => `${first}-${i + 2}`);
  return [first, ...more];
}

/** A service's name with its environment. */
export function nameOf({ service, namespace, environment }: ServiceName): string {
  const name = namespace === '' ? service : `${namespace}/${service}`;
  return environment === '' ? name : `${name} (${environment})`;
}

function wordOf(change: NoticeKind): string {
  if (change === 'action-due') return 'action items due';
  if (change === 'explained') return 'the culprit is found';
  return change === 'still-open' ? 'still open' : change === 'reopened' ? 'open again' : change;
}
