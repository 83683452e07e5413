// Where no snapshot can be had, `ebb watch` tells what allocates and grows, and why that is all, on every Node. Nothing
// of the decision is a double: the container is a real one (root, and cgroups that can be written), a limit on the size
// of files stands for a disk that takes no more, and a preload in the program takes the addon away.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, test, type ExpectStatic } from 'vitest';
import { startEbb } from '../../packages/cli/src/fixtures/run-ebb.ts';
import { availableNodes } from './index.ts';
import { makeGroup, type MemoryGroup } from './memory-group.ts';

/** What is read of a report. */
interface WatchReport {
  verdict: string;
  findings: unknown[];
  captures: { kind: string }[];
  program: unknown;
  withoutSnapshots?: {
    because: { code: string; message: string };
    allocatedAt: { grownBytes: number; stack: { function: string; file: string }[] }[];
    classes: { name: string; count: number; grownCount: number }[] | null;
  };
}

const folder = mkdtempSync(join(tmpdir(), 'ebb-without-snapshot-'));
const running = new Set<ChildProcess>();
const madeGroups: MemoryGroup[] = [];
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  for (const group of madeGroups) group.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Keeps so many sessions fifty times a second, until its time is over. */
const program = join(folder, 'program.mjs');
writeFileSync(
  program,
  `class Session { constructor(id) { this.id = id; this.cart = new Array(110).fill(id + 0.5); } }
  const sessions = new Map();
  let turn = 0;
  export function login() { for (let k = 0; k < Number(process.argv[3] ?? 40); k++) sessions.set(turn, new Session(turn++)); }
  const timer = setInterval(login, 20);
  setTimeout(() => clearInterval(timer), Number(process.argv[2]) * 1000);
  if (globalThis.gc !== undefined) setInterval(() => gc(), 250).unref();
  console.log('ready');`,
);
const hidesAddon = join(folder, 'hides-addon.cjs');
writeFileSync(
  hidesAddon,
  `const { dlopen } = process;
  process.dlopen = function (module, file, ...rest) {
    if (String(file).includes('ebb_capture')) throw new Error('it was not built');
    return dlopen.call(this, module, file, ...rest);
  };`,
);

let reports = 0;

/** Three watches at a time, on whatever machine. */
const timeout = 120_000;

/** Watches until the hint is told, and ends it; the program ends with it unless it was attached to. */
async function untilTold(args: string[]): Promise<{ report: WatchReport; stderr: string }> {
  const file = join(folder, `report-${String(++reports)}.json`);
  const watch = startEbb(['watch', '--interval', '100', '--report', file, ...args]);
  running.add(watch.child);
  await watch.says(/SUSPECT in process[^]*\(EBB_CAPTURE_\w+\)\n/u, 'stderr');
  watch.child.kill('SIGINT');
  const { stderr } = await watch.ended;
  return { report: JSON.parse(readFileSync(file, 'utf8')) as WatchReport, stderr };
}

/** What every such watch has to say. */
function expectHint(expect: ExpectStatic, { verdict, findings, withoutSnapshots }: WatchReport, code: string): void {
  // Growth that nothing has confirmed is no leak, however sure a profile looks.
  expect(verdict).not.toBe('leak');
  expect(findings).toEqual([]);
  expect(withoutSnapshots?.because.code).toBe(code);
  const [most] = withoutSnapshots?.allocatedAt ?? [];
  expect(most?.grownBytes).toBeGreaterThan(100_000);
  expect(most?.stack.map(({ file }) => file)).toContain(program);
  expect(most?.stack.map(({ function: name }) => name)).toContain('login');
}

describe.each(availableNodes())('on Node $major', ({ path: node, major }) => {
  test.concurrent(
    'in a container too small for a child the program is told what allocates, and which limit would do',
    { timeout },
    async ({ expect, skip }) => {
      const group = makeGroup(90e6 + major);
      if (group === null) {
        skip('no group can be made here');
        return;
      }
      madeGroups.push(group);
      const inGroup = `echo $$ > ${group.processesFile}; exec "$0" "$@"`;
      const { report } = await untilTold([
        '--',
        'sh',
        '-c',
        inGroup,
        node,
        '--max-old-space-size=60',
        program,
        '100',
        '10',
      ]);
      expect(group.kills()).toBe(0);
      expectHint(expect, report, 'EBB_CAPTURE_NO_MEMORY');
      expect(report.withoutSnapshots?.because.message).toMatch(
        /within the limit of 90 MB.* Raise that limit to \d+ MB/u,
      );
    },
  );

  test.concurrent(
    'on a disk that takes no snapshot the same is told, with objects counted by class',
    { timeout },
    async ({ expect }) => {
      // 3000 blocks of 512 bytes: a snapshot of the smallest program has more.
      const { report, stderr } = await untilTold([
        '--',
        'sh',
        '-c',
        'ulimit -f 3000; exec "$0" "$@"',
        node,
        '--max-old-space-size=200',
        program,
        '100',
      ]);
      expectHint(expect, report, 'EBB_CAPTURE_INCOMPLETE');
      const sessions = report.withoutSnapshots?.classes?.find(({ name }) => name === 'Session');
      expect(sessions?.grownCount).toBeGreaterThan(100);
      expect(sessions?.count).toBeGreaterThan(sessions?.grownCount ?? Infinity);
      expect(stderr).toMatch(/live objects by class: .*Session/u);
    },
  );

  test.concurrent(
    'without the addon a process that is attached to is never stopped for a snapshot, nor for counting',
    { timeout },
    async ({ expect }) => {
      const flags = ['--inspect-port=0', '--expose-gc', '--require', hidesAddon];
      const child = spawn(node, [...flags, program, '100'], { stdio: ['ignore', 'pipe', 'ignore'] });
      running.add(child);
      await new Promise((resolve) => child.stdout.once('data', resolve));
      const { report } = await untilTold(['--pid', String(child.pid)]);
      expectHint(expect, report, 'EBB_CAPTURE_NO_ADDON');
      expect(report.withoutSnapshots?.because.message).toContain('npm rebuild @ebb/capture');
      expect(report.withoutSnapshots?.classes).toBeNull();
      expect(report.captures.every(({ kind }) => kind === 'profile')).toBe(true);
      expect(report.program).toMatchObject({ attached: true, running: true });
      child.kill('SIGKILL');
    },
  );
});
