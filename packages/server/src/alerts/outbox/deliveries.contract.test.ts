// One suite for both databases: what becomes of a message until it is taken, or given up, as scripts on a clock.
import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { minuteMs, sceneStartMs, startScene } from '../../fixtures/alert-scene.ts';
import { alertStage, clean, leak, told } from '../../fixtures/alert-stage.ts';
import { engines } from '../../fixtures/empty-places.ts';
import { openDatabase } from '../../store/database.ts';
import { deliveryLog } from './delivery-log.ts';
import { tidyOutbox } from './tidy.ts';

describe.each(engines)('on %s', (engine) => {
  const stage = alertStage(engine);

  test('a receiver that fails is tried again, later and later, with the same key; the timeline tells it once', async () => {
    const { database, team, toTeam, start } = stage();
    const scene = await start(toTeam());
    team.answer = (_told, response) => void response.writeHead(500).end('out of order');
    await scene.at(1, leak(7200));
    const wait = async (): Promise<number> => {
      const [{ delivery }] = await deliveryLog(database.query, { most: 1 });
      return (delivery.next_ms - scene.nowMs) / 1000;
    };
    const waits = [];
    for (let i = 0; i < 11; i++) {
      waits.push(await wait());
      await scene.at((scene.nowMs - sceneStartMs) / minuteMs + (waits.at(-1) ?? 0) / 60, leak(7200));
    }
    // Without the chance that shortens them by up to a half.
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    team.answer = (_told, response) => void response.writeHead(429, { 'retry-after': '1000' }).end();
    await scene.at((scene.nowMs - sceneStartMs) / minuteMs + 5, leak(7200));
    expect(await wait()).toBe(1000);
    team.answer = (_told, response) => response.end();
    await scene.at((scene.nowMs - sceneStartMs) / minuteMs + 1000 / 60, leak(7200));
    expect(new Set(team.told.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    const lines = (await scene.timeline(1)).filter((line) => line.includes('team'));
    expect(lines).toEqual([
      '1 not-notified: team could not be told, and is tried again: status 500: out of order (opened)',
      expect.stringMatching(/ notified: team was told, at attempt 14 \(opened\)$/),
    ]);
  });

  test.each([
    ['never answers', (): void => undefined, 'no answer within 2 s'],
    ['hangs up', (response: ServerResponse): void => void response.destroy(), 'other side closed'],
    [
      'lies about its length',
      (response: ServerResponse): void => void response.socket?.end('HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n'),
      'tried again: Response does not match the HTTP/1.1 protocol',
    ],
    [
      'sends elsewhere',
      (response: ServerResponse): void => void response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
      'status 302, a redirect, which is not followed',
    ],
  ] as const)('that a receiver %s stands on the timeline, and that it was told later', async (_how, answer, why) => {
    const { team, toTeam, start } = stage();
    const scene = await start(toTeam());
    const well = team.answer;
    team.answer = (_told, response) => answer(response);
    await scene.at(1, leak(7200));
    team.answer = well;
    await scene.at(2, leak(7200));
    expect((await scene.timeline(1)).filter((line) => line.includes('team'))).toEqual([
      expect.stringMatching(/^1 not-notified: team could not be told, and is tried again: /),
      '2 notified: team was told, at attempt 2 (opened)',
    ]);
    expect((await scene.timeline(1)).join('\n')).toContain(why);
  });

  test('a receiver that is down stands on the timeline with why', async () => {
    const { team, toTeam, start } = stage();
    const scene = await start(toTeam());
    await team.close();
    await scene.at(1, leak(7200));
    expect((await scene.timeline(1)).at(-1)).toMatch(
      /^1 not-notified: team could not be told, and is tried again: ECONNREFUSED/,
    );
  });

  test('what a receiver refuses for what is in it is given up after five attempts, and does not hold up what follows', async () => {
    const { team, toTeam, start } = stage();
    const scene = await start(toTeam());
    team.answer = ({ json }, response) =>
      void response.writeHead(json.incidents[0].change === 'opened' ? 400 : 200).end();
    await scene.at(1, leak(7200));
    for (const seconds of [1, 3, 7, 15]) await scene.at(1 + seconds / 60, leak(7200));
    expect(team.told).toHaveLength(5);
    expect((await scene.timeline(1)).at(-1)).toContain(
      'not-notified: team was not told, and is given up after 5 attempts',
    );
    await scene.at(10, leak(60));
    expect(told(team).at(-1)).toBe('raised page shop');
  });

  test('messages about one incident keep their order, also when the first one fails', async () => {
    const { team, toTeam, start } = stage();
    const scene = await start(toTeam());
    team.answer = (_told, response) => void response.writeHead(503).end();
    await scene.at(1, leak(7200));
    await scene.at(1.001, leak(60));
    team.answer = (_told, response) => response.end();
    await scene.at(5, leak(60));
    expect(told(team)).toEqual(['opened warning shop', 'opened warning shop', 'raised page shop']);
  });

  test('what nobody takes for a day is given up, and the timeline says so', async () => {
    const { team, toTeam, start } = stage();
    const scene = await start(toTeam());
    team.answer = (_told, response) => void response.writeHead(503).end();
    await scene.at(1, leak(7200));
    await scene.at(24 * 60 + 2, leak(7200));
    expect((await scene.timeline(1)).filter((line) => line.includes('given up'))).toHaveLength(1);
    await scene.at(25 * 60, leak(7200));
    expect(team.told).toHaveLength(2);
  });

  test('a receiver that the rules do not know any more is given up, and that is told', async () => {
    const { team, toTeam, start } = stage();
    const scene = await start(toTeam());
    team.answer = (_told, response) => void response.writeHead(500).end();
    await scene.at(0, leak(7200));
    scene.rules('');
    await scene.at(1, leak(7200));
    expect((await scene.timeline(1)).at(-1)).toContain('the rules have no such receiver any more');
  });

  test('an Alertmanager is told again of what is open, and not of what is silenced', async () => {
    const { team, start } = stage();
    const scene = await start(`
routes: [{ to: [am] }]
receivers: { am: { alertmanager: { url: "${team.url}" } } }
`);
    await scene.at(0, leak(7200));
    expect(await scene.alerting.courier.refreshNow()).toEqual([]);
    expect(team.told).toHaveLength(2);
    expect(team.told[1].json).toHaveLength(1);
    expect(team.told[1].json[0].labels).toEqual(team.told[0].json[0].labels);
    expect(team.told[1].json[0].startsAt).toBe(team.told[0].json[0].startsAt);
    team.answer = (_told, response) => void response.writeHead(500).end();
    expect(await scene.alerting.courier.refreshNow()).toEqual(['am: status 500']);
    const by = { name: 'anna', nowMs: scene.nowMs };
    await scene.alerting.silences.silence(
      { match: { service: ['shop'] }, startsMs: scene.nowMs, endsMs: scene.nowMs + 1, why: 'x' },
      by,
    );
    await scene.alerting.courier.refreshNow();
    expect(team.told).toHaveLength(3);
  });

  test('two couriers on one database tell each change once', async () => {
    const { place, database, team, toTeam, start } = stage();
    const scene = await start(toTeam(', group_by: [service]'));
    const other = engine === 'postgres' ? await openDatabase(place) : database;
    const second = await startScene(other, toTeam(', group_by: [service]'));
    const services = Array.from({ length: 30 }, (_, i) => `s${i}`);
    team.answer = (_told, response) => void setTimeout(() => response.end(), 5);
    await Promise.all([scene.at(1, ...services.map((service) => leak(7200, { service }))), second.at(1), second.at(1)]);
    await scene.at(1);
    await second.at(1);
    while (
      (await database.query.selectFrom('deliveries').selectAll().where('state', '=', 'waiting').execute()).length > 0
    )
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(told(team).sort()).toEqual(services.map((service) => `opened warning ${service}`).sort());
    if (other !== database) await other.close();
  });

  test('what was told a month ago is forgotten; what concerns an open incident is not', async () => {
    const { database, toTeam, start } = stage();
    const scene = await start(toTeam());
    await scene.at(0, leak(7200), leak(7200, { service: 'cart' }));
    await scene.at(1, clean(), leak(7200, { service: 'cart' }));
    await scene.at(17, clean(), leak(7200, { service: 'cart' }));
    await tidyOutbox(database, scene.nowMs + 31 * 24 * 60 * minuteMs);
    const notices = await database.query.selectFrom('notices').select(['incident_id', 'kind']).execute();
    const [{ id }] = await scene.incidents.list({ open: true, most: 10 });
    expect(notices).toEqual([{ incident_id: id, kind: 'opened' }]);
    expect(await deliveryLog(database.query, { most: 10 })).toEqual([]);
  });
});
