import { expect, it } from 'vitest';
import { collect } from './commands.ts';

it('tells what a collection left, how long the thread stood still for it, and the CPU time that it took', () => {
  const answer = collect(7, { now: () => 1000 } as never);
  expect(answer).toMatchObject({ type: 'collected', id: 7, ok: true, floor: { timeMs: 1000 } });
  expect(answer.tookMs).toBeGreaterThan(0);
  expect(answer.cpuMs).toBeGreaterThan(0);
});
