/** Receivers: how each is reached. Secrets are named, never written. */
import { templateNames } from '../channels/template.ts';
import { nearest } from './nearest.ts';
import type { Channel, Receiver, Template, UrlSource } from './rules.ts';
import type { Fields, Value } from './yaml-file.ts';

/** Environment variables; undefined while the rules are only checked, where they need not be set. */
export type Environment = Readonly<Record<string, string | undefined>> | undefined;

const allKinds = ['webhook', 'alertmanager', 'slack', 'pagerduty', 'email'] as const;
const nameForm = /^[\w.-]{1,60}$/;
const secretForm = /^EBB_[A-Z0-9_]{1,100}$/;
const addressForm = /^(?:[^<>\r\n]*<[^\s<>@,;]+@[^\s<>@,;]+>|[^\s<>@,;]+@[^\s<>@,;]+)$/;
const pagerDuty = 'https://events.pagerduty.com/v2/enqueue';

/** Reads all receivers. */
export function readReceivers(value: Value, environment: Environment): Map<string, Receiver> {
  const receivers = new Map<string, Receiver>();
  for (const [name, found] of value.fields(null).all()) {
    if (!nameForm.test(name))
      found.wrong(`'${name.slice(0, 100)}' is no name: letters, digits, dots and dashes, 60 at most`);
    const channel = readChannel(found, environment);
    if (channel !== null) receivers.set(name, { name, channel });
  }
  return receivers;
}

/** Reads a URL: `url`, or `url_env` where it is a secret. */
export function readUrl(
  fields: Fields,
  environment: Environment,
  usual: string | null = null,
  protocols: readonly string[] = ['http:', 'https:'],
): UrlSource | null {
  const check = (text: string, found: Value): string | null => {
    const url = URL.parse(text);
    if (url === null || !protocols.includes(url.protocol))
      return found.wrong(`is no URL that begins with ${protocols.map((one) => `${one}//`).join(' or ')}`);
    return text;
  };
  const url = fields.take('url', (found) => {
    const text = found.text(2000);
    if (text === null || check(text, found) === null) return null;
    const { password } = new URL(text);
    return password === ''
      ? text
      : found.wrong('a password does not belong into the file: name a variable with url_env');
  });
  const env = fields.take('url_env', (found) => {
    const name = readSecret(found, environment);
    const text = name === null ? undefined : environment?.[name];
    // The text is a secret: what is wrong with it is told without it.
    return text === undefined || check(text, found) !== null ? name : null;
  });
  const both = fields.all().filter(([name]) => name === 'url' || name === 'url_env').length;
  if (both === 2) return fields.wrong('takes url or url_env, not both');
  if (env !== undefined) return { env };
  if (url !== undefined) return { url };
  if (both === 1) return null;
  return usual === null ? fields.wrong("'url' or 'url_env' is missing here") : { url: usual };
}

/** Reads one of the channels that are taken: the map with its name. */
export function readChannel(
  value: Value,
  environment: Environment,
  kinds: readonly Channel['type'][] = allKinds,
): Channel | null {
  const fields = value.fields(kinds);
  const all = fields.all();
  if (all.length !== 1) return fields.wrong(`a receiver is one of ${kinds.join(', ')}`);
  const [[kind, told]] = all;
  const secret = (found: Value): string | null => readSecret(found, environment);
  if (kind === 'webhook') {
    const own = told.fields(['url', 'url_env', 'secret_env', 'template']);
    const url = readUrl(own, environment);
    const secretEnv = own.take('secret_env', secret) ?? null;
    const template = own.take('template', (found) => found.json(readTemplateText) as Template) ?? null;
    return url === null ? null : { type: 'webhook', url, secretEnv, template };
  }
  if (kind === 'alertmanager') {
    const own = told.fields(['url', 'url_env', 'secret_env']);
    const url = readUrl(own, environment);
    const secretEnv = own.take('secret_env', secret) ?? null;
    return url === null ? null : { type: 'alertmanager', url, secretEnv };
  }
  if (kind === 'slack') {
    const url = readUrl(told.fields(['url', 'url_env']), environment);
    return url === null ? null : { type: 'slack', url };
  }
  if (kind === 'pagerduty') {
    const own = told.fields(['url', 'url_env', 'secret_env']);
    const url = readUrl(own, environment, pagerDuty);
    const secretEnv = own.need('secret_env', secret);
    return url === null || secretEnv === undefined ? null : { type: 'pagerduty', url, secretEnv };
  }
  const own = told.fields(['url', 'url_env', 'from', 'to']);
  const server = readUrl(own, environment, null, ['smtp:', 'smtps:']);
  const from = own.need('from', readAddress);
  const to = own.need('to', (found) => found.listOf(readAddress));
  return server === null || from === undefined || to === undefined ? null : { type: 'email', server, from, to };
}

function readSecret(value: Value, environment: Environment): string | null {
  const name = value.text(200);
  if (name === null) return null;
  if (!secretForm.test(name))
    return value.wrong('is the name of an environment variable that begins with EBB_, not the secret itself');
  if (environment !== undefined && (environment[name] ?? '') === '')
    return value.wrong(`the environment has no ${name}`);
  return name;
}

function readAddress(value: Value): string | null {
  const text = value.text(300);
  return text === null || addressForm.test(text) ? text : value.wrong('is no address like ebb@example.com');
}

function readTemplateText(text: string, value: Value): string {
  for (const [, name = ''] of text.matchAll(/\{\{([^{}]*)\}\}/g)) {
    const known = name.trim();
    if (templateNames.includes(known)) continue;
    const meant = nearest(known, templateNames);
    value.wrong(
      `there is no {{${known.slice(0, 100)}}}; ${meant === null ? `there are ${templateNames.join(', ')}` : `was '${meant}' meant?`}`,
    );
  }
  return text;
}
