/**
 * Templates of webhooks: JSON of any shape, in which the strings have placeholders. What is filled in stays inside its
 * string: no name and no summary can change the shape.
 */
import type { Template } from '../rules/rules.ts';
import { levelOfMessage, nameOf, statusOf, textOf, titleOf, type AlertMessage } from './message.ts';

/** Rooms take some 28 KB, and a character has three bytes at most. */
const longestText = 6000;

const placeholders: Readonly<Record<string, (message: AlertMessage) => string>> = {
  title: titleOf,
  text: (message) => cut(textOf(message)),
  status: statusOf,
  level: levelOfMessage,
  key: ({ key }) => key,
  receiver: ({ receiver }) => receiver,
  sent: ({ sentMs }) => new Date(sentMs).toISOString(),
  count: ({ incidents }) => String(incidents.length),
  service: ({ incidents }) => [...new Set(incidents.map(({ service }) => service))].join(', '),
  name: ({ incidents }) => [...new Set(incidents.map(nameOf))].join(', '),
  environment: ({ incidents }) => [...new Set(incidents.map(({ environment }) => environment))].join(', '),
  summary: ({ incidents }) => cut(incidents.map(({ summary }) => summary).join('\n')),
  incident: ({ incidents }) => incidents.map(({ id }) => String(id)).join(', '),
  acknowledge: ({ incidents }) => incidents.find(({ acknowledgeLink }) => acknowledgeLink)?.acknowledgeLink ?? '',
  link: ({ incidents }) => incidents.find(({ link }) => link !== null)?.link ?? '',
};

/** What can stand between `{{` and `}}`. */
export const templateNames: readonly string[] = Object.keys(placeholders);

/** The template with the message filled in. */
export function fillTemplate(template: Template, message: AlertMessage): unknown {
  if (typeof template === 'string')
    return template.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (whole, name: string) => placeholders[name]?.(message) ?? whole);
  if (template === null || typeof template !== 'object') return template;
  if (isList(template)) return template.map((entry) => fillTemplate(entry, message));
  return Object.fromEntries(Object.entries(template).map(([key, entry]) => [key, fillTemplate(entry, message)]));
}

function cut(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText - 1)}…` : text;
}

function isList(template: object): template is readonly Template[] {
  return Array.isArray(template);
}
