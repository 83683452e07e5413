// A simulated outage becomes a postmortem in which nothing has to be added by hand that the server could have known. What
// comes of it stands in docs/examples, to be read beside postmortems that people wrote.
import { join } from 'node:path';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPlanText } from '../fixtures/oncall-stage.ts';
import { startReceiver, type FakeReceiver } from '../fixtures/receiver.ts';
import { outageStage, outageStartMs, type OutageStage } from '../fixtures/outage.ts';
import { openDatabase, type Database } from '../store/database.ts';
import { htmlFile } from './html-file.ts';
import { figuresOf, markdownOf, type ReadPostmortem } from './postmortem-desk.ts';

const examples = join(import.meta.dirname, '../../../../docs/examples');
const folder = mkdtempSync(join(tmpdir(), 'ebb-outage-'));
let pager: FakeReceiver;
let stage: OutageStage;
let read: ReadPostmortem;
let markdown: string;
const dayMs = 24 * 3_600_000;

/** Who is on call, the team that owns the file, a senior engineer. */
const planOf = (url: string): string => `
people:
${['amina', 'wanjiku', 'otieno'].map((name) => `  ${name}: { reach: [{ webhook: { url: "${url}/${name}" } }] }`).join('\n')}
schedules: { web: { zone: Africa/Nairobi, layers: [{ people: [amina], from: 2024-08-05T09:00 }] } }
teams: { sessions: { owners: ["@acme/sessions"], on_call: [{ person: wanjiku }] } }
policies:
  default:
    steps: [{ to: [{ schedule: web }], wait: 15m }, { to: [owner], wait: 10m }, { to: [{ person: otieno }], wait: 15m }]
    acknowledged_for: 1h
routes: [{ policy: default }]
codeowners: CODEOWNERS
`;

async function isOnItsWayBefore({ query }: Database, receiver: string): Promise<boolean> {
  const row = await query
    .selectFrom('deliveries')
    .select('id')
    .where('state', '=', 'waiting')
    .where('lease_by', '!=', '')
    .where('receiver', '<', receiver)
    .executeTakeFirst();
  return row !== undefined;
}

beforeAll(async () => {
  pager = await startReceiver();
  const plan = readPlanText(planOf(pager.url), 'src/session-store.ts @acme/sessions\n');
  const database = await openDatabase({ directory: folder });
  // Pages of the same moment go out together: one after the other by name, so that the timeline has one order.
  pager.answer = ({ path }, response) => {
    void (async () => {
      while (await isOnItsWayBefore(database, `${path.slice(1)}/1`))
        await new Promise((resolve) => setTimeout(resolve, 5));
      response.end();
    })();
  };
  stage = await outageStage(database, undefined, plan);
  await stage.play();
  const by = { name: 'amina', nowMs: stage.nowMs };
  const { fingerprint } = (await stage.postmortems.read(1)).document;
  const item = { owner: 'otieno', dueMs: stage.nowMs + 14 * dayMs, trackerUrl: null, fingerprint: fingerprint ?? '' };
  await stage.aftermath.add(1, { ...item, kind: 'lint', title: 'Make ebb review find the sessions' }, by);
  await stage.aftermath.add(1, { ...item, kind: 'test', title: 'A memory test of the login' }, by);
  read = await stage.postmortems.read(1);
  markdown = markdownOf(read, await stage.aftermath.markdown(1));
}, 120_000);
afterAll(async () => {
  await pager.close();
  await stage.database.close();
  rmSync(folder, { recursive: true, force: true });
});

test('it was written by itself when the outage was over, and is the one in docs/examples', async () => {
  expect(read).toMatchObject({ version: 1, createdBy: 'ebb' });
  await expect(markdown).toMatchFileSnapshot(join(examples, 'postmortem.md'));
  const figures = figuresOf(read.document);
  await expect(htmlFile(read.document.title, markdown, figures)).toMatchFileSnapshot(join(examples, 'postmortem.html'));
  for (const [name, svg] of Object.entries(figures)) await expect(svg).toMatchFileSnapshot(join(examples, name));
});

test('each fact of the two postmortems that Ebb began with stands in it', () => {
  const section = (id: string): string => read.document.sections.find((one) => one.id === id)?.markdown ?? '';
  // Duration with both clocks, impact with its share, the cause.
  expect(section('summary')).toMatch(/\*\*Duration:\*\* .* from 2024-08-10 \d\d:\d\d UTC \(\d\d:\d\d EAT\) to/);
  expect(section('summary')).toMatch(/\*\*Impact:\*\* for .*, \d+ % of requests/);
  expect(section('summary')).toContain('`src/session-store.ts:31`');
  expect(section('summary')).toContain('team platform');
  // The timeline: signs, suspects, the rollback that did not help, the culprit, the patch, the end.
  for (const told of [
    'HighCPU',
    'Roll back to 1.1',
    'suspected: release 1.2',
    'exonerated: release 1.2',
    'Release 1.3',
  ])
    expect(section('timeline')).toContain(told);
  expect(section('timeline')).toContain('| UTC | Africa/Nairobi | What happened |');
  expect(section('cause')).toContain('**Root cause:** A memory leak: sessions');
  expect(section('detection')).toMatch(/\*\*Time to detect:\*\* \d+/);
  expect(section('detection')).toContain('Would have halved it');
  expect(section('response')).toContain('**Time on the wrong hypothesis:** 25 minutes');
  expect(section('response')).toContain('incident commander: Amina');
  // The half hour before the escalation, and the team that was called in late.
  expect(section('response')).toContain('**Told:** 0 seconds after detection');
  expect(section('response')).toMatch(
    /\*\*Escalated:\*\* 14:00 UTC \(17:00 EAT\): nobody has acknowledged: step 2 of 3/,
  );
  expect(section('response')).toMatch(/\*\*Called in:\*\* 15:20 UTC \(18:20 EAT\): wanjiku by otieno/);
  expect(section('response')).toContain('**Acknowledged:** 47 minutes after detection');
  expect(section('lessons')).toContain(
    'It was 1 hour 35 minutes until somebody of the team that owns the file was called.',
  );
  for (const kind of ['(lint):', '(test):', '(soak):', '(alert):']) expect(section('measures')).toContain(kind);
  expect(markdown).toContain('## Action items');
  expect(markdown).toContain('## Review');
  expect(markdown).not.toMatch(/undefined|null|NaN/);
});

test('the review is on a weekday at ten by the clock in Nairobi, within seven days', async () => {
  const review = await stage.aftermath.review(1);
  expect(new Date(review?.starts_ms ?? 0).toISOString()).toBe('2024-08-12T07:00:00.000Z');
  expect((review?.starts_ms ?? 0) - outageStartMs).toBeLessThan(7 * dayMs);
});
