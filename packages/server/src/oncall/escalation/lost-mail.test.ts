// A mail server that takes a mail and loses it: nobody can know, so what is known stands on the timeline, and the next person
// is paged when nobody answers.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Scene } from '../../fixtures/alert-scene.ts';
import { leak } from '../../fixtures/alert-stage.ts';
import { startMailServer, type MailServer } from '../../fixtures/mail-server.ts';
import { heard, readPlanText, startOnCallScene } from '../../fixtures/oncall-stage.ts';
import { startReceiver, type FakeReceiver } from '../../fixtures/receiver.ts';
import { openDatabase, type Database } from '../../store/database.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-lost-mail-'));
let database: Database;
let mail: MailServer;
let receiver: FakeReceiver;
let scene: Scene;
beforeEach(async () => {
  database = await openDatabase({ directory: folder });
  mail = await startMailServer();
  receiver = await startReceiver();
  const plan = readPlanText(`
mail: { url: "${mail.url}", from: ebb@example.com }
people:
  ada: { reach: [{ email: ada@example.com }] }
  grace: { reach: [{ webhook: { url: "${receiver.url}/grace" } }] }
policies: { default: { steps: [{ to: [{ person: ada }], wait: 15m }, { to: [{ person: grace }] }] } }
routes: [{ policy: default }]
`);
  scene = await startOnCallScene(database, plan);
});
afterEach(async () => {
  await receiver.close();
  await mail.close();
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

test('at 0 a mail that is taken and lost; at 15 no answer, and the next person', async () => {
  await scene.at(0, leak(1800));
  // It took it, and that is all that anybody will ever know.
  expect(mail.mails.splice(0).map(({ to }) => to)).toEqual([['ada@example.com']]);
  await scene.at(14.9, leak(1800));
  expect(heard(receiver)).toEqual([]);
  await scene.at(15, leak(1800));
  expect(heard(receiver)).toEqual(['grace paged']);
  expect((await scene.timeline(1)).filter((line) => / (paged|notified|escalated): /.test(line))).toEqual([
    '0 paged: ada is paged: named by the policy',
    expect.stringMatching(/^0 notified: ada by email was told as far as can be known: the mail server took it \(250 /),
    '15 escalated: nobody has acknowledged: step 2 of 2 of default',
    '15 paged: grace is paged: named by the policy',
    '15 notified: grace by webhook was told',
  ]);
});
