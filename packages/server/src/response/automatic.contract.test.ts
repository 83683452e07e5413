// What Ebb does by itself, where a file allows it, as scripts on a clock; on both databases.
import { describe, expect, test } from 'vitest';
import { alertStage } from '../fixtures/alert-stage.ts';
import type { Scene } from '../fixtures/alert-scene.ts';
import { engines } from '../fixtures/empty-places.ts';
import {
  ann,
  both,
  leaking,
  openResponse,
  policy,
  responseOf,
  runner,
  wanted,
  well,
} from '../fixtures/response-stage.ts';
import type { ProcessReport } from '../ingest/report.ts';
import type { KnownChanges } from './automatic.ts';
import { readPolicy } from './read-policy.ts';
import type { Response } from './response.ts';

describe.each(engines)('on %s', (engine) => {
  const stage = alertStage(engine);
  const open = async (text: string, known?: KnownChanges): Promise<{ scene: Scene; response: Response }> =>
    await openResponse(stage(), text, known);

  const helps: KnownChanges = { advice: 'Rolling back to 1.0 helps.', rollbackHelps: true, rollBackTo: '1.0' };
  /** Version 1.0 at work before, with so many requests a minute; then 1.1, which leaks, with a thousand. */
  const play = async (scene: Scene, response: Response, requestsBefore: number): Promise<void> => {
    const working = (base: ProcessReport, version: string, requests: number): ProcessReport => ({
      ...base,
      identity: { ...base.identity, version },
      figures: { ...base.figures, requests },
    });
    for (let minute = 0; minute < 4; minute++)
      await scene.at(minute, working(well('o'), '1.0', requestsBefore * minute));
    for (let minute = 10; minute < 14; minute++) {
      const requests = 1000 * (minute - 10);
      await scene.at(minute, working(well('a'), '1.1', requests), working(leaking('b', 100), '1.1', requests));
    }
    await response.next(both);
    await response.round();
  };

  test('by itself it restarts before the limit, one at a time, and stops after failures, and says so to the team', async () => {
    const { scene, response } = await open(policy(', automatic: { lead: 10m, failures: 2 }'));
    await scene.at(0, well('a'), leaking('b', 900));
    await response.next(runner);
    await response.round();
    expect(await response.actions.list({ most: 10 })).toEqual([]);
    for (const minute of [1, 2]) {
      await scene.at(minute, well('a'), leaking('b', 500), leaking('c', 400));
      await response.next(runner);
      await response.round();
      await response.round();
      const [action, ...older] = await response.actions.list({ most: 10 });
      expect(older).toHaveLength(minute - 1);
      expect(action).toMatchObject({ kind: 'restart', automatic: 1, ordered_by: 'ebb (automatic)' });
      expect(JSON.parse(action?.targets ?? '')).toMatchObject([{ instance: 'c' }]);
      await response.next(runner);
      const ended = { id: action?.id ?? 0, runner: runner.name, ok: false, outcome: 'it hangs' };
      expect(await response.actions.end(ended, scene.nowMs)).toBe(true);
    }
    await scene.at(3, well('a'), leaking('b', 500));
    await response.next(runner);
    await response.round();
    await response.round();
    expect(await response.actions.list({ most: 10 })).toHaveLength(2);
    const said = 'Ebb does not restart shop by itself: 2 actions in a row failed; the last: it hangs';
    expect((await scene.timeline(1)).filter((line) => line.includes('automatic-stopped'))).toEqual([
      `3 automatic-stopped: ${said}`,
    ]);
    await scene.at(10);
    expect(
      stage()
        .team.told.map(({ text }) => text)
        .join('\n'),
    ).toContain(said);
    // Somebody's order that succeeds lets it begin again.
    await scene.at(11, well('a'), leaking('b', 500));
    await response.next(runner);
    const { id } = await response.order({ ...wanted, why: 'mended' }, ann);
    await response.next(runner);
    await response.actions.end({ id, runner: runner.name, ok: true, outcome: 'done' }, scene.nowMs);
    await response.round();
    expect(await response.actions.list({ most: 10 })).toHaveLength(4);
  });

  test('it never rolls back by itself unless the file says so: it restarts', async () => {
    const { scene, response } = await open(policy(', automatic: {}'), helps);
    await play(scene, response, 1000);
    expect(await response.actions.list({ most: 10 })).toMatchObject([{ kind: 'restart' }]);
  });

  test('where the file says so, it rolls back once, to a version that has borne the load', async () => {
    const { scene, response } = await open(policy(', automatic: { rollback: true }'), helps);
    await play(scene, response, 1000);
    const [action, ...others] = await response.actions.list({ most: 10 });
    expect(others).toEqual([]);
    expect(action).toMatchObject({ kind: 'rollback', version: '1.0', automatic: 1, ordered_by: 'ebb (automatic)' });
    await response.next(both);
    await response.actions.end(
      { id: action?.id ?? 0, runner: both.name, ok: false, outcome: 'half done' },
      scene.nowMs,
    );
    await response.round();
    expect((await response.actions.list({ most: 10 })).map(({ kind }) => kind)).toEqual(['restart', 'rollback']);
  });

  test('a version that has not borne the load is left to a person, who is told why', async () => {
    const { scene, response } = await open(policy(', automatic: { rollback: true }'), helps);
    await play(scene, response, 100);
    expect(await response.actions.list({ most: 10 })).toMatchObject([{ kind: 'restart' }]);
    const said =
      'Ebb does not roll back shop by itself: 1.0 was never seen with more than 1.7 requests a second a process, and 17 requests a second come to each now: it may not bear that.';
    expect((await scene.timeline(1)).filter((line) => line.includes('automatic-stopped'))).toEqual([
      `13 automatic-stopped: ${said}`,
    ]);
    const plan = await response.plan({ serviceId: 1, kind: 'rollback', version: '1.0' }, ann);
    expect(plan.advice).toEqual([helps.advice, expect.stringContaining('it may not bear that')]);
  });

  test('what Ebb says of itself again and again in one incident wakes nobody again: it is told together', async () => {
    const { database, team, toTeam, start } = stage();
    const scene = await start(toTeam(', group_interval: 5m'));
    const response = responseOf(database, scene, policy(', automatic: {}'));
    await scene.at(0, leaking('a', 100));
    const said = (): string[] =>
      team.told.flatMap(({ json }) =>
        (json as { incidents: { summary: string }[] }).incidents
          .map(({ summary }) => summary)
          .filter((summary) => summary.includes('by itself')),
      );
    const quorum = '1 process of shop serve now, and 2 must serve all the time';
    await response.next(runner);
    await response.round();
    await scene.at(1, leaking('a', 100));
    expect(said()).toEqual([`Ebb does not restart shop by itself: ${quorum}`]);
    // The same reason with another count, and then two others, within the interval.
    const change = (from: string, to: string): void => {
      response.replacePolicy(readPolicy(policy(', automatic: {}').replace(from, to)).policy ?? []);
    };
    change('least_serving: 2', 'least_serving: 3');
    await response.round();
    await scene.at(2.5, leaking('a', 100));
    change('least_serving: 2', 'least_serving: 1');
    await response.round();
    await response.next(runner);
    response.replacePolicy(
      readPolicy(policy(', automatic: { failures: 1 }').replace('least_serving: 2', 'least_serving: 1')).policy ?? [],
    );
    const { id } = await response.order({ ...wanted, why: 'x' }, ann);
    await response.next(runner);
    await response.actions.end({ id, runner: runner.name, ok: false, outcome: 'it hangs' }, scene.nowMs);
    await response.round();
    await scene.at(4, leaking('a', 100));
    expect(said()).toHaveLength(1);
    await scene.at(7, leaking('a', 100));
    expect(said().slice(1)).toEqual([
      expect.stringMatching(
        /^Ebb does not restart shop by itself: nobody who could do it was heard .*; Ebb does not restart shop by itself: an action failed: it hangs$/,
      ),
    ]);
    expect((await scene.timeline(1)).filter((line) => line.includes('automatic-stopped'))).toHaveLength(3);
  });

  test('without a quorum it restarts nothing by itself, and says so once', async () => {
    const { scene, response } = await open(policy(', automatic: {}'));
    await scene.at(0, leaking('b', 100));
    await response.next(runner);
    await response.round();
    await response.round();
    expect(await response.actions.list({ most: 10 })).toEqual([]);
    const lines = (await scene.timeline(1)).filter((line) => line.includes('automatic-stopped'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('1 process of shop serve now, and 2 must');
  });
});
