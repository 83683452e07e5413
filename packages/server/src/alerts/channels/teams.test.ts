// Microsoft Teams by the template of the guide: what a workflow takes is a message with an Adaptive Card, which Microsoft's
// own library reads here.
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { message, news } from '../../fixtures/alert-message.ts';
import { startScene } from '../../fixtures/alert-scene.ts';
import { alertStage, leak } from '../../fixtures/alert-stage.ts';
import { startReceiver, type FakeReceiver } from '../../fixtures/receiver.ts';
import { readRules } from '../rules/read-rules.ts';
import { send } from './channel.ts';
import type { AlertMessage } from './message.ts';

/** What of it is used here: its bundle runs in Node.js, and its types are for browsers' bundlers. */
interface AdaptiveCards {
  SerializationContext: new (version: unknown) => {
    eventCount: number;
    getEventAt(index: number): { message: string };
  };
  AdaptiveCard: new () => {
    parse(card: unknown, context: unknown): void;
    validateProperties(): { validationEvents: { message: string }[] };
    toJSON(): unknown;
  };
  Versions: { v1_4: unknown };
}
const require = createRequire(import.meta.url);
const { AdaptiveCard, SerializationContext, Versions } =
  require('adaptivecards/dist/adaptivecards.js') as AdaptiveCards;

const page = readFileSync(join(import.meta.dirname, '../../../../../docs/guide/alerting.md'), 'utf8');
const documented = /```yaml\n(receivers:\n {2}teams:.*?)```/s.exec(page)?.[1] ?? '';
const signed = documented.replace(/( +)url_env: EBB_TEAMS_URL\n/, '$&$1secret_env: EBB_TEAMS_SECRET\n');
/** Of a message to a workflow. */
const mostBytes = 28 * 1024;

let teams: FakeReceiver;
let environment: Record<string, string>;
beforeEach(async () => {
  teams = await startReceiver();
  // As Teams answers.
  teams.answer = (_told, response) => void response.writeHead(202).end();
  environment = { EBB_TEAMS_URL: `${teams.url}/workflows/abc?sig=hush`, EBB_TEAMS_SECRET: 'hush-hush' };
});
afterEach(async () => await teams.close());

const tell = async (told: AlertMessage): Promise<void> => {
  const { rules, problems } = readRules(signed, environment);
  expect(problems).toEqual([]);
  const receiver = rules?.receivers.get('teams') ?? expect.fail('the guide has no receiver teams');
  const answer = await send(receiver, told, { environment, timeoutMs: 5000, now: Date.now });
  expect(answer).toMatchObject({ ok: true, status: 202 });
};

/** The text that a reader sees; fails where Teams would not take the message, or the library something in the card. */
function cardText({ json, text }: FakeReceiver['told'][number]): string[] {
  expect(Buffer.byteLength(text)).toBeLessThan(mostBytes);
  const { type, attachments, ...rest } = json as { type: string; attachments: Record<string, unknown>[] };
  expect([type, rest, attachments.length]).toEqual(['message', {}, 1]);
  const [{ contentType, content }] = attachments;
  expect(contentType).toBe('application/vnd.microsoft.card.adaptive');
  const context = new SerializationContext(Versions.v1_4);
  const card = new AdaptiveCard();
  card.parse(content, context);
  const wrong = Array.from({ length: context.eventCount }, (_, i) => context.getEventAt(i).message);
  expect(wrong).toEqual([]);
  expect(card.validateProperties().validationEvents.map((event) => event.message)).toEqual([]);
  // Whatever the library did not know is not in what it writes.
  const read = card.toJSON() as { body: { type: string; inlines: { text: string }[] }[]; actions: { url: string }[] };
  expect(read).toEqual(content);
  return [...read.body.flatMap(({ inlines }) => inlines.map((run) => run.text)), ...read.actions.map(({ url }) => url)];
}

test('the template of the guide makes a card that Teams takes, with the words, the link and a signature', async () => {
  await tell(message());
  const [{ headers, text, path }] = teams.told;
  expect(path).toBe('/workflows/abc?sig=hush');
  expect(cardText(teams.told[0])).toEqual([
    '[page] shop (prod)',
    'opened, page: shop 1.1 leaks: 2 of 2 processes; the limit is 23 minutes away https://ebb.example/incidents/7',
    'https://ebb.example/incidents/7',
  ]);
  const over = `${String(headers['ebb-timestamp'])}.${text}`;
  expect(headers['ebb-signature']).toBe(`v1=${createHmac('sha256', 'hush-hush').update(over).digest('hex')}`);
});

test('names with Markdown, HTML and JSON stay text in it, and very many incidents fit', async () => {
  const hostile = {
    service: '[here](https://evil) "}],"x":[{',
    summary: '**<at>everybody</at>** {{link}} \n- [x](http://e)',
  };
  await tell(message(news(hostile)));
  const [title, text] = cardText(teams.told[0]);
  expect(title).toBe(`[page] ${hostile.service} (prod)`);
  expect(text).toContain(hostile.summary);
  await tell(message(...Array.from({ length: 500 }, (_, id) => news({ id, summary: '漏'.repeat(300) }))));
  expect(cardText(teams.told[1])[1]).toMatch(/漏…$/);
});

describe('a workflow that is throttled', () => {
  const stage = alertStage('sqlite');
  test('is told again, the same with the same key, and the timeline says both', async () => {
    const rules = `url: https://ebb.example\nroutes: [{ to: [teams] }]\n${signed}`;
    const scene = await startScene(stage().database, rules, environment);
    const taken = teams.answer;
    teams.answer = (_told, response) => void response.writeHead(429, { 'retry-after': '30' }).end();
    await scene.at(0, leak(7200));
    teams.answer = taken;
    await scene.at(1);
    expect(teams.told.map(({ headers }) => headers['idempotency-key'])).toEqual(
      Array(2).fill(teams.told[0].headers['idempotency-key']),
    );
    for (const one of teams.told) expect(cardText(one)[0]).toBe('[warning] shop');
    expect((await scene.timeline(1)).filter((line) => line.includes('notified'))).toEqual([
      expect.stringMatching(/^0 not-notified: teams could not be told, and is tried again: status 429/),
      '1 notified: teams was told, at attempt 2 (opened)',
    ]);
  });
});
