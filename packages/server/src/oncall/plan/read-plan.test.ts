import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { onCallAt } from '../schedule/on-call.ts';
import { owningTeams, policyFor, type OnCallPlan } from './plan.ts';
import { readPlan } from './read-plan.ts';

const nowMs = Date.UTC(2026, 10, 21, 12);
const context = { nowMs, readOwners: (): string => '* @acme/web\nsrc/session* @acme/Sessions\n' };
const told = (text: string): string[] =>
  readPlan(text, context).problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
const planOf = (text: string): OnCallPlan => readPlan(text, context).plan ?? expect.fail(told(text).join('\n'));
const subject = { service: 'shop', namespace: '', environment: 'production', level: 'page', labels: {} } as const;

test('an empty plan has nobody on call', () => {
  expect(planOf('').routes).toEqual([]);
});

test('the example of the guide can be used, and does what the guide says', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../../../docs/guide/on-call.md'), 'utf8');
  const [, text = ''] = /```yaml\n(.*?)```/s.exec(page) ?? [];
  const plan = planOf(`${text}codeowners: CODEOWNERS\n`);
  const web = plan.schedules.get('web') ?? expect.fail('there is no schedule');
  expect(onCallAt(web, nowMs)).toEqual(['linus']);
  expect(onCallAt(web, Date.UTC(2026, 10, 23, 12))).toEqual(['grace']);
  expect(plan.people.get('ada')?.reach.map(({ name, channel }) => [name, channel.type])).toEqual([
    ['ada/1', 'email'],
    ['ada/2', 'pagerduty'],
  ]);
  expect(policyFor(plan, subject)?.steps).toHaveLength(3);
  // Nobody is woken up for less than a page.
  expect(policyFor(plan, { ...subject, level: 'warning' })).toBeUndefined();
  expect(owningTeams(plan, subject, 'src/session-store.ts').map(({ name }) => name)).toEqual(['sessions']);
  expect(owningTeams(plan, subject, 'src/cart.ts')).toEqual([]);
  expect(plan.warnings.map(({ message }) => message)).toEqual([
    "codeowners: CODEOWNERS names owners that are no team's: @acme/web",
  ]);
});

test('what is wrong is told all at once, each with its line and column', () => {
  const text = `people:
  ada: { name: Ada }
  grace: { reach: [] }
  linus: { reach: [{ email: linus@example.com }, { pager: 1 }], zone: Mars/Olympus }
schedules:
  web:
    zone: Europe/Atlantis
    layers:
      - { people: [ada, gracy], every: 90m, from: tomorrow }
      - { people: [ada, grace], from: 2026-02-30T09:00, hours: [{ days: [mo], from: "9", to: "25:00" }] }
    overrides: [{ people: [ada], from: 2026-12-24T09:00, to: 2026-12-24T09:00 }]
teams:
  a: { on_call: [{ team: a }] }
policies:
  one: { steps: [{ to: [{ schedule: wep }, somebody] }], then: two }
  two: { steps: [{ to: [owner], wait: 1s }], then: one }
  three: { steps: [] }
routes: [{ policy: ones }]
codeowners: [{ match: {} }]
`;
  expect(told(text)[0]).toBe("2:8 ada: there is no way to reach ada: name at least one under 'reach'");
  const lines = told(text).map((one) => one.replace(/^\d+:\d+ /, ''));
  for (const said of [
    "ada: there is no way to reach ada: name at least one under 'reach'",
    "grace: there is no way to reach grace: 'reach' is empty",
    "email: an address alone needs the mail server under 'mail'",
    "zone: there is no time zone 'Mars/Olympus': it is a name like Europe/Berlin or Africa/Nairobi",
    "zone: there is no time zone 'Europe/Atlantis': it is a name like Europe/Berlin or Africa/Nairobi",
    "people 2: there is no person 'gracy'; was 'grace' meant?",
    'every: is whole hours',
    'from: is a time by the clocks of the zone, like 2026-11-23T09:00',
    "'every' is missing here",
    "'to' is not after 'from'",
    'to: is a time of day like "09:00", "24:00" at most',
    'on_call: is persons and schedules: a team of teams could go round in circles',
    "schedule: there is no schedule 'wep'; was 'web' meant?",
    'one: goes round in circles: one, then two, then one',
    'wait: is a duration like 90s, 5m or 1h30m, from 1m to 1d',
    'three: has no step: nobody would be paged',
    "policy: there is no policy 'ones'; was 'one' meant?",
    "'file' is missing here",
  ])
    expect(lines).toContain(said);
});

test('a gap within a year, and a handover that the clocks skip, are warned of where the schedule stands', () => {
  const plan = planOf(`people: { ada: { reach: [{ slack: { url_env: EBB_X } }] } }
schedules:
  office:
    zone: Africa/Nairobi
    layers: [{ people: [ada], from: 2026-01-01T00:00, hours: [{ days: [mon], from: "09:00", to: "17:00" }] }]
  night:
    zone: Europe/Berlin
    layers: [{ people: [ada, ada], every: day, from: 2026-01-01T02:30 }]
policies: { default: { steps: [{ to: [{ schedule: night }] }] } }
`);
  expect(plan.warnings.map(({ line, message }) => `${line} ${message}`)).toEqual([
    '4 office: nobody is on call from 2026-11-21 15:00 (2026-11-21 12:00 UTC) to 2026-11-23 09:00 (2026-11-23 06:00 UTC)',
    expect.stringMatching(/^4 office: nobody is on call from 2026-11-23 17:00/),
    expect.stringMatching(/^4 office: nobody is on call from 2026-11-30 17:00/),
    expect.stringMatching(/^4 office: and \d+ more within a year$/),
    expect.stringMatching(/^7 night: the clocks skip 2027-03-28 02:30/),
    expect.stringMatching(/^7 night: the clocks show 2027-10-31 02:30 twice/),
    '9 policies: nobody is paged: no route names a policy',
  ]);
});

test('a policy that follows another one brings its steps along', () => {
  const plan = planOf(`people: { ada: { reach: [{ slack: { url_env: EBB_X } }] } }
policies:
  first: { steps: [{ to: [{ person: ada }], wait: 5m }], then: second, rounds: 3 }
  second: { steps: [{ to: [owner], wait: 10m }] }
routes: [{ policy: first, match: { min_level: warning } }]
`);
  expect(policyFor(plan, { ...subject, level: 'warning' })).toMatchObject({
    rounds: 3,
    steps: [{ waitMs: 300_000 }, { to: [{ kind: 'owner' }], waitMs: 600_000 }],
  });
});
