// One suite for both databases: who is paged when, as scripts on a clock.
import type { ServerResponse } from 'node:http';
import { beforeEach, describe, expect, test } from 'vitest';
import { minuteMs, type Scene } from '../../fixtures/alert-scene.ts';
import { clean, leak } from '../../fixtures/alert-stage.ts';
import { emptyPlaces, engines } from '../../fixtures/empty-places.ts';
import { finding } from '../../fixtures/findings.ts';
import { heard, planText, readPlanText, startOnCallScene } from '../../fixtures/oncall-stage.ts';
import { hush, maintain } from '../../fixtures/quiet.ts';
import { startReceiver, type FakeReceiver } from '../../fixtures/receiver.ts';
import { FindingStore } from '../../findings/finding-store.ts';
import { openDatabase, type Database, type DatabasePlace } from '../../store/database.ts';
import type { OnCallPlan } from '../plan/plan.ts';
import { escalate } from './escalator.ts';
import { forgetPages } from './forget-pages.ts';

const summary = 'shop 1.0 leaks: 1 of 1 process, +6.0 MB a minute; the limit is 30 minutes away';

describe.each(engines)('on %s', (engine) => {
  const emptyPlace = emptyPlaces(engine);
  let place: DatabasePlace;
  let database: Database;
  let receiver: FakeReceiver;
  let plan: OnCallPlan;
  let scene: Scene;
  beforeEach(async () => {
    place = emptyPlace();
    database = await openDatabase(place);
    receiver = await startReceiver();
    plan = readPlanText(planText(receiver));
    scene = await startOnCallScene(database, plan);
    return async () => {
      await receiver.close();
      await database.close();
    };
  });

  const culprit = async (): Promise<void> => {
    const store = new FindingStore(database, { mostServices: 10 });
    await store.record({ service: 'shop', namespace: '', environment: '' }, [finding()], scene.nowMs);
  };

  test('at 0 a leak, and a page; at 15 no answer, and the owning team; then seniors; acknowledged, expired, resolved', async () => {
    await scene.at(0, clean());
    await scene.at(1, leak(7200));
    expect(heard(receiver)).toEqual([]);
    await scene.at(5, leak(1800));
    await culprit();
    await scene.at(19.9, leak(1800));
    expect(heard(receiver)).toEqual(['ada/first paged']);
    await scene.at(20, leak(1800));
    expect(heard(receiver).slice(1)).toEqual(['linus/first paged']);
    await scene.at(30, leak(1800));
    expect(heard(receiver).slice(2)).toEqual(['margaret/first paged']);
    expect(await scene.responders.acknowledge(1, { by: 'margaret' })).toMatchObject({
      holder: 'margaret',
      isOwn: true,
    });
    await scene.at(59, leak(1800));
    expect(heard(receiver)).toHaveLength(3);
    // The acknowledgement is over: whoever had it is asked again.
    await scene.at(60, leak(1800));
    expect(heard(receiver).slice(3)).toEqual(['margaret/first paged']);
    await scene.responders.acknowledge(1, { by: 'margaret' });
    await scene.at(61, clean());
    await scene.at(76, clean());
    // Whoever heard of it hears that it is over.
    expect(heard(receiver).slice(4).sort()).toEqual([
      'ada/first resolved',
      'linus/first resolved',
      'margaret/first resolved',
    ]);
    const told = (await scene.timeline(1)).filter(
      (line) => !/ (calm|raised|opened|cause|finding|resolved): /.test(line),
    );
    expect(told).toEqual([
      '5 paged: ada is paged: on call in web',
      '5 notified: ada by webhook was told',
      '20 escalated: nobody has acknowledged: step 2 of 3 of default',
      "20 paged: linus is paged: of team sessions, which owns the culprit's file",
      '20 notified: linus by webhook was told',
      '30 escalated: nobody has acknowledged: step 3 of 3 of default',
      '30 paged: margaret is paged: named by the policy',
      '30 notified: margaret by webhook was told',
      '30 acknowledged: by margaret, for 30 minutes',
      '60 acknowledgement-expired: margaret has it no longer: the time is over',
      '60 paged: margaret is paged: your acknowledgement is over',
      '60 notified: margaret by webhook was told',
      '60 acknowledged: by margaret, for 30 minutes',
      expect.stringMatching(/^76 notified: \w+ by webhook was told \(resolved\)$/),
      expect.stringMatching(/^76 notified: \w+ by webhook was told \(resolved\)$/),
      expect.stringMatching(/^76 notified: \w+ by webhook was told \(resolved\)$/),
    ]);
    expect(scene.errors).toEqual([]);
    const keys = receiver.told.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('a page says why and what, and has a link to acknowledge', async () => {
    await scene.at(0, leak(1800));
    const [{ json }] = receiver.told;
    expect(json.text).toBe(`paged, page: ${summary} (you are paged: on call in web) https://ebb.example/incidents/1`);
    const link = json.incidents[0]?.acknowledgeLink ?? '';
    expect(link).toMatch(/^https:\/\/ebb\.example\/acknowledgements\?link=1\./);
    const text = new URL(link).searchParams.get('link') ?? '';
    const read = async (told: string, atMs = scene.nowMs): Promise<unknown> =>
      await scene.oncall.links.read(database.query, told, atMs);
    expect(await read(text)).toEqual({ incidentId: 1, person: 'ada' });
    expect(await read(text, scene.nowMs + 24 * 60 * minuteMs)).toBeNull();
    for (const forged of [
      text.replace(/ada$/, 'grace'),
      text.replace(/^1\./, '2.'),
      text.replace(/\.\d+\./, '.9999999999999.'),
      'x',
      '',
    ])
      expect(await read(forged)).toBeNull();
    // Another server on the database takes it, too.
    const other = await startOnCallScene(database, plan);
    expect(await other.oncall.links.read(database.query, text, scene.nowMs)).toEqual({ incidentId: 1, person: 'ada' });
  });

  test('a step without anybody costs no time, and says why; after all rounds it begins anew', async () => {
    await scene.at(0, leak(1800));
    await scene.at(15, leak(1800));
    expect(heard(receiver)).toEqual(['ada/first paged', 'margaret/first paged']);
    await scene.at(25, leak(1800));
    await scene.at(40, leak(1800));
    await scene.at(50, leak(1800));
    expect(heard(receiver).slice(2)).toEqual(['ada/first paged', 'margaret/first paged']);
    await scene.at(79, leak(1800));
    expect(heard(receiver)).toHaveLength(4);
    await scene.at(80, leak(1800));
    expect(heard(receiver).slice(4)).toEqual(['ada/first paged']);
    expect((await scene.timeline(1)).filter((line) => line.includes('nobody-reachable'))).toEqual([
      '15 nobody-reachable: step 2 of 3 of default: the file of the culprit is not known, so nobody is known to own it',
      '40 nobody-reachable: step 2 of 3, round 2 of default: the file of the culprit is not known, so nobody is known to own it',
      '50 nobody-reachable: nobody has acknowledged after 3 steps, 2 rounds; it begins anew in 30 minutes',
    ]);
  });

  test('a page into a gap of a schedule goes to the next step at once, and the timeline says whose schedule it is', async () => {
    const lines = planText(receiver).replace(
      'every: day, from: 2026-11-21T15:00',
      'every: day, from: 2026-11-21T00:00, hours: [{ days: [mon], from: "09:00", to: "10:00" }]',
    );
    const gappy = await startOnCallScene(database, readPlanText(lines));
    await gappy.at(0, leak(1800));
    expect(heard(receiver)).toEqual(['margaret/first paged']);
    expect((await gappy.timeline(1)).filter((line) => / (nobody-reachable|escalated|paged): /.test(line))).toEqual([
      '0 nobody-reachable: step 1 of 3 of default: nobody is on call in web',
      '0 escalated: nobody has acknowledged: step 2 of 3 of default',
      '0 nobody-reachable: step 2 of 3 of default: the file of the culprit is not known, so nobody is known to own it',
      '0 escalated: nobody has acknowledged: step 3 of 3 of default',
      '0 paged: margaret is paged: named by the policy',
    ]);
  });

  test.each([
    ['never answers', (): void => undefined, 3, 'no answer within 2 s'],
    ['hangs up', (response: ServerResponse): void => void response.destroy(), 3, 'other side closed'],
    [
      'lies about its length',
      (response: ServerResponse): void => void response.socket?.end('HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n'),
      3,
      'does not match the HTTP/1.1 protocol',
    ],
    ['refuses what is in it', (response: ServerResponse): void => void response.writeHead(400).end(), 1, 'status 400'],
  ] as const)(
    'a way that %s is given up soon, and the same person is paged by the next one',
    async (_how, answer, attempts, why) => {
      const well = receiver.answer;
      receiver.answer = (told, response) => {
        if (told.path === '/ada/first') answer(response);
        else well(told, response);
      };
      await scene.at(0, leak(1800));
      for (let minute = 0.1; minute < 0.4; minute += 0.1) await scene.at(minute, leak(1800));
      expect(heard(receiver)).toEqual([...Array<string>(attempts).fill('ada/first paged'), 'ada/second paged']);
      const told = (await scene.timeline(1)).filter((line) => / (not-notified|notified): /.test(line));
      expect(told.at(-2)).toMatch(/not-notified: ada by webhook was not told, and is given up after \d attempts: /);
      expect(told.at(-2)).toContain(why);
      expect(told.at(-1)).toMatch(/ notified: ada by webhook was told$/);
    },
  );

  test('when one way fails after its retries, the next one is tried; by none, the next step is due', async () => {
    receiver.answer = ({ path }, response) => void response.writeHead(path.startsWith('/ada') ? 500 : 200).end();
    await scene.at(0, leak(1800));
    for (let minute = 0.1; minute < 0.6; minute += 0.1) await scene.at(minute, leak(1800));
    expect(heard(receiver)).toEqual([
      ...['ada/first paged', 'ada/first paged', 'ada/first paged'],
      ...['ada/second paged', 'ada/second paged', 'ada/second paged'],
      'margaret/first paged',
    ]);
    const keys = receiver.told.map(({ headers }) => headers['idempotency-key']);
    // The same way again has the same key.
    expect(new Set(keys).size).toBe(3);
    const told = (await scene.timeline(1)).map((line) => line.replace(/^[\d.]+ /, ''));
    expect(told.slice(1)).toEqual([
      'paged: ada is paged: on call in web',
      'not-notified: ada by webhook could not be told, and is tried again: status 500',
      'not-notified: ada by webhook was not told, and is given up after 3 attempts: status 500',
      'not-notified: ada by webhook could not be told, and is tried again: status 500',
      'not-notified: ada by webhook was not told, and is given up after 3 attempts: status 500',
      'not-notified: ada cannot be reached by any way',
      'escalated: nobody has acknowledged: step 2 of 3 of default',
      expect.stringContaining('nobody-reachable: step 2 of 3'),
      'escalated: nobody has acknowledged: step 3 of 3 of default',
      'paged: margaret is paged: named by the policy',
      'notified: margaret by webhook was told',
    ]);
  });

  test.each([
    ['a silence', hush],
    ['maintenance', maintain],
  ])('%s stops pages under way, and what is still open when it ends is paged then', async (_what, quiet) => {
    receiver.answer = (_told, response) => void response.writeHead(500).end();
    await scene.at(0, leak(1800));
    await quiet(scene, 20);
    receiver.told.length = 0;
    receiver.answer = (_told, response) => response.end();
    for (const minute of [0.1, 1, 15, 19]) await scene.at(minute, leak(1800));
    expect(heard(receiver)).toEqual([]);
    await scene.at(20, leak(1800));
    expect(heard(receiver)).toEqual(['ada/first paged']);
    expect((await scene.timeline(1)).filter((line) => line.includes('nobody is paged'))).toHaveLength(1);
  });

  test('what is given to somebody pages them, and goes on when they do not answer; others can be called in', async () => {
    await scene.at(0, leak(1800));
    await scene.responders.acknowledge(1, { by: 'ada' });
    expect(await scene.responders.reassign(1, { by: 'ada', to: [{ kind: 'team', name: 'sessions' }] })).toEqual([
      'linus',
    ]);
    await scene.at(1, leak(1800));
    expect(heard(receiver)).toEqual(['ada/first paged', 'linus/first paged']);
    await scene.responders.acknowledge(1, { by: 'linus' });
    const add = [{ kind: 'person', name: 'grace' } as const, { kind: 'schedule', name: 'web' } as const];
    expect(await scene.responders.addResponders(1, { by: 'linus', add })).toEqual(['grace', 'ada']);
    await scene.at(2, leak(1800));
    expect(heard(receiver).slice(2).sort()).toEqual(['ada/first paged', 'grace/first paged']);
    // Nothing else changed: linus has it still.
    expect((await scene.responders.escalationOf(1))?.row).toMatchObject({ state: 'acknowledged', holder: 'linus' });
    await expect(
      scene.responders.reassign(1, { by: 'ada', to: [{ kind: 'person', name: 'nobody' }] }),
    ).rejects.toMatchObject({
      code: 'EBB_SERVER_BAD_REQUEST',
    });
  });

  test('two who acknowledge at once: one has it, the other is told who; what is resolved cannot be acknowledged', async () => {
    await scene.at(0, leak(1800));
    const other = await openDatabase(place);
    const second = await startOnCallScene(other, plan, undefined);
    const answers = await Promise.all([
      scene.responders.acknowledge(1, { by: 'ada' }),
      second.responders.acknowledge(1, { by: 'grace' }),
    ]);
    expect(answers.map(({ isOwn }) => isOwn).sort()).toEqual([false, true]);
    expect(new Set(answers.map(({ holder }) => holder)).size).toBe(1);
    // The other one stands there once, however often they press.
    const [first, slower] = answers[0].isOwn ? ['ada', 'grace'] : ['grace', 'ada'];
    expect(await scene.responders.acknowledge(1, { by: slower })).toMatchObject({ isOwn: false, holder: first });
    const acknowledged = async () => (await scene.timeline(1)).filter((line) => line.includes(' acknowledged: by '));
    expect(await acknowledged()).toEqual([
      `0 acknowledged: by ${first}, for 30 minutes`,
      `0 acknowledged: by ${slower}, too: ${first} has it`,
    ]);
    await other.close();
    await scene.at(1, clean());
    await scene.at(16, clean());
    await expect(scene.responders.acknowledge(1, { by: 'ada' })).rejects.toMatchObject({ code: 'EBB_SERVER_CONFLICT' });
    await expect(scene.responders.acknowledge(1, { by: 'ada' })).rejects.toMatchObject({ code: 'EBB_SERVER_CONFLICT' });
    expect((await acknowledged()).slice(2)).toEqual(['16 acknowledged: by ada, when it was resolved already']);
    await expect(scene.responders.acknowledge(2, { by: 'ada' })).rejects.toMatchObject({
      code: 'EBB_SERVER_NOT_FOUND',
    });
    const pagesBefore = receiver.told.length;
    await scene.at(60, clean());
    expect(receiver.told.length).toBe(pagesBefore);
  });

  test('what fails for one incident keeps nobody from being paged for another', async () => {
    await scene.at(0, leak(1800), leak(1800, { service: 'bakery' }));
    await scene.at(14.9, leak(1800), leak(1800, { service: 'bakery' }));
    receiver.told.length = 0;
    const broken = escalate({
      database,
      plan: () => plan,
      incidents: scene.alerting.incidents,
      mutingAt: async (db, nowMs) => await scene.alerting.mutingAt(db, nowMs),
      culpritFileOf: async (_db, { service_id: serviceId }) =>
        serviceId === 1 ? await Promise.reject(new Error('a row that nobody can read')) : 'src/session.ts',
      now: () => scene.nowMs + 0.1 * minuteMs,
    });
    await expect(broken).rejects.toThrow(/a row that nobody can read/);
    await scene.at(15);
    // With the file of the other one not known, its next step is due at once.
    expect(heard(receiver).sort()).toEqual(['linus/first paged', 'margaret/first paged']);
    const linus = receiver.told.find(({ path }) => path.startsWith('/linus'));
    expect(linus?.json.incidents[0]).toMatchObject({ service: 'bakery' });
  });

  test('whoever brings pages out is told of each change when its pages are there', async () => {
    await scene.at(0, leak(1800));
    const waiting: Promise<string[]>[] = [];
    await escalate({
      database,
      plan: () => plan,
      incidents: scene.alerting.incidents,
      mutingAt: async (db, nowMs) => await scene.alerting.mutingAt(db, nowMs),
      culpritFileOf: async () => 'src/session.ts',
      now: () => scene.nowMs + 15 * minuteMs,
      onChange: () => {
        const rows = database.query
          .selectFrom('deliveries')
          .select('receiver')
          .where('state', '=', 'waiting')
          .execute();
        waiting.push(rows.then((found) => found.map(({ receiver: name }) => name)));
      },
    });
    expect(await Promise.all(waiting)).toEqual([['linus/1']]);
  });

  test('who was paged is known for ninety days after the incident, and while it is open', async () => {
    await scene.at(0, leak(1800), leak(1800, { service: 'cart' }));
    await scene.at(1, clean(), leak(1800, { service: 'cart' }));
    await scene.at(17, clean(), leak(1800, { service: 'cart' }));
    const paged = async (): Promise<number[]> => {
      const pages = await database.query.selectFrom('pages').select('incident_id').distinct().execute();
      const escalations = await database.query.selectFrom('escalations').select('incident_id').execute();
      const ids = pages.map(({ incident_id: id }) => id).sort();
      expect(escalations.map(({ incident_id: id }) => id).sort()).toEqual(ids);
      return ids;
    };
    const dayMs = 24 * 60 * minuteMs;
    await forgetPages(database.query, scene.nowMs + 90 * dayMs);
    expect(await paged()).toEqual([1, 2]);
    await forgetPages(database.query, scene.nowMs + 90 * dayMs + 1);
    const [open] = await scene.incidents.list({ open: true, most: 10 });
    expect(await paged()).toEqual([open.id]);
  });

  test('two servers that look at the same time page once', async () => {
    const other = await openDatabase(place);
    const second = await startOnCallScene(other, plan);
    await scene.at(0, clean());
    await scene.at(1, leak(7200));
    await scene.at(5);
    await second.at(5);
    await Promise.all([scene.at(6, leak(1800)), second.at(6)]);
    await Promise.all([scene.at(21, leak(1800)), second.at(21)]);
    await Promise.all([scene.at(22, leak(1800)), second.at(22)]);
    expect(heard(receiver).sort()).toEqual(['ada/first paged', 'margaret/first paged']);
    await other.close();
  });
});
