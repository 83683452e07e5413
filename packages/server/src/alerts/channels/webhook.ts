/** The generic webhook: JSON, signed, of Ebb's own shape or of the rules' template. */
import { createHmac } from 'node:crypto';
import type { Channel } from '../rules/rules.ts';
import type { Answer } from './answer.ts';
import type { Sending } from './sending.ts';
import { post } from './http-post.ts';
import { levelOfMessage, statusOf, textOf, titleOf, type AlertMessage } from './message.ts';
import { fillTemplate } from './template.ts';

/**
 * Sends a message. With a secret, `ebb-signature` is `v1=` and the HMAC-SHA256, hexadecimal, of the header
 * `ebb-timestamp` (seconds since 1970), a dot, and the body.
 */
export async function sendWebhook(
  { template }: Extract<Channel, { type: 'webhook' }>,
  message: AlertMessage,
  { url, secret, secrets, timeoutMs, now }: Sending,
): Promise<Answer> {
  const body = JSON.stringify(template === null ? ownShape(message) : fillTemplate(template, message));
  const timestamp = String(Math.floor(now() / 1000));
  const headers = {
    'idempotency-key': message.key,
    'ebb-timestamp': timestamp,
    ...(secret === null ? {} : { 'ebb-signature': `v1=${signatureOf(secret, timestamp, body)}` }),
  };
  return await post({ url, headers, body, secrets, timeoutMs, now });
}

/** What the receiver compares. */
function signatureOf(secret: string, timestamp: string, body: string): string {
  return createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
}

function ownShape(message: AlertMessage): object {
  const { key, receiver, sentMs, incidents } = message;
  return {
    format: 'ebb.alert/1',
    key,
    receiver,
    status: statusOf(message),
    level: levelOfMessage(message),
    title: titleOf(message),
    text: textOf(message),
    sentMs,
    incidents,
  };
}
