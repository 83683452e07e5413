import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { trimDoorOf } from '@ebb/agent/relief';
import { carryOut, type Outcome, type ToldStep } from './carry-out.ts';
import { commandExecutor } from './command-executor.ts';
import { together, type Executor, type Order } from './executor.ts';
import { processStart } from './process-start.ts';
import { trimExecutor } from './trim-executor.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function victim(): Promise<number> {
  const child = spawn('sleep', ['600']);
  children.push(child);
  await once(child, 'spawn');
  return child.pid ?? 0;
}

const order = (...pids: (number | null)[]): Order => ({
  ...{ id: 7, kind: 'restart', version: null, subject: null, leastServing: 1 },
  targets: pids.map((pid, at) => ({ instance: `i${at}`, pid, version: '1.1' })),
});
const run = (script: string, limitMs = 30_000): Executor =>
  commandExecutor(['sh', '-c', script], { kinds: ['restart', 'rollback'], limitMs });

async function carry(
  told: Order,
  executor: Executor,
  answer: (steps: number) => string | null = () => null,
): Promise<Outcome & { steps: ToldStep[] }> {
  const steps: ToldStep[] = [];
  const progress = async (more: ToldStep[]): Promise<string | null> => {
    steps.push(...more);
    return await Promise.resolve(answer(steps.length));
  };
  const { signal } = new AbortController();
  return { ...(await carryOut(told, { executor, service: 'shop', signal, progress })), steps };
}

test('a process that is gone counts as restarted, and each is told', async () => {
  const pids = [await victim(), await victim()];
  const { ok, outcome, steps } = await carry(
    order(...pids),
    run('kill $EBB_PID; echo ended $EBB_INSTANCE of $EBB_SERVICE'),
  );
  expect({ ok, outcome }).toEqual({ ok: true, outcome: '2 of 2 were restarted' });
  expect(steps.map(({ oldPid, text }) => [oldPid, text])).toEqual([
    [pids[0], 'the command ended with 0: ended i0 of shop'],
    [pids[1], 'the command ended with 0: ended i1 of shop'],
  ]);
});

test('an executor that says done while the old process still runs is not believed', async () => {
  const { ok, outcome, steps } = await carry(order(await victim()), run('exit 0'));
  expect({ ok, steps }).toEqual({ ok: false, steps: [] });
  expect(outcome).toMatch(/^command sh says that \d+ was restarted, but it is still the same process; 0 of 1/);
});

test('an executor that names a process which does not exist is not believed', async () => {
  const pid = await victim();
  const liar: Executor = {
    ...{ name: 'liar', kinds: ['restart'] },
    step: async () => {
      process.kill(pid);
      return await Promise.resolve({ ok: true, text: 'done', newPid: pid, leastServing: 1 });
    },
  };
  expect((await carry(order(pid), liar)).outcome).toContain(`says that ${pid} runs in its place, but there is no such`);
});

test('it fails half-way: what was done until then is told, and the rest is left alone', async () => {
  const pids = [await victim(), await victim(), await victim()];
  const { ok, outcome, steps } = await carry(order(...pids), run('test $EBB_INSTANCE = i1 && exit 3; kill $EBB_PID'));
  expect({ ok, outcome }).toEqual({ ok: false, outcome: 'the command ended with 3; 1 of 3 were restarted' });
  expect(steps).toHaveLength(1);
  expect(pids.map((pid) => processStart(pid) === null)).toEqual([true, false, false]);
});

test('it stops before the next process when it is told to, and before the first', async () => {
  const pids = [await victim(), await victim()];
  const half = await carry(order(...pids), run('kill $EBB_PID'), (steps) => (steps === 1 ? 'failures rise' : null));
  expect(half).toMatchObject({ ok: false, outcome: 'stopped: failures rise; 1 of 2 were restarted' });
  const none = await carry(order(pids[1] ?? 0), run('kill $EBB_PID'), () => 'cancelled by ann');
  expect(none).toMatchObject({ ok: false, outcome: 'stopped before anything was done: cancelled by ann', steps: [] });
});

test('a command that hangs is killed with all that it started', async () => {
  const { ok, outcome } = await carry(order(await victim()), run('echo begun; sleep 500 & echo $!; wait', 400));
  expect(ok).toBe(false);
  const [, pid] = /took longer than 0\.4 s and was killed: begun\s+(\d+)/.exec(outcome) ?? [];
  expect(processStart(Number(pid))).toBeNull();
});

test('a process that nobody knows, and one that is not there, fail the order before anything is done', async () => {
  expect((await carry(order(null), run('exit 0'))).outcome).toContain('the process id of i0 is not known');
  expect((await carry(order(2 ** 22 + 1), run('exit 0'))).outcome).toContain('there is no process 4194305');
});

