// Forked snapshots of one process are compared object by object, as inline ones are, on every Node, although each is
// written by another child, which numbers the objects in its own way.
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
import { captureSnapshot } from '${new URL('../../packages/capture/dist/index.js', import.meta.url).href}';
class Session { constructor(id) { this.id = id; this.cart = [id]; } }
const sessions = new Map();
const work = () => { for (let i = 0; i < 3000; i++) sessions.set(sessions.size, new Session(i)); };
// Much comes and goes meanwhile, and moves what stays.
const churn = setInterval(() => { const list = []; for (let i = 0; i < 20_000; i++) list.push({ i }); }, 5);
const [folder, ...methods] = process.argv.slice(2);
for (const [at, method] of methods.entries()) {
  work();
  await captureSnapshot({ file: folder + '/' + at + '.heapsnapshot', method });
}
clearInterval(churn);
`,
);

describe.each(availableNodes())('on Node $major', ({ major, path: node }) => {
  test.each([
    ['fork', 'fork', 'fork'],
    ['fork', 'inline', 'fork'],
  ])(
    'what piled up between %s, %s and %s is counted, step by step, and only of one process and oldest first',
    async (...methods) => {
      const directory = mkdtempSync(join(folder, `${major}-`));
      execFileSync(node, [program, directory, ...methods], { env: { PATH: process.env['PATH'] ?? '' } });
      const files = methods.map((_, at) => join(directory, `${at}.heapsnapshot`));
      const { verdict, findings } = await analyzeSnapshots(files);
      expect(verdict).toBe('leak');
      expect(findings[0]).toMatchObject({ growthCount: 6000, sample: { type: 'Session' } });
      expect(findings[0]?.steps?.map(({ count }) => count)).toEqual([3000, 3000]);
      // One of another process is none of the series.
      const other = mkdtempSync(join(folder, `${major}-other-`));
      execFileSync(node, [program, other, 'fork'], { env: { PATH: process.env['PATH'] ?? '' } });
      await expect(analyzeSnapshots([files[0] ?? '', join(other, '0.heapsnapshot')])).rejects.toMatchObject({
        code: 'EBB_HEAP_DIFFERENT_PROGRAMS',
      });
      await expect(analyzeSnapshots([...files].reverse())).rejects.toMatchObject({ code: 'EBB_HEAP_WRONG_ORDER' });
      rmSync(directory, { recursive: true });
    },
  );
});
