/** From a receiver of the rules to an attempt. */
import type { Receiver, UrlSource } from '../rules/rules.ts';
import { failed, type Answer } from './answer.ts';
import { sendAlertmanager } from './alertmanager.ts';
import type { Letter } from './letter.ts';
import type { AlertMessage } from './message.ts';
import { sendPagerDuty } from './pagerduty.ts';
import type { Sending } from './sending.ts';
import { sendSlack } from './slack.ts';
import { sendWebhook } from './webhook.ts';

/** Where secrets are, and how long a receiver may take. */
export interface SendOptions {
  environment: Readonly<Record<string, string | undefined>>;
  timeoutMs: number;
  now: () => number;
}

/** Tries once to tell the receiver. Never throws: what went wrong is the answer. */
export async function send({ channel }: Receiver, message: AlertMessage, options: SendOptions): Promise<Answer> {
  const { environment, timeoutMs, now } = options;
  const source = channel.type === 'email' ? channel.server : channel.url;
  const secretName = 'secretEnv' in channel ? channel.secretEnv : null;
  const url = urlOf(source, environment);
  const secret = secretName === null ? null : (environment[secretName] ?? null);
  if (url === null || (secretName !== null && secret === null))
    return failed(`the environment has no ${'env' in source && url === null ? source.env : (secretName ?? '')}`);
  const secrets = [...('env' in source ? secretParts(url) : []), ...(secret === null ? [] : [secret])];
  const sending: Sending = { url, secret, secrets, timeoutMs, now };
  try {
    if (channel.type === 'webhook') return await sendWebhook(channel, message, sending);
    if (channel.type === 'alertmanager') return await sendAlertmanager(message, sending);
    if (channel.type === 'slack') return await sendSlack(message, sending);
    if (channel.type === 'pagerduty') return await sendPagerDuty(message, sending);
    // Loaded here: who sends no mail does without the library.
    return await (await import('./email.ts')).sendEmail(channel, message, sending);
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error), secrets);
  }
}

/** Tries once to send a letter. Never throws: what went wrong is the answer. */
export async function post(letter: Letter, key: string, options: SendOptions): Promise<Answer> {
  const { environment, timeoutMs, now } = options;
  const url = urlOf(letter.server, environment);
  if (url === null) return failed(`the environment has no ${'env' in letter.server ? letter.server.env : ''}`);
  const secrets = 'env' in letter.server ? secretParts(url) : [];
  try {
    const { sendLetter } = await import('./email.ts');
    return await sendLetter(letter, key, { url, secret: null, secrets, timeoutMs, now });
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error), secrets);
  }
}

/** The URL that the rules or the environment name; null where the environment has none. */
export function urlOf(source: UrlSource, environment: SendOptions['environment']): string | null {
  return 'url' in source ? source.url : (environment[source.env] ?? null);
}

/** A URL that is a secret, and the parts of it that a receiver may quote. */
function secretParts(url: string): string[] {
  const { pathname, search, username, password } = new URL(url);
  const parts = [url, pathname, search, username, password, decodeURIComponent(password)];
  return parts.filter((part) => part.length > 3);
}