test('a rollback is one step: version and service in the environment, no token, the end of what it prints', async () => {
  const told: Order = { ...order(), kind: 'rollback', version: '1.1; reboot' };
  process.env['EBB_TOKEN'] = 'secret';
  try {
    const script = 'seq 1 9999; echo "$EBB_ACTION $EBB_SERVICE to $EBB_VERSION, $EBB_LEAST_SERVING, <$EBB_TOKEN>"';
    const { ok, outcome } = await carry(told, run(script));
    expect(ok).toBe(true);
    expect(outcome).toContain('rollback shop to 1.1; reboot, 1, <>');
    expect(outcome.length).toBeLessThan(1500);
  } finally {
    delete process.env['EBB_TOKEN'];
  }
  const { outcome } = await carry(told, commandExecutor(['/nowhere/x'], { kinds: ['rollback'], limitMs: 1000 }));
  expect(outcome).toContain('could not be started: ');
});

test('a flag, a route and a heap limit are in the environment under their own names, and in no shell', async () => {
  for (const [kind, name, subject] of [
    ['switch-off', 'EBB_FLAG', 'new $(sessions)'],
    ['shed', 'EBB_ROUTE', 'POST /login; exit 3'],
  ] as const) {
    const executor = commandExecutor(['sh', '-c', `printf '%s|' "$EBB_ACTION" "$${name}"`], {
      kinds: [kind],
      limitMs: 30_000,
    });
    const { ok, outcome } = await carry({ ...order(), kind, subject }, executor);
    expect({ ok, outcome }).toEqual({ ok: true, outcome: `the command ended with 0: ${kind}|${subject}|` });
  }
  const larger = commandExecutor(['sh', '-c', 'kill $EBB_PID; echo $EBB_HEAP_LIMIT_MB'], {
    kinds: ['raise-limit'],
    limitMs: 30_000,
  });
  const { ok, outcome, steps } = await carry({ ...order(await victim()), kind: 'raise-limit', subject: '800' }, larger);
  expect({ ok, outcome }).toEqual({ ok: true, outcome: '1 of 1 were restarted' });
  expect(steps[0]?.text).toBe('the command ended with 0: 800');
});

test('of a trim the kernel says what came of it, and not the one who did it', async () => {
  const keeps = spawn(process.execPath, [
    '-e',
    'globalThis.kept = Buffer.alloc(5e7, 1); console.log(1); setInterval(() => 1, 1e6)',
  ]);
  children.push(keeps);
  await once(keeps.stdout, 'data');
  const trim = (kinds: string): Executor => commandExecutor(['sh', '-c', kinds], { kinds: ['trim'], limitMs: 30_000 });
  const told = { ...order(keeps.pid ?? 0), kind: 'trim' as const };
  const { ok, outcome, steps } = await carry(told, trim('echo 900 GB given back'));
  expect({ ok, outcome }).toEqual({ ok: true, outcome: '1 of 1 were trimmed' });
  expect(steps[0]?.text).toMatch(
    /^process \d+ (gave nothing back|gave back [\d.]+ k?B) \([\d.]+ MB before, [\d.]+ MB after\): the command ended with 0: 900 GB given back$/,
  );
  const ended = await carry({ ...order(await victim()), kind: 'trim' }, trim('kill -9 $EBB_PID; sleep 0.2'));
  expect(ended.outcome).toMatch(/^process \d+ ended while it was trimmed; 0 of 1 were trimmed$/);
});

test('a process that has armed no trim is told as that', async () => {
  const { ok, outcome } = await carry({ ...order(await victim()), kind: 'trim' }, trimExecutor(30_000));
  expect(ok).toBe(false);
  expect(outcome).toMatch(/^process \d+ has armed no trim: start it with the agent and EBB_TRIM=1; 0 of 1/);
});

test.each([
  ['hangs up', '', /hung up: it hears nobody but processes of its own user/],
  [
    'refuses',
    '{"refused":"memory is being given back already"}\n',
    /refused: memory is being given back already; 0 of 1/,
  ],
  ['answers nonsense', '[1,2]\n', /refused: undefined; 0 of 1/],
])('one that %s', async (_what, answer, expected) => {
  const pid = await victim();
  const door = createServer((socket) => {
    socket.once('data', () => socket.end(answer));
  }).listen(trimDoorOf(pid));
  await once(door, 'listening');
  try {
    expect((await carry({ ...order(pid), kind: 'trim' }, trimExecutor(30_000))).outcome).toMatch(expected);
  } finally {
    door.close();
  }
});

test('one that never answers is not waited for beyond the limit', async () => {
  const pid = await victim();
  const door = createServer((socket) => socket.on('error', () => undefined).resume()).listen(trimDoorOf(pid));
  await once(door, 'listening');
  try {
    const { outcome } = await carry({ ...order(pid), kind: 'trim' }, trimExecutor(200));
    expect(outcome).toContain('it did not answer in time, and nobody knows how far it got');
  } finally {
    door.close();
  }
});

test('beside one that starts processes, trims go through the processes themselves', async () => {
  const both = together(run('kill $EBB_PID; echo by the command'), trimExecutor(30_000));
  expect(both).toMatchObject({ name: 'command sh, trim', kinds: ['restart', 'rollback', 'trim'] });
  expect((await carry(order(await victim()), both)).steps[0]?.text).toContain('by the command');
  expect((await carry({ ...order(await victim()), kind: 'trim' }, both)).outcome).toContain('has armed no trim');
});
