// Against a real SMTP server on loopback.
import { createServer, type AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterEach, expect, test } from 'vitest';
import { message, news, openedMs } from '../../fixtures/alert-message.ts';
import type { Answer } from './answer.ts';
import { send } from './channel.ts';
import type { AlertMessage } from './message.ts';

let server: SMTPServer | undefined;
const mails: { text: string; to: string[]; user: string | undefined }[] = [];
afterEach(async () => {
  mails.length = 0;
  await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
});

async function listen(options: SMTPServerOptions = {}): Promise<number> {
  server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username, password }, _session, done) =>
      password === 'p:ss word' ? done(null, { user: username ?? '' }) : done(new Error('wrong password p:ss')),
    onData: (stream, session, done) => {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        mails.push({ text: Buffer.concat(parts).toString(), to, user: session.user });
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server?.server.once('listening', resolve));
  return (server.server.address() as AddressInfo).port;
}

const mail = async (
  url: string,
  told: AlertMessage = message(),
  to = ['on-call@example.com', 'b@example.com'],
  timeoutMs = 3000,
): Promise<Answer> =>
  await send(
    { name: 'mail', channel: { type: 'email', server: { env: 'EBB_TEST_SMTP' }, from: 'Ebb <ebb@example.com>', to } },
    told,
    {
      environment: { EBB_TEST_SMTP: url },
      timeoutMs,
      now: Date.now,
    },
  );

test('a mail says what is wrong, and the same message again has the same Message-ID, in one thread with the others', async () => {
  const url = `smtp://me:${encodeURIComponent('p:ss word')}@127.0.0.1:${await listen()}`;
  expect(await mail(url)).toMatchObject({ ok: true, status: 250 });
  await mail(url);
  await mail(url, { ...message(news({ change: 'resolved', resolvedMs: openedMs })), key: 'ebb-13-abc' });
  expect(mails.map(({ to, user }) => [to, user])).toEqual(
    Array(3).fill([['on-call@example.com', 'b@example.com'], 'me']),
  );
  const header = (name: string): (string | undefined)[] =>
    mails.map(({ text }) => new RegExp(`^${name}: (.*)$`, 'im').exec(text)?.[1]?.trim());
  expect(header('subject')).toEqual(['[page] shop (prod)', '[page] shop (prod)', '[resolved] shop (prod)']);
  expect(header('message-id')).toEqual([
    '<ebb-12-abc@example.com>',
    '<ebb-12-abc@example.com>',
    '<ebb-13-abc@example.com>',
  ]);
  expect(new Set(header('references')).size).toBe(1);
  expect(mails[0].text).toContain('shop 1.1 leaks');
});

test('a page has the link to acknowledge on a line of its own', async () => {
  const acknowledgeLink = 'https://ebb.example/acknowledgements?link=7.9.x.ada';
  await mail(
    `smtp://127.0.0.1:${await listen()}`,
    message(news({ change: 'paged', why: 'on call in web', acknowledgeLink })),
  );
  const text = mails[0].text.replaceAll('=\r\n', '').replaceAll('=3D', '=');
  expect(text).toContain(`\r\nAcknowledge: ${acknowledgeLink}\r\n`);
  expect(text).toContain('(you are paged: on call in web)');
});

test('a name with line breaks makes no header of its own', async () => {
  const url = `smtp://127.0.0.1:${await listen()}`;
  await mail(url, message(news({ service: 'x\r\nBcc: evil@example.com\r\n\r\nhello' })));
  expect(mails[0].to).toEqual(['on-call@example.com', 'b@example.com']);
  expect(mails[0].text).not.toMatch(/^bcc:/im);
});

test('a wrong password is a failure that does not tell it', async () => {
  const url = `smtp://me:wrong-password@127.0.0.1:${await listen()}`;
  const answer = await mail(url);
  expect(answer).toMatchObject({ ok: false, status: 535, isRefusal: false });
  expect(answer.detail).not.toContain('wrong-password');
});

test('an address that does not exist keeps nobody else from hearing', async () => {
  const port = await listen({
    onRcptTo: ({ address }, _session, done) =>
      address.startsWith('nobody') ? done(Object.assign(new Error('no such user'), { responseCode: 550 })) : done(),
  });
  const url = `smtp://127.0.0.1:${port}`;
  const some = await mail(url, message(), ['nobody@example.com', 'on-call@example.com']);
  expect(some).toMatchObject({ ok: true, detail: expect.stringContaining('not taken: nobody@example.com') });
  expect(mails.map(({ to }) => to)).toEqual([['on-call@example.com']]);
  expect(await mail(url, message(), ['nobody@example.com'])).toMatchObject({ ok: false, status: 550, isRefusal: true });
});

test('a server that is down, busy, or silent is a failure', async () => {
  const port = await listen({
    onMailFrom: (_address, _session, done) => done(Object.assign(new Error('later'), { responseCode: 451 })),
  });
  expect(await mail(`smtp://127.0.0.1:${port}`)).toMatchObject({ ok: false, status: 451, isRefusal: false });
  expect(await mail('smtp://127.0.0.1:1')).toMatchObject({ ok: false, status: null });
  const dripping = createServer((socket) => {
    const timer = setInterval(() => socket.write('220-'), 20);
    socket.on('error', () => undefined).on('close', () => clearInterval(timer));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => dripping.once('listening', resolve));
  const { port: drips } = dripping.address() as AddressInfo;
  expect(await mail(`smtp://127.0.0.1:${drips}`, message(), ['a@example.com'], 200)).toMatchObject({
    ok: false,
    status: null,
  });
  dripping.close();
});
