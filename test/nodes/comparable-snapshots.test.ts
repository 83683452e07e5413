// Forked snapshots of one process are compared object by object, as inline ones are: objects have the same numbers in all
// of them, on every Node, although each snapshot is written by another child.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { analyzeSnapshots } from '@ebb/heap';
import { afterAll, describe, expect, test } from 'vitest';
import { availableNodes } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-comparable-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = join(folder, 'program.mjs');
writeFileSync(
  program,
  `
import { captureSnapshot, forgetObjectNumbers } from '${new URL('../../packages/capture/dist/index.js', import.meta.url).href}';
class Session { constructor(id) { this.id = id; this.cart = [id]; } }
const sessions = new Map();
const work = () => { for (let i = 0; i < 3000; i++) sessions.set(sessions.size, new Session(i)); };
// Much comes and goes meanwhile, and moves what stays.
const churn = setInterval(() => { const list = []; for (let i = 0; i < 20_000; i++) list.push({ i }); }, 5);
const [folder, ...methods] = process.argv.slice(2);
for (const [at, method] of methods.entries()) {
  work();
  await captureSnapshot({ file: folder + '/' + at + '.heapsnapshot', comparable: true, method });
}
clearInterval(churn);
forgetObjectNumbers();
forgetObjectNumbers();
await captureSnapshot({ file: folder + '/after.heapsnapshot', comparable: true });
`,
);

describe.each(availableNodes())('on Node $major', ({ major, path: node }) => {
  test.each([
    ['fork', 'fork', 'fork'],
    ['fork', 'inline', 'fork'],
  ])('what piled up between %s, %s and %s is counted exactly, step by step', async (...methods) => {
    const directory = mkdtempSync(join(folder, `${major}-`));
    execFileSync(node, [program, directory, ...methods], { env: { PATH: process.env['PATH'] ?? '' } });
    const files = methods.map((_, at) => join(directory, `${at}.heapsnapshot`));
    const { verdict, findings } = await analyzeSnapshots(files);
    expect(verdict).toBe('leak');
    expect(findings[0]).toMatchObject({ growthCount: 6000, sample: { type: 'Session' } });
    expect(findings[0]?.steps?.map(({ count }) => count)).toEqual([3000, 3000]);
    // Once the numbers are given up, V8 begins anew.
    await expect(analyzeSnapshots([files[0] ?? '', join(directory, 'after.heapsnapshot')])).rejects.toMatchObject({
      code: 'EBB_HEAP_DIFFERENT_PROGRAMS',
    });
    rmSync(directory, { recursive: true });
  });
});
