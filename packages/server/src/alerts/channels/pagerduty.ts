/** PagerDuty's Events API v2: one event an incident, with one key from its start over its acknowledgement to its end. */
import type { Level } from '../../incident/level.ts';
import { failed, type Answer } from './answer.ts';
import type { Sending } from './sending.ts';
import { post } from './http-post.ts';
import { nameOf, pagerKeys, type AlertMessage, type IncidentNews } from './message.ts';

const severities: Readonly<Record<Level, string>> = { notice: 'info', warning: 'warning', page: 'critical' };
const longestSummary = 1024;
/** Events at once. PagerDuty takes one a request, and some hundred a minute. */
const mostAtOnce = 8;

/**
 * Sends the events of a message, some at once. What is not taken ends it, and so does the time: the same again does no
 * harm, and the attempt has to end before another server takes it up.
 */
export async function sendPagerDuty(
  message: AlertMessage,
  { url, secret, secrets, timeoutMs, now }: Sending,
): Promise<Answer> {
  let answer = failed('there is nothing to tell');
  const events = message.incidents.flatMap((incident) => eventsOf(incident, secret ?? '', message.key));
  const late = AbortSignal.timeout(timeoutMs);
  for (let at = 0; at < events.length; at += mostAtOnce) {
    if (late.aborted) return failed(`there was no time for more than ${at} of ${events.length} events`);
    const answers = await Promise.all(
      events.slice(at, at + mostAtOnce).map(async (event) => {
        const body = JSON.stringify(event);
        return await post({ url, headers: {}, body, secrets, timeoutMs, now });
      }),
    );
    answer = answers.find(({ ok }) => !ok) ?? answers[0];
    if (!answer.ok) return answer;
  }
  return answer;
}

function eventsOf(incident: IncidentNews, routingKey: string, messageKey: string): object[] {
  const { id, change, level, summary, link, openedMs, resolvedMs, service, environment, labels } = incident;
  const { acknowledgeLink = null } = incident;
  const links = [
    ...(link === null ? [] : [{ href: link, text: 'The incident' }]),
    ...(acknowledgeLink === null ? [] : [{ href: acknowledgeLink, text: 'Acknowledge in Ebb' }]),
  ];
  const keys = change === 'test' ? ([messageKey] as const) : pagerKeys(incident);
  const about = (dedupKey: string) => ({ routing_key: routingKey, dedup_key: dedupKey });
  // Whatever was opened there ends there.
  if (resolvedMs !== null) return keys.map((key) => ({ ...about(key), event_action: 'resolve' }));
  const now = about(keys.at(-1) ?? keys[0]);
  if (change === 'acknowledged') return [{ ...now, event_action: 'acknowledge' }];
  const trigger = {
    ...now,
    event_action: 'trigger',
    client: 'Ebb',
    ...(link === null ? {} : { client_url: link, links }),
    payload: {
      summary: summary.slice(0, longestSummary),
      source: nameOf(incident),
      severity: severities[level],
      timestamp: new Date(openedMs).toISOString(),
      component: service,
      ...(environment === '' ? {} : { group: environment }),
      class: 'memory',
      custom_details: { incident: id, level, change, ...labels },
    },
  };
  return [trigger];
}
