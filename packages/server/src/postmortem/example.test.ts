// A simulated outage becomes a postmortem in which nothing has to be added by hand that the server could have known. What
// comes of it stands in docs/examples, to be read beside postmortems that people wrote.
import { join } from 'node:path';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startMailServer, type MailServer } from '../fixtures/mail-server.ts';
import { readPlanText } from '../fixtures/oncall-stage.ts';
import { startReceiver, type FakeReceiver } from '../fixtures/receiver.ts';
import { outageStage, outageStartMs, type OutageStage } from '../fixtures/outage.ts';
import { openDatabase, type Database } from '../store/database.ts';
import { htmlFile } from './html-file.ts';
import { figuresOf, markdownOf, type ReadPostmortem } from './postmortem-desk.ts';

const examples = join(import.meta.dirname, '../../../../docs/examples');
const folder = mkdtempSync(join(tmpdir(), 'ebb-outage-'));
let pager: FakeReceiver;
let mail: MailServer;
let stage: OutageStage;
let read: ReadPostmortem;
let markdown: string;
const dayMs = 24 * 3_600_000;

/** Who is on call, the team that owns the file, a senior engineer. */
const planOf = (url: string, mailUrl: string): string => `
mail: { url: "${mailUrl}", from: "Ebb <ebb@example.com>" }
people:
${['amina', 'wanjiku', 'otieno'].map((name) => `  ${name}: { reach: [{ webhook: { url: "${url}/${name}" } }, { email: ${name}@example.com }] }`).join('\n')}
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
  mail = await startMailServer();
  const plan = readPlanText(planOf(pager.url, mail.url), 'src/session-store.ts @acme/sessions\n');
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
  markdown = markdownOf(read, await stage.aftermath.markdown(1, read.zone));
}, 120_000);
afterAll(async () => {
  await pager.close();
  await mail.close();
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
  expect(section('summary')).toMatch(/\*\*Impact:\*\* for .*, \d+ % of requests and about 60 % of clients/);
  expect(section('summary')).toContain('`src/session-store.ts:31`');
  expect(section('summary')).toContain('team platform');
  // The timeline: signs, suspects, the rollback that did not help, the culprit, the patch, the end.
  for (const told of [
    'HighCPU',
    'heap snapshot of web-b06 (1.1); it stood still for 35 ms',
    'Roll back to 1.1',
    'suspected: release 1.2',
    'exonerated: release 1.2',
    'Release 1.3',
  ])
    expect(section('timeline')).toContain(told);
  expect(section('timeline')).toContain('| UTC | Africa/Nairobi | What happened |');
  expect(section('cause')).toContain('**Root cause:** A memory leak: sessions');
  // What brought it and what mended it, by name and time; and nothing is guilty and innocent at once.
  expect(section('cause')).toContain(
    '**Trigger:** deploy at 2024-08-10 13:30 UTC (16:30 EAT): Release 1.1: sessions keep the cart. 1.1 is guilty: ',
  );
  expect(section('cause')).toContain(
    '**Resolution:** Deploy at 2024-08-10 15:35 UTC (18:35 EAT): Release 1.3: sessions expire. 1.3 helped: ',
  );
  expect(section('cause')).not.toMatch(/(?<!the return to )1\.1 is exonerated/);
  expect(section('cause')).toContain('the return to 1.1 is exonerated');
  // Nothing was measured yet of what had just been started.
  expect(section('timeline')).toContain('as measured: 1 of 1 process is too young to be judged');
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
  expect(section('lessons')).toContain(
    'Going back was in vain: deploy at 2024-08-10 14:45 UTC (17:45 EAT): Roll back to 1.1',
  );
  for (const kind of ['(lint):', '(test):', '(soak):', '(alert):']) expect(section('measures')).toContain(kind);
  expect(markdown).toContain('## Action items');
  expect(markdown).toContain(
    '## Review\n\n2024-08-12 07:00 UTC (10:00 EAT), 60 minutes; invited: amina&#64;example.com',
  );
  expect(markdown).not.toMatch(/undefined|null|NaN|−0 /);
});

test('the causal figure goes from the change that brought the leak to the one that ended it, as monitoring told it', () => {
  const { alt, svg } = read.document.cause;
  expect(alt.split('; then ').map((step) => step.replace(/^From cause to effect: /, '').split(':')[0])).toEqual([
    'A change',
    'A leak',
    'Memory grows',
    'Garbage collection takes the CPU',
    'Requests are slow, or fail',
    'What was done',
    'Recovery',
  ]);
  for (const told of ['Release 1.1: sessions keep the cart', 'told as “HighCPU”', 'Release 1.3: sessions expire'])
    expect(alt).toContain(told);
  // Everything that is told in words is drawn.
  const drawn = svg
    .replace(/aria-label="[^"]*"/, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
  expect(drawn).not.toContain('…');
});

test('the memory figure marks when users are hit, and cuts nothing without saying so', () => {
  const svg = read.document.memory?.svg ?? '';
  const lines = [...svg.matchAll(/<text[^>]*>(\d+ .*?)<\/text>/g)].map(([, line]) => line);
  expect(lines).toContainEqual(expect.stringMatching(/^\d+ 14:28 UTC \(17:28 EAT\) users are hit: /));
  expect(lines.find((line) => line?.includes('incident opened'))).toMatch(/ …$/);
});

test('the review is on a weekday at ten by the clock in Nairobi, within seven days', async () => {
  const review = await stage.aftermath.review(1);
  expect(new Date(review?.starts_ms ?? 0).toISOString()).toBe('2024-08-12T07:00:00.000Z');
  expect((review?.starts_ms ?? 0) - outageStartMs).toBeLessThan(7 * dayMs);
});
