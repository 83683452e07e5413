/** E-mail by SMTP. */
import type { SendMailOptions } from 'nodemailer';
import type { Channel } from '../rules/rules.ts';
import { failed, oneLine, type Answer } from './answer.ts';
import type { Sending } from './sending.ts';
import type { Letter } from './letter.ts';
import { incidentKey, textOf, titleOf, type AlertMessage } from './message.ts';

/** With these it is the mail or its addresses that the server does not take. */
const refusals: readonly number[] = [550, 551, 552, 553, 554];

/** Sends a mail. The same message again has the same Message-ID, and mails of one incident are one thread. */
export async function sendEmail(
  { from, to }: Extract<Channel, { type: 'email' }>,
  message: AlertMessage,
  sending: Sending,
): Promise<Answer> {
  const domain = domainOf(from);
  const [first] = message.incidents;
  const thread = first === undefined ? null : `<${incidentKey(first)}@${domain}>`;
  const mail = {
    from,
    to: [...to],
    subject: titleOf(message),
    text: `${textOf(message)}\n${acknowledgeText(message)}`,
    messageId: messageIdOf(message.key, domain),
    ...(thread === null ? {} : { references: thread }),
  };
  return await sendMail(mail, sending);
}

/** Sends a letter. An invitation stands in it as mail programs take it (RFC 6047), and is attached for those that do not. */
export async function sendLetter(letter: Letter, key: string, sending: Sending): Promise<Answer> {
  const { from, to, subject, text, invitation } = letter;
  const event =
    invitation === null
      ? {}
      : { icalEvent: { method: invitation.method, filename: 'review.ics', content: invitation.text } };
  const mail = { from, to: [...to], subject, text, messageId: messageIdOf(key, domainOf(from)), ...event };
  return await sendMail(mail, sending);
}

async function sendMail(mail: SendMailOptions, { url, secrets, timeoutMs }: Sending): Promise<Answer> {
  const { protocol, hostname, port, username, password } = new URL(url);
  const secure = protocol === 'smtps:';
  // Loaded here: a server that sends no mail does not pay for it.
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  let timer: NodeJS.Timeout | undefined;
  // Each step has its time; all of them together have this, or a server that drips would outlast the attempt's lease.
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${(2 * timeoutMs) / 1000} s`)), 2 * timeoutMs);
  });
  try {
    const sent = transport.sendMail({ ...mail, headers: { 'auto-submitted': 'auto-generated' } });
    const { response, rejected } = await Promise.race([sent, late]);
    // Told again, those who got it would get it again, for the sake of an address that may never exist.
    const missed = rejected.length === 0 ? '' : `; not taken: ${rejected.map(String).join(', ')}`;
    return { ok: true, status: 250, detail: oneLine(response + missed, secrets), retryAfterMs: null, isRefusal: false };
  } catch (error) {
    const told = failed(error instanceof Error ? error.message : String(error), secrets);
    const code = error instanceof Error && 'responseCode' in error ? Number(error.responseCode) : NaN;
    return Number.isInteger(code) ? { ...told, status: code, isRefusal: refusals.includes(code) } : told;
  } finally {
    clearTimeout(timer);
    transport.close();
  }
}

/** The link stands on a line of its own, behind what it is about. */
function acknowledgeText({ incidents }: AlertMessage): string {
  return incidents
    .flatMap(({ acknowledgeLink }) => (acknowledgeLink ? [`\nAcknowledge: ${acknowledgeLink}\n`] : []))
    .join('');
}

/** The same again has the same. */
function messageIdOf(key: string, domain: string): string {
  return `<${key.replaceAll(/[^\w.-]/g, '-')}@${domain}>`;
}

function domainOf(from: string): string {
  return /@([^\s<>@]+?)>?$/.exec(from)?.[1] ?? 'ebb';
}
