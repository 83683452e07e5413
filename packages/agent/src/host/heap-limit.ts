import { getHeapStatistics } from 'node:v8';
import { isMainThread, resourceLimits } from 'node:worker_threads';

const MIB = 2 ** 20;
const OLD_SPACE = /(?:^|\s)"?--max[-_]old[-_]space[-_]size(?:=|\s+)(\d+)/g;

/**
 * The bytes at which this thread's heap is full, as its floor would reach them.
 *
 * V8's `heap_size_limit` is that of the old space and of the young generation together, and what a program keeps lives
 * in the old space: with `--max-old-space-size=128`, Node 20 reports 176 MiB and Node 24 reports 320 MiB, and both die
 * with a floor of 125 to 128. So the old space's own limit counts where it was given (the command line before
 * NODE_OPTIONS, the last of several); else V8's figure, which is near where nothing was set.
 */
export function heapLimitBytes(
  execArgv: readonly string[] = process.execArgv,
  nodeOptions: string | undefined = process.env['NODE_OPTIONS'],
  workerLimitMiB: number | undefined = isMainThread ? undefined : resourceLimits.maxOldGenerationSizeMb,
): number {
  const reported = getHeapStatistics().heap_size_limit;
  const givenMiB = workerLimitMiB ?? lastGiven(execArgv.join(' ')) ?? lastGiven(nodeOptions ?? '');
  return givenMiB !== undefined && givenMiB > 0 ? Math.min(reported, givenMiB * MIB) : reported;
}

function lastGiven(options: string): number | undefined {
  const given = [...options.matchAll(OLD_SPACE)].at(-1)?.[1];
  return given === undefined ? undefined : Number(given);
}
