/** Slack's incoming webhooks. */
import type { Answer } from './answer.ts';
import type { Sending } from './sending.ts';
import { post } from './http-post.ts';
import { lineOf, titleOf, type AlertMessage } from './message.ts';

/** Slack cuts a section off at 3,000 characters. */
const longestText = 2900;

/** Posts a message: the headline, and a line an incident. */
export async function sendSlack(message: AlertMessage, { url, secrets, timeoutMs, now }: Sending): Promise<Answer> {
  const title = escaped(titleOf(message));
  const lines = message.incidents.map((incident) => {
    const { link, acknowledgeLink = null } = incident;
    const line = escaped(lineOf({ ...incident, link: null }));
    const links = [
      ...(link === null ? [] : [`<${link}|Incident ${incident.id}>`]),
      ...(acknowledgeLink === null ? [] : [`*<${acknowledgeLink}|Acknowledge>*`]),
    ];
    return [line, ...links].join(' ');
  });
  const text = `*${title}*\n${lines.join('\n')}`;
  const body = JSON.stringify({
    text: title,
    blocks: [{ type: 'section', text: { type: 'mrkdwn', text: cut(text) } }],
  });
  return await post({ url, headers: {}, body, secrets, timeoutMs, now });
}

/** Names are text: none of them mentions a channel or makes a link. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function cut(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}
