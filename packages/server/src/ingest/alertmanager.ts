/**
 * Alertmanager's webhook (payload version 4; Grafana's own alerting sends the same alerts as version 1) as signals.
 *
 * What is sent again is the same signal: an alert is known by its fingerprint and the start that it tells. What a request
 * holds is bounded, whatever it claims; nothing of it is ever run, only stored as values.
 */
import { createHash } from 'node:crypto';
import { ownAlertNames } from '../alerts/channels/alertmanager.ts';
import type { ServiceName } from '../changes/change.ts';
import { ServerError } from '../errors/server-error.ts';
import { kindOf, levelOfAlert } from '../signals/classify.ts';
import type { ToldSignal } from '../signals/signal.ts';
import { identityOfSeries, storable, unknownService } from './identity.ts';
import { longestText } from './report.ts';

/** Why an alert is not taken; each is counted and told. */
export type AlertRefusal = 'shape' | 'label' | 'unnamed' | 'own' | 'services' | 'alerts';

/** An alert, and whose it is. */
export interface ServiceSignal {
  service: ServiceName;
  signal: ToldSignal;
}

/** What a request tells. */
export interface AlertIntake {
  alerts: ServiceSignal[];
  refused: Map<AlertRefusal, number>;
  /** Alerts that Alertmanager has left out itself. */
  truncated: number;
}

/** Alerts of one request that are looked at; a group of Alertmanager's is one request. */
const mostAlerts = 2000;
const mostLabels = 200;
const longestSentence = 500;
const longestUrl = 2000;

/**
 * What the request tells.
 *
 * @param body what was parsed of the request, of any shape
 * @throws {ServerError} EBB_SERVER_BAD_REQUEST when it is no such webhook; what single alerts lack is counted instead
 */
export function readAlertmanager(body: unknown, nowMs: number): AlertIntake {
  const told = asObject(body);
  if (told === null || !Array.isArray(told['alerts']))
    throw new ServerError('EBB_SERVER_BAD_REQUEST', 'the body is no webhook of Alertmanager: it has no list of alerts');
  const version = told['version'];
  if (version !== '4' && version !== '1')
    throw new ServerError('EBB_SERVER_BAD_REQUEST', 'the webhook is of another version than 4 (Grafana: 1)');
  const intake: AlertIntake = { alerts: [], refused: new Map(), truncated: count(told['truncatedAlerts']) };
  const alerts = told['alerts'] as unknown[];
  for (const alert of alerts.slice(0, mostAlerts)) {
    const read = readAlert(alert, nowMs);
    if (typeof read === 'string') refuseAlerts(intake, read, 1);
    else intake.alerts.push(read);
  }
  if (alerts.length > mostAlerts) refuseAlerts(intake, 'alerts', alerts.length - mostAlerts);
  return intake;
}

/** Counts refused alerts. */
export function refuseAlerts(intake: Pick<AlertIntake, 'refused'>, why: AlertRefusal, alerts: number): void {
  intake.refused.set(why, (intake.refused.get(why) ?? 0) + alerts);
}

function readAlert(told: unknown, nowMs: number): ServiceSignal | AlertRefusal {
  const alert = asObject(told);
  const labels = textsOf(alert?.['labels']);
  if (alert === null || labels === null) return 'shape';
  // Ebb's own alerts, which came round through Alertmanager: they would keep open what they come from.
  if (ownAlertNames.has(labels.get('alertname') ?? '')) return 'own';
  const { status } = alert;
  const toldStartMs = timeOf(alert['startsAt']);
  if ((status !== 'firing' && status !== 'resolved') || toldStartMs === null) return 'shape';
  const { service, namespace, environment } = identityOfSeries(labels);
  if (service === unknownService) return 'unnamed';
  const title = storable(labels.get('alertname') ?? '').trim() || 'alert';
  if ([service, namespace, environment, title].some((text) => text.length > longestText)) return 'label';
  const annotations = textsOf(alert['annotations']) ?? new Map<string, string>();
  const startedMs = Math.min(toldStartMs, nowMs);
  return {
    service: { service, namespace, environment },
    signal: {
      source: 'alertmanager',
      key: keyOf(alert['fingerprint'], labels),
      toldStartMs,
      kind: kindOf(labels),
      level: levelOfAlert(labels),
      title,
      text: sentence(annotations.get('summary') ?? annotations.get('description') ?? annotations.get('message') ?? ''),
      url: webUrl(alert['generatorURL']),
      startedMs,
      // A clock that is ahead must not keep a resolved alert open, nor one behind end it before it began.
      endedMs: status === 'firing' ? null : Math.max(startedMs, Math.min(timeOf(alert['endsAt']) ?? nowMs, nowMs)),
    },
  };
}

/** Alertmanager's fingerprint is one of all labels; where there is none, one is made. */
function keyOf(fingerprint: unknown, labels: ReadonlyMap<string, string>): string {
  if (typeof fingerprint === 'string' && /^[\w-]{1,64}$/.test(fingerprint)) return fingerprint;
  const sorted = [...labels].sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}

function asObject(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

/** The texts of an object, keys with underscores; null when it is none, or has far more than any alert. */
function textsOf(value: unknown): Map<string, string> | null {
  const told = asObject(value);
  if (told === null) return null;
  const entries = Object.entries(told);
  if (entries.length > mostLabels) return null;
  return new Map(
    entries.flatMap(([key, text]) => (typeof text === 'string' ? [[key.replaceAll('.', '_'), text] as const] : [])),
  );
}

/** Milliseconds since the epoch; null for what is no time, and for the year 1, by which Go says that there is none. */
function timeOf(value: unknown): number | null {
  if (typeof value !== 'string' || value.length > 64) return null;
  const timeMs = Date.parse(value);
  return Number.isFinite(timeMs) && timeMs > 0 ? timeMs : null;
}

function sentence(text: string): string {
  const plain = storable(text.slice(0, 4 * longestSentence))
    .replace(/\s+/g, ' ')
    .trim();
  return plain.length <= longestSentence ? plain : `${plain.slice(0, longestSentence - 1)}…`;
}

/** The URL if it may stand in a link: others (`javascript:`) are left out. */
export function webUrl(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > longestUrl || !URL.canParse(value)) return null;
  const url = new URL(value);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null;
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;
}
