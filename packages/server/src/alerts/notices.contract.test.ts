// One suite for both databases: who is told what and when, and who is left in peace, as scripts on a clock.
import { describe, expect, test } from 'vitest';
import { minuteMs, sceneStartMs } from '../fixtures/alert-scene.ts';
import { alertStage, clean, leak, told } from '../fixtures/alert-stage.ts';
import { engines } from '../fixtures/empty-places.ts';
import { hush, maintain } from '../fixtures/quiet.ts';
import { FindingStore } from '../findings/finding-store.ts';
import { readFindings } from '../findings/read-findings.ts';
import { findingBody } from '../fixtures/findings.ts';

describe.each(engines)('on %s', (engine) => {
  const stage = alertStage(engine);

  test('from leak to end: each change is told once to whom the routes name, and stands on the timeline', async () => {
    const { team, pager, receivers, start } = stage();
    const scene = await start(`
routes:
  - { to: [team] }
  - { to: [pager], match: { min_level: page } }
${receivers}`);
    await scene.at(0, clean());
    await scene.at(1, leak(7200));
    await scene.at(2, leak(7100));
    await scene.at(5, leak(3000));
    await scene.at(6, clean());
    await scene.at(7, leak(3000));
    await scene.at(8, clean());
    await scene.at(23, clean());
    // Resolved waits for the interval of its group since the last message: it is over.
    await scene.at(40, clean());
    expect(told(team)).toEqual(['opened warning shop', 'raised page shop', 'resolved page shop']);
    expect(told(pager)).toEqual(['raised page shop', 'resolved page shop']);
    expect(await scene.timeline(1)).toEqual([
      '1 opened: warning: shop 1.0 leaks: 1 of 1 process, +6.0 MB a minute; the limit is 2 hours away',
      '1 notified: team was told (opened)',
      '5 raised: page: shop 1.0 leaks: 1 of 1 process, +6.0 MB a minute; the limit is 50 minutes away',
      expect.stringMatching(/^5 notified: (team|pager) was told \(raised\)$/),
      expect.stringMatching(/^5 notified: (team|pager) was told \(raised\)$/),
      '6 calm: shop: no process runs out of memory any more',
      '7 back: shop 1.0 leaks: 1 of 1 process, +6.0 MB a minute; the limit is 50 minutes away',
      '8 calm: shop: no process runs out of memory any more',
      '23 resolved: shop: no process runs out of memory any more',
      expect.stringMatching(/^23 notified: (team|pager) was told \(resolved\)$/),
      expect.stringMatching(/^23 notified: (team|pager) was told \(resolved\)$/),
    ]);
    const keys = team.told.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(3);
    expect(scene.errors).toEqual([]);
  });

  test('a culprit that is found later is told to those who heard without it: once, by the same alert, and no new page', async () => {
    const { team, pager, receivers, start, database } = stage();
    const scene = await start(`
routes:
  - { to: [team], group_interval: 5m }
  - { to: [pager], match: { min_level: page } }
${receivers}`);
    const findings = new FindingStore(database, { mostServices: 100 });
    const found = async (fingerprint: string, confirmed: boolean): Promise<void> => {
      const one = findingBody({ fingerprint, verdict: confirmed ? 'leak' : 'suspect' });
      const read = readFindings({ service: 'shop', version: '1.0', findings: [one] });
      await findings.record({ service: 'shop', namespace: '', environment: '' }, read.findings, scene.nowMs);
    };
    await scene.at(0, clean());
    await scene.at(1, leak(7200));
    await found('collection:shop/src/session-store.ts:sessions', false);
    await scene.at(2, leak(7200));
    expect(told(team)).toEqual(['opened warning shop']);
    await found('collection:shop/src/session-store.ts:sessions', true);
    // Not at once: it wakes nobody, so that it waits for the interval of its group. Who never heard of it hears nothing.
    await scene.at(3, leak(7200));
    expect(told(team)).toHaveLength(1);
    await scene.at(6.1, leak(7100));
    await scene.at(20, leak(7000));
    expect(told(team)).toEqual(['opened warning shop', 'explained warning shop']);
    expect(team.told[1].json.incidents[0].summary).toContain(
      'sessions (Map) in src/session-store.ts:12 keeps what it gets',
    );
    expect(team.told[1].json.text).toMatch(/^the culprit is found, warning: /);
    expect(told(pager)).toEqual([]);
    // What is raised names it anyway.
    await scene.at(21, leak(60));
    expect(told(team)).toEqual(['opened warning shop', 'explained warning shop', 'raised page shop']);
    expect(told(pager)).toEqual(['raised page shop']);
    expect(scene.errors).toEqual([]);
  });

  test('a silence keeps quiet until it ends; who was kept from hearing hears then, if it is still open', async () => {
    const { team, toTeam, start } = stage();
    const scene = await start(toTeam());
    const { silences } = scene.alerting;
    const silence = async (minutes: number, match: object): Promise<number> =>
      (
        await silences.silence(
          { match, startsMs: scene.nowMs, endsMs: scene.nowMs + minutes * minuteMs, why: 'load test' },
          { name: 'anna', nowMs: scene.nowMs },
        )
      ).id;
    await scene.at(0, clean(), clean({ service: 'cart' }));
    await silence(30, { service: ['sh*'] });
    await scene.at(1, leak(7200), leak(7200, { service: 'cart' }));
    expect(told(team)).toEqual(['opened warning cart']);
    await scene.at(29.9, leak(7200), leak(7200, { service: 'cart' }));
    expect(told(team)).toHaveLength(1);
    await scene.at(30, leak(7200), leak(7200, { service: 'cart' }));
    expect(told(team)).toEqual(['opened warning cart', 'still-open warning shop']);
    // Up to warnings: a page gets through.
    await silence(30, { maxLevel: 'warning' });
    await scene.at(31, leak(60), leak(7200, { service: 'cart' }));
    expect(told(team).at(-1)).toBe('raised page shop');
    const timelines = [...(await scene.timeline(1)), ...(await scene.timeline(2))].filter((line) =>
      line.includes('silence'),
    );
    expect(timelines.sort()).toEqual([
      '1 silenced: team is not told: silence 1 by anna: load test',
      '30 silenced: silence 2 by anna until 2026-11-21T13:00:00.000Z: load test',
      '30 silenced: silence 2 by anna until 2026-11-21T13:00:00.000Z: load test',
    ]);
  });

  test.each([
    ['a silence', hush],
    ['maintenance', maintain],
  ])(
    '%s stops a message that is being tried, and nobody hears of the end of what nobody was told of',
    async (_, quiet) => {
      const { team, toTeam, start } = stage();
      const scene = await start(toTeam());
      team.answer = (_told, response) => void response.writeHead(500).end();
      await scene.at(1, leak(7200));
      await quiet(scene, 60);
      team.answer = (_told, response) => response.end();
      await scene.at(2, leak(7200));
      await scene.at(3, clean());
      await scene.at(19, clean());
      await scene.at(70, clean());
      expect(team.told).toHaveLength(1);
    },
  );

  test('who was told hears of the end during a silence; one that is ended early is over at once', async () => {
    const { team, toTeam, start } = stage();
    const scene = await start(toTeam());
    await scene.at(1, leak(7200));
    const by = { name: 'anna', nowMs: scene.nowMs };
    const { silences } = scene.alerting;
    const day = scene.nowMs + 24 * 60 * minuteMs;
    await silences.silence({ match: { service: ['*'] }, startsMs: scene.nowMs, endsMs: day, why: 'x' }, by);
    await scene.at(2, clean());
    await scene.at(18, clean());
    expect(told(team)).toEqual(['opened warning shop', 'resolved warning shop']);
    await scene.at(20, leak(7200, { service: 'cart' }));
    expect(told(team)).toHaveLength(2);
    expect(await silences.end('silences', 1, { name: 'ben', nowMs: scene.nowMs })).toBe(true);
    expect(await silences.end('silences', 1, { name: 'ben', nowMs: scene.nowMs })).toBe(false);
    await scene.at(20.1, leak(7200, { service: 'cart' }));
    expect(told(team).at(-1)).toBe('still-open warning cart');
    expect(await silences.list({ nowMs: scene.nowMs, all: false, most: 10 })).toEqual([]);
    expect(await silences.list({ nowMs: scene.nowMs, all: true, most: 10 })).toMatchObject([{ endedBy: 'ben' }]);
    await silences.forget(day + 1);
    expect(await silences.list({ nowMs: scene.nowMs, all: true, most: 10 })).toEqual([]);
  });

  test('maintenance that comes again is quiet each time, by the clocks of its zone', async () => {
    const { team, toTeam, start } = stage();
    const scene = await start(toTeam());
    // 12:00 UTC is 13:00 in Berlin in winter. From 13:30 to 14:00 each day.
    await scene.alerting.silences.maintain(
      {
        match: { environment: ['prod'] },
        startsLocal: '2026-11-21T13:30',
        zone: 'Europe/Berlin',
        durationMs: 30 * minuteMs,
        rule: 'FREQ=DAILY',
        untilMs: sceneStartMs + 10 * 24 * 60 * minuteMs,
        why: 'patch day',
      },
      { name: 'anna', nowMs: scene.nowMs },
    );
    const prod = { environment: 'prod' };
    await scene.at(31, leak(7200, prod));
    expect(told(team)).toEqual([]);
    await scene.at(60, leak(7200, prod));
    expect(told(team)).toEqual(['still-open warning shop']);
    const [window] = await scene.alerting.silences.listMaintenance({ nowMs: scene.nowMs, all: false, most: 1 });
    expect(window.next).toEqual({
      fromMs: sceneStartMs + (24 * 60 + 30) * minuteMs,
      toMs: sceneStartMs + 25 * 60 * minuteMs,
    });
    await scene.at(24 * 60 + 31, leak(60, prod));
    expect(told(team)).toHaveLength(1);
    await scene.at(25 * 60, leak(60, prod));
    expect(told(team).at(-1)).toBe('still-open page shop');
  });

  test('while an incident is open, those that it inhibits are quiet; not beyond what both have to have alike', async () => {
    const { team, toTeam, start } = stage();
    const scene = await start(`
inhibit: [{ source: { service: db }, target: { service: "*", max_level: warning }, equal: [environment] }]
${toTeam()}`);
    const [prod, dev] = [{ environment: 'prod' }, { environment: 'dev' }];
    await scene.at(0, leak(7200, { service: 'db', ...prod }));
    await scene.at(1, leak(7200, prod), leak(7200, dev), leak(7200, { service: 'db', ...prod }));
    expect(told(team)).toEqual(['opened warning db', 'opened warning shop']);
    expect(team.told.at(-1)?.json.incidents[0].environment).toBe('dev');
    await scene.at(2, leak(60, prod), leak(7200, dev), clean({ service: 'db', ...prod }));
    expect(told(team).at(-1)).toBe('raised page shop');
    await scene.at(3, leak(7200, { service: 'cart', ...prod }), clean({ service: 'db', ...prod }));
    await scene.at(
      17,
      leak(7200, { service: 'cart', ...prod }),
      clean({ service: 'db', ...prod }),
      leak(60, prod),
      leak(7200, dev),
    );
    await scene.at(17.1);
    expect(told(team).slice(3).sort()).toEqual(['resolved warning db', 'still-open warning cart']);
  });

  test('a group is told together: it waits for others, and then for its interval, but not with what wakes somebody up', async () => {
    const { team, toTeam, start } = stage();
    const scene = await start(toTeam(', group_by: [environment], group_wait: 30s, group_interval: 5m'));
    await scene.at(0, leak(7200));
    expect(told(team)).toEqual([]);
    await scene.at(0.25, leak(7200, { service: 'cart' }));
    await scene.at(0.5, leak(7200));
    expect(told(team)).toEqual(['opened warning shop, opened warning cart']);
    await scene.at(1, leak(7200, { service: 'search' }));
    await scene.at(5, leak(7200, { service: 'search' }));
    expect(told(team)).toHaveLength(1);
    await scene.at(5.5, leak(7200, { service: 'search' }));
    expect(told(team).at(-1)).toBe('opened warning search');
    await scene.at(6, leak(60, { service: 'search' }));
    await scene.at(6.5, leak(60, { service: 'search' }));
    expect(told(team).at(-1)).toBe('raised page search');
  });

  test('an incident that opens again and again is one: opened again, and over only when it stays quiet for long', async () => {
    const { team, toTeam, start } = stage();
    const scene = await start(`
flapping: { times: 2, within: 3h, quiet: 1h }
${toTeam()}`);
    let minutes = 0;
    const cycle = async (): Promise<void> => {
      await scene.at(minutes, leak(7200));
      await scene.at(minutes + 1, clean());
      await scene.at(minutes + 17, clean());
      await scene.at(minutes + 18, clean());
      minutes += 20;
    };
    for (let i = 0; i < 4; i++) await cycle();
    expect(told(team)).toEqual([
      'opened warning shop',
      'resolved warning shop',
      'opened warning shop',
      'resolved warning shop',
      'reopened warning shop',
    ]);
    expect(await scene.incidents.list({ open: false, most: 10 })).toHaveLength(2);
    await scene.at(minutes + 60, clean());
    await scene.at(minutes + 62, clean());
    expect(told(team).at(-1)).toBe('resolved warning shop');
    expect((await scene.timeline(2)).find((line) => line.includes('reopened:'))).toContain('came back 2 times');
  });

  test('an incident that stays open is told again after the interval, and to whom the rules name only later', async () => {
    const { team, pager, receivers, toTeam, start } = stage();
    const scene = await start(toTeam(', repeat_interval: 1h'));
    await scene.at(0, leak(7200));
    await scene.at(59, leak(7200));
    expect(told(team)).toEqual(['opened warning shop']);
    await scene.at(61, leak(7200));
    await scene.at(62, leak(7200));
    expect(told(team)).toEqual(['opened warning shop', 'still-open warning shop']);
    scene.rules(`
routes: [{ to: [pager] }]
${receivers}`);
    await scene.at(63, leak(7200));
    expect(told(pager)).toEqual(['still-open warning shop']);
    await scene.at(64, clean());
    await scene.at(80, clean());
    // Who heard of it before hears of the end, though no route names it any more.
    expect(told(team).at(-1)).toBe('resolved warning shop');
    expect(told(pager).at(-1)).toBe('resolved warning shop');
  });
});
