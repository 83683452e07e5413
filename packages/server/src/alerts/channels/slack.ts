/** Slack's incoming webhooks. */
import type { Answer } from './answer.ts';
import type { Sending } from './sending.ts';
import { post } from './http-post.ts';
import { lineOf, titleOf, type AlertMessage } from './message.ts';

/** Slack cuts a section off at 3,000 characters. */
const longestText = 2900;
/** The title, and the links of an incident. */
const longestLinks = 900;
const shortestLine = 200;

/** Posts a message: the headline, and a line an incident. */
export async function sendSlack(message: AlertMessage, { url, secrets, timeoutMs, now }: Sending): Promise<Answer> {
  const title = escaped(titleOf(message));
  // Each has its part of the room: its words are cut, and never its links.
  const most = longestLine(message.incidents.length);
  const lines = message.incidents.map((incident) => {
    const { link, acknowledgeLink = null } = incident;
    const line = cut(escaped(lineOf({ ...incident, link: null })), most);
    const links = [
      ...(link === null ? [] : [`<${link}|Incident ${incident.id}>`]),
      ...(acknowledgeLink === null ? [] : [`*<${acknowledgeLink}|Acknowledge>*`]),
    ];
    return [line, ...links].join(' ');
  });
  const text = `*${title}*\n${lines.join('\n')}`;
  const body = JSON.stringify({
    text: title,
    blocks: [{ type: 'section', text: { type: 'mrkdwn', text: cut(text, longestText) } }],
  });
  return await post({ url, headers: {}, body, secrets, timeoutMs, now });
}

/** Names are text: none of them mentions a channel or makes a link. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Of an incident's words; of very many, the last ones are left out whole. */
function longestLine(incidents: number): number {
  return Math.max(shortestLine, Math.floor(longestText / incidents) - longestLinks);
}

/** Never within an escape, of which Slack would show a part. */
function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most).replace(/&[a-z]*$/, '')}…` : text;
}
