// Plans and orders, and what becomes of them, as scripts on a clock; on both databases.
import { describe, expect, test } from 'vitest';
import { alertStage } from '../fixtures/alert-stage.ts';
import { minuteMs, type Scene } from '../fixtures/alert-scene.ts';
import { engines } from '../fixtures/empty-places.ts';
import { ann, both, leaking, openResponse, policy, runner, wanted, well } from '../fixtures/response-stage.ts';
import type { ProcessReport } from '../ingest/report.ts';
import type { KnownChanges } from './automatic.ts';
import type { Response } from './response.ts';

describe.each(engines)('on %s', (engine) => {
  const stage = alertStage(engine);
  const open = async (text: string, known?: KnownChanges): Promise<{ scene: Scene; response: Response }> =>
    await openResponse(stage(), text, known);
  /** Two processes, each of its version. */
  const running = (...versions: [string, string]): ProcessReport[] =>
    [well('a'), leaking('b', 3000)].map((base, at) => ({
      ...base,
      identity: { ...base.identity, version: versions[at] ?? '' },
    }));

  test('a plan says what would be done, the nearest to its limit first, and everything that speaks against it', async () => {
    const { scene, response } = await open(policy(', ordered_by: admin'), {
      ...{ advice: 'Rolling back 1.0 will not help.', rollbackHelps: false, rollBackTo: null },
    });
    await scene.at(0, well('a'), leaking('b', 900), leaking('c', 300));
    const plan = await response.plan(wanted, ann);
    expect(plan).toMatchObject({ allowed: false, serving: 3, leastServing: 2, budget: { used: 0, of: 6 } });
    expect(plan.targets.map(({ instance }) => instance)).toEqual(['c', 'b', 'a']);
    expect(plan.refusals).toEqual([
      'for shop only an admin may order actions',
      "nobody who could do it was heard of in the last minute: start 'ebb respond' beside shop",
    ]);
    expect(plan.advice[0]).toBe('Rolling back 1.0 will not help.');
    await response.next(runner);
    expect(await response.plan(wanted, { name: 'root', role: 'admin' })).toMatchObject({ allowed: true, refusals: [] });
    const forward = await response.plan({ ...wanted, kind: 'rollforward', version: '2.0' }, ann);
    expect(forward.refusals[0]).toBe('the response policy does not allow rollforward for shop');
    response.replacePolicy([]);
    expect((await response.plan(wanted, ann)).refusals[0]).toContain('says nothing of shop');
  });

  test('an order is carried out by one runner, once, and everything stands on the timeline', async () => {
    const { scene, response } = await open(policy());
    await scene.at(0, well('a'), leaking('b', 3000));
    expect(await response.next(runner)).toBeUndefined();
    const { id } = await response.order({ ...wanted, instances: ['b'], why: 'until the fix is out' }, ann);
    await expect(response.order({ ...wanted, why: 'again' }, ann)).rejects.toMatchObject({
      code: 'EBB_SERVER_NOT_ALLOWED',
      message: `action ${id} (restart) of shop is not over`,
    });
    const claims = await Promise.all([response.next(runner), response.next({ ...runner, name: 'host-2' })]);
    const [claimed, ...others] = claims.filter((row) => row !== undefined);
    expect(others).toEqual([]);
    const who = claimed?.runner ?? '';
    await scene.at(0.5);
    const step = { atMs: scene.nowMs, oldPid: 98, newPid: 99, leastServing: 2, text: '98 is replaced by 99' };
    expect(await response.actions.progress({ id, runner: who, steps: [step] }, scene.nowMs)).toEqual({
      stopReason: null,
    });
    expect(await response.actions.progress({ id, runner: 'somebody', steps: [] }, scene.nowMs)).toBeNull();
    expect(await response.actions.end({ id, runner: 'somebody', ok: true, outcome: 'lies' }, scene.nowMs)).toBe(false);
    expect(await response.actions.end({ id, runner: who, ok: true, outcome: '1 restarted' }, scene.nowMs)).toBe(true);
    expect(await response.actions.stop(id, 'too late', scene.nowMs)).toBe('over');
    expect((await scene.timeline(1)).filter((line) => line.includes('action'))).toEqual([
      `0 action-ordered: action ${id}: restart of 1, ordered by ann: until the fix is out`,
      `0 action-started: action ${id}: restart by ${who} (cluster)`,
      `0.5 action-step: action ${id}: 98 is replaced by 99`,
      `0.5 action-done: action ${id}: restart: 1 restarted`,
    ]);
  });

  test('what nobody has begun is cancelled; what is under way is asked to stop; a silent runner leaves it unclear', async () => {
    const { scene, response } = await open(policy());
    await scene.at(0, well('a'), leaking('b', 3000));
    await response.next(runner);
    const first = await response.order({ ...wanted, why: 'x' }, ann);
    expect(await response.actions.stop(first.id, 'cancelled by ann', scene.nowMs)).toBe('cancelled');
    expect(await response.next(runner)).toBeUndefined();
    const second = await response.order({ ...wanted, why: 'x' }, ann);
    await response.next(runner);
    expect(await response.actions.stop(second.id, 'cancelled by ann', scene.nowMs)).toBe('stopping');
    const told = { id: second.id, runner: runner.name, steps: [] };
    expect(await response.actions.progress(told, scene.nowMs)).toEqual({ stopReason: 'cancelled by ann' });
    await scene.at(0.9);
    await response.round();
    expect((await response.actions.find(second.id))?.state).toBe('running');
    await scene.at(1.1);
    await response.round();
    const row = await response.actions.find(second.id);
    expect(row).toMatchObject({ state: 'unclear', outcome: expect.stringContaining('host-1 is silent') });
    expect(await response.actions.progress(told, scene.nowMs)).toBeNull();
  });

  test('with too few that serve, and beyond the budget, nothing is ordered', async () => {
    const { scene, response } = await open(policy(', budget: { actions: 1, per: 1h }'));
    await scene.at(0, leaking('a', 3000));
    await response.next(runner);
    const few = await response.plan(wanted, ann);
    expect(few.refusals).toEqual(['1 process of shop serve now, and 2 must serve all the time']);
    await scene.at(0.1, leaking('a', 3000), well('b'));
    await response.next(runner);
    const { id } = await response.order({ ...wanted, why: 'x' }, ann);
    await response.next(runner);
    await response.actions.end({ id, runner: runner.name, ok: true, outcome: 'done' }, scene.nowMs);
    expect((await response.plan(wanted, ann)).refusals).toEqual(['the budget is used up: 1 of 1 actions in 60 min']);
    await scene.at(61, leaking('a', 3000), well('b'));
    await response.next(runner);
    expect((await response.plan(wanted, ann)).allowed).toBe(true);
  });

  test('an action that makes requests fail is told to stop', async () => {
    const { scene, response } = await open(policy());
    const routes = (failed: number, answered: number): ProcessReport => ({
      ...well('a'),
      routes: {
        sketches: [],
        series: [
          { key: 'good', route: 'GET /', isFailing: false, requests: answered, inTime: answered },
          { key: 'bad', route: 'GET /', isFailing: true, requests: failed, inTime: 0 },
        ],
      },
    });
    await scene.at(0, routes(0, 0), leaking('b', 3000));
    await scene.at(1, routes(1, 1000), leaking('b', 3000));
    await scene.at(1.1);
    await response.next(runner);
    const { id } = await response.order({ ...wanted, why: 'x' }, ann);
    await response.next(runner);
    await scene.at(1.5);
    await response.actions.progress({ id, runner: runner.name, steps: [] }, scene.nowMs);
    await scene.at(2.05, routes(301, 1700), leaking('b', 3000));
    await response.actions.progress({ id, runner: runner.name, steps: [] }, scene.nowMs);
    await response.round();
    expect((await response.actions.find(id))?.stop_reason).toMatch(/^it makes things worse: 30\.0 % of requests fail/);
  });

  test.each(['rollback', 'rollforward'] as const)(
    'a %s that is said to be done, and is not seen, is told to people once',
    async (kind) => {
      const { scene, response } = await open(policy().replace('rollback', kind));
      const runs = { ...both, kinds: [kind] };
      const order = { serviceId: 1, kind, version: '1.0', why: 'x' };
      const unseen = async (): Promise<string[]> =>
        (await scene.timeline(1)).filter((line) => line.includes('is said to be done'));
      await scene.at(0, ...running('1.1', '1.1'));
      await response.next(runs);
      const { id } = await response.order(order, ann);
      await response.next(runs);
      await response.actions.end({ id, runner: runs.name, ok: true, outcome: 'done' }, scene.nowMs);
      await scene.at(1, ...running('1.1', '1.1'));
      await response.round();
      expect(await unseen()).toEqual([]);
      await scene.at(3, ...running('1.0', '1.1'));
      await response.round();
      await response.round();
      expect(await unseen()).toEqual([
        `3 action-failed: action ${id}: the ${kind} to 1.0 is said to be done, and 1 of 2 processes still run 1.1`,
      ]);
      await scene.at(10);
      const told = stage().team.told.map(({ text }) => text);
      expect(told.join('\n')).toContain('is said to be done');
    },
  );

  test.each([
    ['fails half-way', true],
    ['hangs, and falls silent', false],
  ])('a rollback that %s is told with how many processes still run the other version', async (_how, isTold) => {
    const { scene, response } = await open(policy());
    const order = { serviceId: 1, kind: 'rollback' as const, version: '1.0', why: 'x' };
    const half = async (): Promise<string[]> => (await scene.timeline(1)).filter((line) => line.includes('half done'));
    const roll = async (): Promise<number> => {
      const { id } = await response.order(order, ann);
      await response.next(both);
      const outcome = 'the command ended with 1: connection reset';
      if (isTold) await response.actions.end({ id, runner: both.name, ok: false, outcome }, scene.nowMs);
      return id;
    };
    await scene.at(0, ...running('1.1', '1.1'));
    await response.next(both);
    await roll();
    // What was not begun to be changed has failed, and that is all.
    await scene.at(3, ...running('1.1', '1.1'));
    await response.round();
    await scene.at(6, ...running('1.1', '1.1'));
    await response.round();
    expect(await half()).toEqual([]);
    await response.next(both);
    const second = await roll();
    await scene.at(9, ...running('1.0', '1.1'));
    await response.round();
    await scene.at(12, ...running('1.0', '1.1'));
    await response.round();
    await response.round();
    expect(await half()).toEqual([
      expect.stringMatching(
        `action-failed: action ${second}: the rollback to 1\\.0 did not end well and is half done: 1 of 2 processes still run 1\\.1`,
      ),
    ]);
    expect((await response.actions.find(second))?.state).toBe(isTold ? 'failed' : 'unclear');
  });

  test('a flag, a route and a larger heap are planned and ordered where they are allowed', async () => {
    const text = 'services: [{ match: { service: shop }, allow: [raise-limit, shed, switch-off], least_serving: 1 }]';
    const { scene, response } = await open(text);
    const MB = 2 ** 20;
    const tight = leaking('b', 900);
    const figures = { rssBytes: 300 * MB, heapUsedBytes: 200 * MB, heapLimitBytes: 256 * MB };
    await scene.at(0, { ...tight, figures: { ...tight.figures, ...figures, containerLimitBytes: 1000 * MB } });
    const able = { ...runner, kinds: ['raise-limit' as const, 'shed' as const, 'switch-off' as const] };
    await response.next(able);
    const plans = [
      await response.plan({ serviceId: 1, kind: 'raise-limit' }, ann),
      await response.plan({ serviceId: 1, kind: 'shed', subject: 'POST /login' }, ann),
      await response.plan({ serviceId: 1, kind: 'switch-off', subject: 'new-sessions' }, ann),
    ];
    expect(plans.map(({ allowed, subject, steps }) => [allowed, subject, steps[0]])).toEqual([
      [true, '800', expect.stringMatching(/^restart process 98 .* with a heap limit of 800 MB, by host-1/)],
      [true, 'POST /login', expect.stringMatching(/^answer POST \/login of shop with 503 and Retry-After, by host-1/)],
      [true, 'new-sessions', expect.stringMatching(/^switch off new-sessions of shop, by host-1/)],
    ]);
    expect((await response.plan({ serviceId: 1, kind: 'shed' }, ann)).refusals).toEqual([
      'the route to shed is missing',
    ]);
    const flag = { serviceId: 1, kind: 'switch-off' as const, subject: 'new-sessions', why: 'it leaks' };
    await response.order(flag, ann);
    expect(await response.next(able)).toMatchObject({ kind: 'switch-off', subject: 'new-sessions', targets: '[]' });
    expect(await scene.timeline(1)).toContain(
      '0 action-ordered: action 1: switch-off of new-sessions, ordered by ann: it leaks',
    );
  });

  test('a trim is planned process by process, with what it can give at the most and what it cannot', async () => {
    const { scene, response } = await open(policy().replace('restart', 'restart, trim'));
    const MB = 2 ** 20;
    const sized = (process: ProcessReport): ProcessReport => ({
      ...process,
      figures: { ...process.figures, rssBytes: 900 * MB, floorBytes: 100 * MB },
    });
    await scene.at(0, sized(well('a')), sized(leaking('b', 3000)));
    const trim = { serviceId: 1, kind: 'trim' as const };
    expect((await response.plan(trim, ann)).refusals).toEqual([
      "nobody who could do it was heard of in the last minute: start 'ebb respond' beside shop",
    ]);
    await response.next({ ...runner, kinds: ['restart', 'trim'] });
    const plan = await response.plan(trim, ann);
    expect(plan).toMatchObject({ allowed: true, subject: null });
    expect(plan.targets.map(({ instance }) => instance)).toEqual(['b', 'a']);
    expect(plan.steps[0]).toMatch(/^have process 98 \(b, .*\) give back what malloc keeps of freed memory, by host-1 /);
    expect(plan.advice.slice(-3)).toEqual([
      'At the most 1.7 GB can come of it: what is resident beyond what the heap and its buffers use, the programs themselves included.',
      '1 of 2 leak: what leaks is in use, and none of it is given back.',
      'A process may stand for some tenths of a second meanwhile.',
    ]);
    await response.order({ ...trim, instances: ['b'], why: 'x' }, ann);
    expect(await scene.timeline(1)).toContain('0 action-ordered: action 1: trim of 1, ordered by ann: x');
  });

  test('what is long over is forgotten', async () => {
    const { scene, response } = await open(policy());
    await scene.at(0, well('a'), leaking('b', 3000));
    await response.next(runner);
    const { id } = await response.order({ ...wanted, why: 'x' }, ann);
    await response.actions.stop(id, 'x', scene.nowMs);
    await response.actions.forget(scene.nowMs);
    expect(await response.actions.find(id)).toBeDefined();
    await response.actions.forget(scene.nowMs + minuteMs);
    expect(await response.actions.find(id)).toBeUndefined();
    expect(await response.actions.runners('shop', scene.nowMs)).toEqual([]);
  });
});
