// One suite for both databases: what is an alert though nothing is said to leak, as scripts on a clock.
import { describe, expect, test } from 'vitest';
import { minuteMs, sceneStartMs, startScene } from '../../fixtures/alert-scene.ts';
import { alertStage, clean, told } from '../../fixtures/alert-stage.ts';
import { engines } from '../../fixtures/empty-places.ts';
import { edge, report } from '../../fixtures/reports.ts';
import type { ProcessReport } from '../../ingest/report.ts';

describe.each(engines)('on %s', (engine) => {
  const stage = alertStage(engine);

  test('memory that stays above the share for as long as the rule says is an alert, whether it grows or not', async () => {
    const { team, toTeam, start } = stage();
    const scene = await start(`
high_memory: { above: 90%, for: 5m, level: page }
services: [{ match: { service: cache }, high_memory: off }]
${toTeam()}`);
    const at = async (minutes: number, share: number): Promise<void> => {
      const figures = { rssBytes: share * 1e9, containerLimitBytes: 1e9 };
      const reports = ['shop', 'cache'].map((service) =>
        report(0, { identity: { service }, figures, edge: edge('clean') }),
      );
      await scene.at(minutes, ...reports);
    };
    await at(0, 0.95);
    for (const minutes of [1, 2, 3]) await at(minutes, 0.95);
    await at(4, 0.5);
    for (const minutes of [5, 6, 7, 8, 9]) await at(minutes, 0.92);
    expect(told(team)).toEqual([]);
    await at(10, 0.93);
    expect(told(team)).toEqual(['opened page shop']);
    expect(team.told[0].json.incidents[0].summary).toBe(
      'shop: one process is above 90 % of the memory limit, 93 % at most',
    );
    await at(11, 0.5);
    await at(27, 0.5);
    await at(28, 0.5);
    expect(told(team).at(-1)).toBe('resolved page shop');
  });

  test('memory of a process that told its end is nobody’s business, however full it was', async () => {
    const { team, toTeam, start } = stage();
    const scene = await start(`
high_memory: { above: 90%, for: 5m, level: page }
${toTeam()}`);
    const full = { rssBytes: 0.95e9, containerLimitBytes: 1e9 };
    for (const minutes of [0, 1, 2, 3, 4]) await scene.at(minutes, report(0, { figures: full, edge: edge('clean') }));
    const endedMs = scene.nowMs + 2 * minuteMs;
    await scene.at(6, report(0, { figures: { ...full, endedMs }, edge: edge('clean') }));
    for (const minutes of [7, 8])
      await scene.at(minutes, report(0, { identity: { instance: 'b' }, edge: edge('clean') }));
    expect(told(team)).toEqual([]);
  });

  describe('the dead-man’s switch', () => {
    const rules = (): string => `
silent: { after: 5m, share: 50%, level: page }
${stage().toTeam()}`;

    test('a service of which nothing is heard is an alert, until it is back; a clock that is off does not matter', async () => {
      const { team, start } = stage();
      const scene = await start(rules());
      const behind = report(-30 * minuteMs, { edge: edge('clean') });
      for (let minutes = 0; minutes <= 10; minutes++) await scene.at(minutes, behind);
      await scene.at(15);
      expect(told(team)).toEqual([]);
      await scene.at(15.5);
      expect(told(team)).toEqual(['opened page shop']);
      expect(team.told[0].json.incidents[0].summary).toBe('shop: its only process has not been heard of for 5m');
      await scene.at(30);
      expect(told(team)).toHaveLength(1);
      await scene.at(31, behind);
      await scene.at(34, behind);
      await scene.at(38, behind);
      await scene.at(42, behind);
      await scene.at(47, behind);
      expect(told(team).at(-1)).toBe('resolved page shop');
    });

    test('a process that tells that it ends is not missed', async () => {
      const { team, start } = stage();
      const scene = await start(rules());
      for (let minutes = 0; minutes <= 10; minutes++) await scene.at(minutes, clean());
      await scene.at(11, report(0, { figures: { endedMs: 1 } }));
      await scene.at(30);
      expect(told(team)).toEqual([]);
    });

    test('a share of the processes is an alert; those that a deploy replaced, and those that lived for a moment, are not', async () => {
      const { team, start } = stage();
      const scene = await start(rules());
      const of = (version: string, ...instances: string[]): ProcessReport[] =>
        instances.map((instance) => clean({ version, instance }));
      for (let minutes = 0; minutes <= 10; minutes++) await scene.at(minutes, ...of('1', 'a', 'b', 'c', 'd'));
      // A deploy: the old ones go without a word, the new ones come.
      for (let minutes = 11; minutes <= 25; minutes++)
        await scene.at(minutes, ...of('2', 'e', 'f', 'g', 'h'), ...(minutes === 11 ? of('2', 'job') : []));
      expect(told(team)).toEqual([]);
      for (let minutes = 80; minutes <= 90; minutes++) await scene.at(minutes, ...of('2', 'e', 'f', 'g', 'h'));
      // One of four is missing: less than the half. Then two.
      for (let minutes = 91; minutes <= 100; minutes++) await scene.at(minutes, ...of('2', 'e', 'f', 'g'));
      expect(told(team)).toEqual([]);
      for (let minutes = 101; minutes <= 107; minutes++) await scene.at(minutes, ...of('2', 'e', 'f'));
      expect(told(team)).toEqual(['opened page shop']);
      expect(team.told[0].json.incidents[0].summary).toBe('shop: 2 of 4 processes fell silent and told no end');
    });

    test('one that reports seldom is given three of its intervals', async () => {
      const { team, start } = stage();
      const scene = await start(rules());
      for (let minutes = 0; minutes <= 40; minutes += 4) await scene.at(minutes, clean());
      await scene.at(51);
      expect(told(team)).toEqual([]);
      await scene.at(52.5);
      expect(told(team)).toEqual(['opened page shop']);
    });

    test('a server that was down does not take all for silent: they get the time to speak', async () => {
      const { database, team, start } = stage();
      const first = await start(rules());
      for (let minutes = 0; minutes <= 10; minutes++) await first.at(minutes, clean(), clean({ service: 'gone' }));
      const late = sceneStartMs + 60 * minuteMs;
      const again = await startScene(database, rules(), {}, late);
      await again.at(61, clean());
      await again.at(64, clean());
      expect(told(team)).toEqual([]);
      await again.at(66, clean());
      expect(told(team)).toEqual(['opened page gone']);
    });
  });
});
