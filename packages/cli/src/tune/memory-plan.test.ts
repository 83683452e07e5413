import { expect, test } from 'vitest';
import { candidatesFor } from './candidate.ts';
import { planMemory, type MeasuredMemory } from './memory-plan.ts';

const MB = 2 ** 20;
const measured: MeasuredMemory = {
  peakRssBytes: 300 * MB,
  heapBytes: 180 * MB,
  floorBytes: 90 * MB,
  heapLimitBytes: 4144 * MB,
  containerLimitBytes: 512 * MB,
  cpuCores: 0.5,
};

test('the heap gets what the container has left beside everything else, less a tenth', () => {
  const plan = planMemory(measured);
  expect(plan).toMatchObject({
    maxOldSpaceMb: 336,
    outsideBytes: 120 * MB,
    limitBytes: 512 * MB,
    requestMillicores: 550,
  });
  expect((plan.maxOldSpaceMb ?? 0) * MB + plan.outsideBytes).toBeLessThanOrEqual(512 * MB * 0.9);
  expect(plan.reasons.join('\n')).toContain('the kernel would kill it before V8 collects harder');
});

test('without a container one is proposed: the peak and half as much again', () => {
  const plan = planMemory({ ...measured, containerLimitBytes: null });
  expect(plan.limitBytes).toBe(464 * MB);
  expect(plan.reasons.join('\n')).toContain('no limit of a container is known');
});

test('a container in which what is alive has no room gets no number, and is told to be too small', () => {
  const plan = planMemory({ ...measured, containerLimitBytes: 200 * MB });
  expect(plan.maxOldSpaceMb).toBeNull();
  expect(plan.reasons.at(-1)).toBe('the container is too small: 90 MB are alive under load');
});

test('what the service has already is no trial, and malloc is left alone where it is not that of Linux', () => {
  const bare = candidatesFor({ env: {}, nodeFlags: [], linux: true, cpus: 2, jemalloc: null });
  expect(bare.map(({ setting, value }) => `${setting}=${value ?? ''}`)).toEqual([
    '--max-semi-space-size=32',
    '--max-semi-space-size=64',
    'MALLOC_ARENA_MAX=2',
    'UV_THREADPOOL_SIZE=8',
  ]);
  const env = { UV_THREADPOOL_SIZE: '8' };
  const nodeFlags = ['node', '--max-semi-space-size=32'];
  const set = candidatesFor({ env, nodeFlags, linux: false, cpus: 2, jemalloc: null });
  expect(set.map(({ setting, value }) => `${setting}=${value ?? ''}`)).toEqual(['--max-semi-space-size=64']);
});

test('jemalloc is tried where it is installed, beside what is loaded already, and not where it is that', () => {
  const jemalloc = '/usr/lib/libjemalloc.so.2';
  const tried = (env: Record<string, string>): unknown =>
    candidatesFor({ env, nodeFlags: [], linux: true, cpus: 2, jemalloc }).find(
      ({ setting }) => setting === 'LD_PRELOAD',
    );
  expect(tried({})).toMatchObject({ value: jemalloc, env: { LD_PRELOAD: jemalloc } });
  expect(tried({ LD_PRELOAD: '/own.so' })).toMatchObject({ env: { LD_PRELOAD: `${jemalloc} /own.so` } });
  expect(tried({ LD_PRELOAD: jemalloc })).toBeUndefined();
});
