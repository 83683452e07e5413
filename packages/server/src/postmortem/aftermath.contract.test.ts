// One suite for both databases: versions of a postmortem, action items and their proofs, the review, reminders.
import { beforeEach, describe, expect, test } from 'vitest';
import { ServerError } from '../errors/server-error.ts';
import { emptyPlaces, engines } from '../fixtures/empty-places.ts';
import { outageStage, type OutageStage } from '../fixtures/outage.ts';
import { nobody } from '../oncall/plan/plan.ts';
import { openDatabase } from '../store/database.ts';
import { invitationOf } from './invitation.ts';
import { keepAftermath } from './postmortem-keeper.ts';

const fingerprint = 'collection:shop/src/session-store.ts:sessions';
const dayMs = 24 * 3_600_000;
const rules = `
routes: [{ to: [team, pager] }]
receivers:
  team: { webhook: { url: "http://127.0.0.1:9/" } }
  pager: { alertmanager: { url: "http://127.0.0.1:9/" } }
`;

describe.each(engines)('on %s', (engine) => {
  const emptyPlace = emptyPlaces(engine);
  let stage: OutageStage;
  beforeEach(async () => {
    const database = await openDatabase(emptyPlace());
    stage = await outageStage(database, rules);
    stage.set(0);
    const { query } = database;
    const names = { name: 'web', namespace: '', environment: '', first_seen_ms: 0 };
    await query.insertInto('services').values(names).execute();
    await incident(1);
    return async () => await database.close();
  });

  async function incident(id: number): Promise<void> {
    const times = { opened_ms: stage.nowMs, quiet_since_ms: null, resolved_ms: stage.nowMs + 1 };
    const told = {
      service_id: 1,
      level: 'page' as const,
      cause: 'memory' as const,
      summary: 'web leaks',
      impact: null,
    };
    await stage.database.query
      .insertInto('incidents')
      .values({ ...told, ...times, reopened: 0, held_until_ms: null })
      .execute();
    await stage.database.query
      .insertInto('incident_events')
      .values({
        incident_id: id,
        time_ms: stage.nowMs,
        kind: 'finding',
        text: 'x',
        ref: `finding ${fingerprint}`,
        actor: null,
      })
      .execute();
  }

  const by = (name = 'ada') => ({ name, nowMs: stage.nowMs });
  const made = () => ({ madeMs: stage.nowMs });
  const item = (kind: 'lint' | 'test' | 'soak' | 'alert') => ({
    ...{ kind, title: `catch it by ${kind}`, fingerprint, owner: '', dueMs: stage.nowMs + dayMs, trackerUrl: null },
  });
  const refused = async (asked: Promise<unknown>): Promise<string> =>
    await asked.then(
      () => expect.fail('nothing was refused'),
      (error: unknown) =>
        error instanceof ServerError ? `${error.code}: ${error.message}` : expect.fail(String(error)),
    );

  test('an item closes when its own command tells the fingerprint, and by nothing else', async () => {
    const { aftermath } = stage;
    const id = await aftermath.add(1, item('test'), by());
    const told = (document: unknown): Promise<string> => refused(aftermath.prove(id, document, by()));
    expect(await told('done, I promise')).toContain('no known format');
    expect(await told({ format: 'ebb.review/1', findings: [{ fingerprint }] })).toContain(
      'proved by what ebb test --json prints',
    );
    expect(
      await told({ ...made(), format: 'ebb.test/1', verdict: 'leak', findings: [{ fingerprint: 'other' }] }),
    ).toContain('it tells 1 other');
    expect(await told({ ...made(), format: 'ebb.test/1', verdict: 'clean', findings: [{ fingerprint }] })).toContain(
      'it tells none',
    );
    expect((await aftermath.items(1))[0]).toMatchObject({ state: 'open', proof: null });
    const leak = { format: 'ebb.test/1', verdict: 'leak', tests: [{ verdict: 'leak', findings: [{ fingerprint }] }] };
    // It has to be a run of after the item was made.
    expect(await told(leak)).toContain('does not say when it was made');
    expect(await told({ ...leak, madeMs: stage.nowMs - 60_000 })).toContain(
      'is of 2024-08-10 13:59 UTC, before the item was made',
    );
    expect(await told({ ...leak, madeMs: stage.nowMs + 3_600_000 })).toContain('which is still to come');
    expect(await told({ ...leak, madeMs: Number.MAX_SAFE_INTEGER })).toContain('is of no time, which is still to come');
    const proof = { ...leak, ...made() };
    expect(await aftermath.prove(id, proof, by('eve'))).toBe(
      `ebb test --json of 2024-08-10 14:00 UTC tells the leak with the fingerprint ${fingerprint}`,
    );
    expect((await aftermath.items(1))[0]).toMatchObject({ state: 'proved', ended_by: 'eve' });
    expect(await told(proof)).toMatch(/^EBB_SERVER_CONFLICT: action item 1 is proved already/);
  });

  test.each([
    ['lint', { format: 'ebb.review/1', findings: [{ rule: 'ebb/no-unbounded-collection', fingerprint }] }],
    ['soak', { format: 'ebb.soak/1', routes: [{ verdict: 'leak', findings: [{ fingerprint }] }] }],
  ] as const)('what proves a %s', async (kind, document) => {
    const id = await stage.aftermath.add(1, item(kind), by());
    expect(await stage.aftermath.prove(id, { ...document, ...made() }, by())).toContain(fingerprint);
  });

  test('an alert is proved by an incident that the replay became, and not by the one it is about', async () => {
    const { aftermath } = stage;
    const id = await aftermath.add(1, item('alert'), by());
    expect(await refused(aftermath.prove(id, { incidentId: 1 }, by()))).toContain('no incident of those named');
    expect(await refused(aftermath.prove(id, { incidents: 'x' }, by()))).toContain('names no incident');
    stage.set(60);
    await incident(2);
    const alert = { format: 'ebb.alert/1', incidents: [{ id: 2 }] };
    expect(await aftermath.prove(id, alert, by())).toBe(
      `incident 2, a page, tells the leak with the fingerprint ${fingerprint}`,
    );
  });

  test('an item that is given up says why; one that makes no sense is refused', async () => {
    const { aftermath } = stage;
    const id = await aftermath.add(1, item('lint'), by());
    expect(await refused(aftermath.drop(id, ' ', by()))).toContain('the reason has no text');
    await aftermath.drop(id, 'the code is gone', by());
    expect((await aftermath.items(1))[0]).toMatchObject({ state: 'dropped', proof: 'the code is gone' });
    expect(await refused(aftermath.add(9, item('lint'), by()))).toMatch(/^EBB_SERVER_NOT_FOUND/);
    expect(await refused(aftermath.add(1, { ...item('lint'), dueMs: 1 }, by()))).toContain('due after now');
    expect(await refused(aftermath.add(1, { ...item('lint'), trackerUrl: 'javascript:1' }, by()))).toContain('no URL');
  });

  test('whoever has an item that is due is reminded once a week, in one notice, and no pager is', async () => {
    const { aftermath, database, postmortems, incidents, alerting } = stage;
    await aftermath.add(1, { ...item('lint'), owner: 'eve' }, by());
    await aftermath.add(1, item('test'), by());
    const notices = async () =>
      await database.query
        .selectFrom('notices')
        .select(['receiver', 'kind', 'summary'])
        .where('kind', '=', 'action-due')
        .execute();
    const now = (): number => stage.nowMs;
    const { FleetReader } = await import('../store/fleet-reader.ts');
    const fleet = new FleetReader(database.query);
    const keep = async (): Promise<void> =>
      await keepAftermath({
        ...{ postmortems, aftermath, incidents, fleet, database, now },
        ...{ rules: () => alerting.rules, plan: () => nobody },
      });
    await keep();
    expect(await notices()).toEqual([]);
    for (const days of [2, 3, 8]) {
      stage.set(days * 24 * 60);
      await keep();
    }
    const summary = '2 action items are due after incident 1: catch it by lint (eve); catch it by test (nobody has it)';
    expect(await notices()).toEqual([{ receiver: 'team', kind: 'action-due', summary }]);
    stage.set(10 * 24 * 60);
    await keep();
    expect(await notices()).toHaveLength(2);
  });

  test('each edit is a version; who was slower is told, and loses nothing of the other', async () => {
    const { postmortems } = stage;
    expect(await postmortems.edit(1, { sections: { lessons: '*We* <b>learn</b>' }, after: 0 }, by())).toBe(1);
    expect(await refused(postmortems.edit(1, { sections: { lessons: 'other' }, after: 0 }, by('eve')))).toMatch(
      /^EBB_SERVER_CONFLICT: the postmortem of incident 1 has a version 1 meanwhile/,
    );
    expect(await postmortems.refresh(1, by('eve'))).toBe(2);
    const { document } = await postmortems.read(1);
    expect(document.sections.find(({ id }) => id === 'lessons')).toMatchObject({
      markdown: '*We* <b>learn</b>',
      editedBy: 'ada',
    });
    expect(await postmortems.edit(1, { sections: { lessons: null } }, by())).toBe(3);
    expect((await postmortems.read(1)).document.sections.every(({ editedBy }) => editedBy === null)).toBe(true);
    expect((await postmortems.versions(1)).map(({ version, createdBy }) => [version, createdBy])).toEqual([
      [3, 'ada'],
      [2, 'eve'],
      [1, 'ada'],
    ]);
    expect((await postmortems.read(1, 1)).document.sections.find(({ id }) => id === 'lessons')?.editedBy).toBe('ada');
    expect(await refused(postmortems.read(1, 9))).toContain('has no version 9');
    expect(await refused(postmortems.edit(1, { sections: {} }, by()))).toContain('nothing is different');
  });

  test('of very many versions the first one and the newest are kept', async () => {
    for (let i = 0; i < 55; i++) await stage.postmortems.edit(1, { sections: { lessons: `lesson ${i}` } }, by());
    const versions = (await stage.postmortems.versions(1)).map(({ version }) => version);
    expect([versions.length, versions[0], versions.at(-2), versions.at(-1)]).toEqual([50, 55, 7, 1]);
  });

  test('a review is within seven days, and its invitation takes the place of the one before', async () => {
    const { aftermath } = stage;
    const at = (days: number) => ({
      startsMs: stage.nowMs + days * dayMs,
      minutes: 45,
      attendees: ['eve@example.com'],
    });
    expect(await refused(aftermath.schedule(1, at(8), { ...by(), isPerson: true }))).toContain('within seven days');
    expect(await refused(aftermath.schedule(1, at(-1), { ...by(), isPerson: true }))).toContain('is over');
    await aftermath.schedule(1, at(2), { ...by(), isPerson: true });
    await aftermath.schedule(1, at(3), { ...by(), isPerson: true });
    const review = await aftermath.review(1);
    expect(review).toMatchObject({ sequence: 1, minutes: 45 });
    const text = invitationOf({
      ...{
        incidentId: 1,
        openedMs: 36,
        title: 'Postmortem: a; b, c',
        startsMs: at(3).startsMs,
        minutes: 45,
        sequence: 1,
      },
      ...{
        attendees: ['eve@example.com'],
        organizer: null,
        changedMs: stage.nowMs,
        link: 'https://ebb.example/incidents/1/postmortem',
      },
    });
    const lines = text.replace(/\r\n /g, '').split('\r\n');
    for (const line of [
      'METHOD:REQUEST',
      'UID:ebb-review-1-10@ebb',
      'SEQUENCE:1',
      'DTSTART:20240813T140000Z',
      'DTEND:20240813T144500Z',
    ])
      expect(lines).toContain(line);
    expect(lines).toContain('SUMMARY:Review: Postmortem: a\\; b\\, c');
    expect(lines.some((line) => /^ATTENDEE;.*MAILTO:eve@example\.com$/i.test(line))).toBe(true);
  });
});
