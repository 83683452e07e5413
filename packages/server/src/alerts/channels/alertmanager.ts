/**
 * Alertmanager's API v2. An alert there is its labels: the level is one of them (`severity`), so what was raised is a new
 * alert, and the milder ones end with the same message. An open alert is told again before it ends by itself.
 */
import type { Cause } from '../../incident/cause.ts';
import type { Level } from '../../incident/level.ts';
import { levels } from '../rules/matcher.ts';
import type { Answer } from './answer.ts';
import type { Sending } from './sending.ts';
import { post } from './http-post.ts';
import type { AlertMessage, IncidentNews, NoticeKind } from './message.ts';

/** What Ebb's alerts are called there: by what the incident comes from, as far as it is known. */
const alertNames: Readonly<Record<Cause, string>> = {
  memory: 'EbbMemory',
  open: 'EbbIncident',
  elsewhere: 'EbbIncident',
};

/** All names that Ebb's alerts have there. */
export const ownAlertNames: ReadonlySet<string> = new Set(Object.values(alertNames));

/** Without a word from Ebb for so long, Alertmanager takes the alert for resolved. */
const lastsMs = 5 * 60_000;
/** Open alerts are told again so often: several attempts may fail. */
export const refreshMs = 60_000;

const severities: Readonly<Record<Level, string>> = { notice: 'info', warning: 'warning', page: 'critical' };

/** Posts the alerts of a message. The secret, where there is one, is a bearer token. */
export async function sendAlertmanager(
  message: AlertMessage,
  { url, secret, secrets, timeoutMs, now }: Sending,
): Promise<Answer> {
  const base = url.replace(/\/+$/, '');
  return await post({
    url: base.endsWith('/api/v2/alerts') ? base : `${base}/api/v2/alerts`,
    headers: secret === null ? {} : { authorization: `Bearer ${secret}` },
    body: JSON.stringify(message.incidents.flatMap((incident) => alertsOf(incident, now()))),
    secrets,
    timeoutMs,
    now,
  });
}

/** With these, nothing milder was told before that is not over. */
const isAsBefore: ReadonlySet<NoticeKind> = new Set(['opened', 'still-open', 'explained']);

function alertsOf(incident: IncidentNews, nowMs: number): object[] {
  const { level, cause, change, openedMs, resolvedMs } = incident;
  const name = alertNames[cause];
  const milder = isAsBefore.has(change) ? [] : levels.slice(0, levels.indexOf(level));
  const endMs = resolvedMs ?? (change === 'test' ? nowMs + 60_000 : nowMs + lastsMs);
  return [
    ...milder.map((one) => alert(incident, name, one, openedMs, Math.max(openedMs, resolvedMs ?? nowMs))),
    alert(incident, name, level, openedMs, endMs),
    // It may have been told under the other name, before its cause was known: that ends, too.
    ...(resolvedMs === null ? [] : others(name).map((other) => alert(incident, other, level, openedMs, endMs))),
  ];
}

function others(name: string): string[] {
  return [...ownAlertNames].filter((other) => other !== name);
}

function alert(incident: IncidentNews, name: string, level: Level, startMs: number, endMs: number): object {
  const { id, service, namespace, environment, labels, summary, link } = incident;
  const named = { namespace, environment };
  return {
    labels: {
      ...labels,
      alertname: name,
      service,
      // An empty label is none.
      ...Object.fromEntries(Object.entries(named).filter(([, value]) => value !== '')),
      severity: severities[level],
      // Tells incidents apart that follow each other.
      incident: String(id),
    },
    annotations: { summary },
    startsAt: new Date(startMs).toISOString(),
    endsAt: new Date(endMs).toISOString(),
    ...(link === null ? {} : { generatorURL: link }),
  };
}
