/**
 * `@ebb/capture/limits`: the container's memory limit, and the kernel's kills in it, by themselves. The agent reads it in every process that it is loaded
 * into; all of `@ebb/capture` would cost each of them 30 milliseconds and 3 MB.
 */
export { containerLimitBytes, outOfMemoryKills } from '../memory-limit.ts';
